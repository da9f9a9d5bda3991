// Secrets beside the text of statements, as parameters, data and names, and work that the mirror alone refuses, in words
// that quote what it was given.

import {
  bind,
  bindBinary,
  close,
  copyData,
  copyDone,
  copyFail,
  describe,
  execute,
  functionCall,
  parse,
  query,
  sync,
} from "../helpers/messages.ts";
import type { SecretMarks } from "./secret-marks.ts";
import { type SecretRequest, simple } from "./secret-request.ts";
import { MIRROR_FUNCTIONS, MIRROR_TYPES } from "./secret-schema.ts";

/** upper(text) in every PostgreSQL. */
const UPPER_OID = 871;

/** Everything beside the statement's text. */
export function values(marks: SecretMarks): SecretRequest[] {
  const m = (place: string): string => marks.text(`value: ${place}`);
  const name = m("name of a statement");
  return [
    {
      kept: "select v from path_text where v = $1",
      messages: [
        parse("", "SELECT v FROM path_text WHERE v = $1"),
        bind("", "", [m("text parameter")]),
        execute(""),
        sync(),
      ],
    },
    {
      kept: "select v from path_binary where v = $1::text",
      messages: [
        parse("", "SELECT v FROM path_binary WHERE v = $1::text"),
        bindBinary("", "", [Buffer.from(m("binary parameter"))]),
        execute(""),
        sync(),
      ],
    },
    {
      kept: "select v from path_named where v = $1",
      messages: [parse(name, "SELECT v FROM path_named WHERE v = $1"), describe("S", name), sync()],
    },
    { kept: null, messages: [bind(m("portal"), name, [m("parameter of a name")]), sync()] },
    { kept: null, messages: [close("S", name), sync()] },
    { kept: null, messages: [bind("", m("statement never prepared")), execute(m("portal never bound")), sync()] },
    {
      kept: "select v from path_cast where v = $1::int::text",
      messages: [
        parse("", "SELECT v FROM path_cast WHERE v = $1::int::text"),
        bind("", "", [m("refused parameter")]),
        sync(),
      ],
    },
    { kept: null, messages: [functionCall(UPPER_OID, [m("function argument")])] },
    {
      kept: "copy path_copy from stdin",
      messages: [query("COPY path_copy FROM STDIN"), copyData(Buffer.from(`${m("copied")}\n`)), copyDone()],
    },
    {
      kept: "copy path_copy_2 from stdin",
      messages: [query("COPY path_copy_2 FROM STDIN"), copyFail(m("reason of CopyFail"))],
    },
    simple(`COPY path_copy TO '/no/${m("file")}'`, "copy path_copy to ?"),
  ];
}

/** Work that the mirror alone refuses, in words that quote the value. */
export function refusedByMirror(marks: SecretMarks): SecretRequest[] {
  const m = (place: string): string => marks.text(`refused by the mirror: ${place}`);
  const insert = (type: string): SecretRequest =>
    simple(`INSERT INTO mirror_${type} VALUES ('${m(type)}')`, `insert into mirror_${type} values (?)`);
  const call = (name: string): SecretRequest =>
    simple(`SELECT mirror_${name}('${m(name)}')`, `select mirror_${name}(?)`);
  return [
    ...MIRROR_TYPES.filter(({ name }) => name !== "unique").map(({ name }) => insert(name)),
    simple(
      `INSERT INTO mirror_small VALUES ('${marks.number("refused by the mirror: out of range")}')`,
      "insert into mirror_small values (?)",
    ),
    {
      kept: "copy mirror_int from stdin",
      messages: [query("COPY mirror_int FROM STDIN"), copyData(Buffer.from(`${m("copy")}\n`)), copyDone()],
    },
    {
      kept: "insert into mirror_int select $1::text",
      messages: [
        parse("", "INSERT INTO mirror_int SELECT $1::text"),
        bind("", "", [m("parameter")]),
        execute(""),
        sync(),
      ],
    },
    simple(twice(m("unique")), "insert into mirror_unique values (?), (?)"),
    ...MIRROR_FUNCTIONS.map(({ name }) => call(name)),
  ];
}

const twice = (mark: string): string => `INSERT INTO mirror_unique VALUES ('${mark}'), ('${mark}')`;
