// Texts that are cut, broken, or read in another way than they look.

import { frame } from "../helpers/messages.ts";
import type { SecretMarks } from "./secret-marks.ts";
import { type SecretRequest, simple } from "./secret-request.ts";

/** Texts longer than this are cut on their way to the log (recorder-messages.ts). */
const CUT_AT = 16_384;

export function brokenTexts(marks: SecretMarks): SecretRequest[] {
  const m = (place: string): string => marks.text(`broken: ${place}`);
  return [
    simple(
      `SELEC v FROM path_refused WHERE v = '${m("refused by the parser")}'`,
      "selec v from path_refused where v = ?",
    ),
    simple(`SELECT v FROM path_open WHERE v = '${m("literal never closed")}`, "select v from path_open where v = ?"),
    simple(
      `SELECT v FROM path_open_dollar WHERE v = $x$${m("dollar never closed")}`,
      "select v from path_open_dollar where v = ?",
    ),
    simple(
      `SELECT v FROM path_open_name WHERE v = "${m("name never closed")}`,
      "select v from path_open_name where v = ?",
    ),
    simple(`SELECT v FROM path_open_comment /* ${m("comment never closed")}`, "select v from path_open_comment"),
    simple(`SELECT v FROM path_junk WHERE v = 1${m("junk behind a number")}`, "select v from path_junk where v = ?"),
    simple(long("path_long", "", "'", m("cut in a literal"), CUT_AT), "select v from path_long where v = ?"),
    simple(
      long("path_long_dollar", "'a' || ", "$x$", m("cut in dollar quotes"), CUT_AT),
      "select v from path_long_dollar where v = ? || ?",
    ),
    simple(long("path_longer", "", "'", m("cut far behind"), 70_000), "select v from path_longer where v = ?"),
    {
      kept: "select v from path_bytes where v = ?",
      messages: [bytes(`SELECT v FROM path_bytes WHERE v = '\u00ff\u00fe${m("no UTF-8")}'`)],
    },
    {
      kept: "select v from path_bytes_after where v = ? \ufffd",
      messages: [bytes(`SELECT v FROM path_bytes_after WHERE v = '${m("before no UTF-8")}' \u00ff`)],
    },
    simple("SET standard_conforming_strings = off", "set standard_conforming_strings = ?"),
    simple(
      String.raw`SELECT v FROM path_backslash WHERE v = 'it\'s ${m("backslash")}'`,
      "select v from path_backslash where v = ?",
    ),
    simple(
      String.raw`SELECT v FROM path_backslashes WHERE v = '\\' || '${m("backslashes")}'`,
      "select v from path_backslashes where v = ? || ?",
    ),
    simple("SET standard_conforming_strings = on", "set standard_conforming_strings = ?"),
    simple(
      String.raw`SELECT v FROM path_straight WHERE v = 'a\' || '${m("straight")}'`,
      "select v from path_straight where v = ?",
    ),
  ];
}

const long = (table: string, before: string, opening: string, mark: string, at: number): string => {
  const begin = `SELECT v FROM ${table} WHERE v = ${before}${opening}`;
  return begin + "x".repeat(at - begin.length - 5) + mark + "y".repeat(3000) + opening;
};

/** A simple Query whose text is these bytes. */
const bytes = (text: string): Buffer => frame("Q", Buffer.concat([Buffer.from(text, "latin1"), Buffer.of(0)]));
