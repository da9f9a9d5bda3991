// What tools and applications really ask that PostgreSQL 16 answers and 18 does not, or otherwise; and how each is put right
// so that both answer it alike.

/** Rows of the catalogue of an application. */
export const UPGRADE_SCHEMA = "CREATE TABLE account (id integer PRIMARY KEY, balance integer NOT NULL)";
/** Made after the copy for the mirror was taken. */
export const FORGOTTEN_TABLE = "CREATE TABLE audit (id integer PRIMARY KEY)";

interface UpgradeStatement {
  readonly before: string;
  /** What the mirror says to it; null: it answers, with other rows. */
  readonly sqlstate: string | null;
  /** Right on both. */
  readonly after: string;
}

export const UPGRADE_STATEMENTS: readonly UpgradeStatement[] = [
  // 17 moved them to pg_stat_checkpointer.
  {
    before: "SELECT checkpoints_timed, checkpoints_req FROM pg_stat_bgwriter",
    sqlstate: "42703",
    after: "SELECT maxwritten_clean FROM pg_stat_bgwriter",
  },
  // 18 counts bytes in columns of their own.
  {
    before: "SELECT backend_type, op_bytes FROM pg_stat_io LIMIT 1",
    sqlstate: "42703",
    after: "SELECT backend_type, writes FROM pg_stat_io LIMIT 1",
  },
  // 17 removed the setting.
  {
    before: "SHOW old_snapshot_threshold",
    sqlstate: "42704",
    after: "SELECT current_setting('old_snapshot_threshold', true)",
  },
  // 17 takes `ago` at the end only.
  { before: "SELECT interval '1 day ago 1 hour'", sqlstate: "22007", after: "SELECT interval '-1 day -1 hour'" },
  // The mirror lacks it, until it is made there.
  { before: "SELECT count(*) FROM audit", sqlstate: "42P01", after: "SELECT count(*) FROM audit" },
  // 18 has NOT NULL among the constraints.
  {
    before: "SELECT conname FROM pg_constraint WHERE conrelid = 'account'::regclass",
    sqlstate: null,
    after: "SELECT conname FROM pg_constraint WHERE conrelid = 'account'::regclass AND contype <> 'n'",
  },
];
