// The tables of the log as Kysely sees them. migrations/ creates them; the columns of `event` are explained there.

export interface EventTable {
  seq: number;
  /** Microseconds since the Unix epoch. */
  at: number;
  kind: number;
  lane: number;
  request: number;
  session: number;
  statement: number;
  amount: number;
  code: number;
  mirror_us: number;
  primary_us: number;
  wait_us: number;
  root: number | null;
  detail: string | null;
}

interface LaneTable {
  id: number;
  mirroring: string;
  database: string;
}

interface StatementTable {
  id: number;
  fingerprint: string;
  text: string;
}

interface FailureTable {
  id: number;
  category: string;
  attribution: string;
  sqlstate: string;
  message: string;
}

export interface LogTables {
  event: EventTable;
  lane: LaneTable;
  statement: StatementTable;
  failure: FailureTable;
  run: { id: number; first_seq: number };
  log_extent: { id: number; removed_seq: number; removed_at: number | null };
  fold_position: { name: string; version: number; seq: number };
  in_flight: { lane: number; requests: number };
  open_request: { request: number; seq: number; lane: number; statement: number };
  seal: { first_seq: number; last_seq: number; events: number; checksum: number; removed: number };
  seal_open: { id: number; first_seq: number; events: number; checksum: number };
}
