// A stored row back as an event. Long scans come through here for every event, so the kinds of every request are built
// directly; the rare ones are checked by the schema.

import { z } from "zod";
import { PgsoakError } from "../errors.ts";
import { KIND_CODES, known } from "./event-kinds.ts";
import { DROP_REASONS, type MirrorEvent, mirrorEventSchema, PARITIES, SKIP_REASONS } from "./event.ts";
import type { EventKind } from "./event.ts";
import type { Failure } from "./failures.ts";
import type { EventTable } from "./tables.ts";

/** What a scan selects, in the order of an EventRow. */
export const ROW_COLUMNS = [
  "seq",
  "at",
  "kind",
  "lane",
  "request",
  "statement",
  "amount",
  "code",
  `iif(kind = ${KIND_CODES.queued}, session, mirror_us)`,
  "primary_us",
  "wait_us",
  "coalesce(root, detail)",
].join(", ");

/** Most of what a row costs is handing its values over, so two columns that no kind has both of come as one. */
export type EventRow = readonly [
  seq: number,
  at: number,
  kind: number,
  lane: number,
  request: number,
  statement: number,
  amount: number,
  code: number,
  sessionOrMirrorUs: number,
  primaryUs: number,
  waitUs: number,
  rootOrDetail: number | string | null,
];

/** A row of the table as a scan would have it. */
export function eventRowOf(row: EventTable): EventRow {
  const { seq, at, kind, lane, request, session, statement, amount, code } = row;
  const sessionOrMirrorUs = kind === KIND_CODES.queued ? session : row.mirror_us;
  const rootOrDetail = row.root ?? row.detail;
  return [
    seq,
    at,
    kind,
    lane,
    request,
    statement,
    amount,
    code,
    sessionOrMirrorUs,
    row.primary_us,
    row.wait_us,
    rootOrDetail,
  ];
}

/** What a row names but doesn't hold. */
export interface RowContext {
  readonly runAt: (seq: number) => number;
  readonly failure: (id: number, seq: number) => Failure;
}

type Decoder = (row: EventRow, context: RowContext) => MirrorEvent;

// By index: taking a row apart by a pattern takes three times as long, and these make every event of a scan.
const DECODERS: Readonly<Record<EventKind, Decoder>> = {
  queued: (row, { runAt }) => ({
    kind: "queued",
    seq: row[0],
    at: row[1],
    request: row[4],
    lane: row[3],
    statement: row[5],
    run: runAt(row[0]),
    session: row[8],
    bytes: row[6],
  }),
  mirrored: (row) => ({
    kind: "mirrored",
    seq: row[0],
    at: row[1],
    request: row[4],
    lane: row[3],
    statement: row[5],
    mirrorUs: row[8],
    primaryUs: row[9],
    waitUs: row[10],
    rows: row[6],
    parity: known(PARITIES, row[7], row[0], "parity"),
    root: rootOf(row),
  }),
  errored: (row, context) => {
    const [seq, at, , lane, request, statement, , code, mirrorUs, primaryUs, waitUs] = row;
    const { category, attribution, sqlstate, message } = context.failure(code, seq);
    const requested = { kind: "errored", seq, at, request, lane, statement } as const;
    return { ...requested, mirrorUs, primaryUs, waitUs, category, attribution, sqlstate, message, root: rootOf(row) };
  },
  dropped: ([seq, at, , lane, request, statement, amount, code]) => {
    const reason = known(DROP_REASONS, code, seq, "reason");
    return { kind: "dropped", seq, at, request, lane, statement, reason, wasQueued: amount === 1 };
  },
  tallied: (row) => ({ kind: "tallied", seq: row[0], at: row[1], lane: row[3], seen: row[6] }),
  skipped: ([seq, at, , lane, , , count, code]) => {
    return { kind: "skipped", seq, at, lane, reason: known(SKIP_REASONS, code, seq, "reason"), count };
  },
  unrecorded: (row) => {
    const [, , , lane, , , requests] = row;
    const place = { lane: lane === 0 ? null : lane, requests: requests < 0 ? null : requests };
    return decodeDetail("unrecorded", row, place);
  },
  run_started: (row) => decodeDetail("run_started", row),
  run_stopped: (row) => decodeDetail("run_stopped", row),
  observation_changed: (row) => decodeDetail("observation_changed", row),
  epoch_started: (row) => decodeDetail("epoch_started", row),
  marked: (row) => decodeDetail("marked", row),
  counters_reset: (row) => decodeDetail("counters_reset", row),
  mirror_seen: (row) => decodeDetail("mirror_seen", row),
  idled: (row) => decodeDetail("idled", row),
};

const DECODERS_BY_CODE: Decoder[] = [];
for (const [kind, decoder] of Object.entries(DECODERS)) {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its keys are the kinds
  DECODERS_BY_CODE[KIND_CODES[kind as EventKind]] = decoder;
}

/** Throws log_newer for what this build doesn't know and log_damaged for a row that makes no sense. */
export function decodeEvent(row: EventRow, context: RowContext): MirrorEvent {
  return known(DECODERS_BY_CODE, row[2], row[0], "kind")(row, context);
}

/** The event, validated in full. Throws log_damaged. */
export function checkEvent(event: unknown, seq: number): MirrorEvent {
  const result = mirrorEventSchema.safeParse(event);
  if (result.success) return result.data;
  throw damaged(seq, z.prettifyError(result.error));
}

function rootOf(row: EventRow): number | null {
  const root = row[11];
  if (typeof root === "string") throw damaged(row[0], "it has a detail");
  return root;
}

function decodeDetail(kind: EventKind, row: EventRow, place?: object): MirrorEvent {
  const [seq, at, detail] = [row[0], row[1], row[11]];
  let parsed: unknown;
  try {
    parsed = JSON.parse(typeof detail === "string" ? detail : "null");
  } catch (error) {
    throw damaged(seq, String(error));
  }
  if (typeof parsed !== "object" || parsed === null) throw damaged(seq, "it lacks its detail");
  return checkEvent({ ...parsed, kind, seq, at, ...place }, seq);
}

function damaged(seq: number, why: string): PgsoakError {
  return new PgsoakError("log_damaged", `Event ${seq} of the log is damaged: ${why}`);
}
