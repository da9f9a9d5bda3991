// What pgsoak asks a mirror about itself, to notice when it has become another one: its version, what decides how it
// answers, and what decides how it plans.

/** Settings of the server; one that a login may not see is left out, and one that the session chose itself too. */
const SETTINGS = [
  "server_version",
  "server_encoding",
  // How it answers.
  "DateStyle",
  "IntervalStyle",
  "TimeZone",
  "bytea_output",
  "default_text_search_config",
  "default_transaction_isolation",
  "extra_float_digits",
  "lc_monetary",
  "lc_numeric",
  "search_path",
  "standard_conforming_strings",
  "transform_null_equals",
  "shared_preload_libraries",
  // How it plans, and how fast it is.
  "cpu_index_tuple_cost",
  "cpu_operator_cost",
  "cpu_tuple_cost",
  "default_statistics_target",
  "effective_cache_size",
  "effective_io_concurrency",
  "fsync",
  "full_page_writes",
  "hash_mem_multiplier",
  "jit",
  "jit_above_cost",
  "max_parallel_workers_per_gather",
  "plan_cache_mode",
  "random_page_cost",
  "seq_page_cost",
  "shared_buffers",
  "synchronous_commit",
  "work_mem",
];

const NAMES = SETTINGS.map((name) => `'${name}'`).join(", ");

/**
 * One statement without parameters, for any database of the mirror. Rows of three texts: name, value (never null), and
 * "server" or "database", whose fact it is. Settings that client, user or database have set for the session say nothing
 * about the server and are not returned; what ALTER DATABASE … SET has set is a fact of the database, but only for these
 * settings: people keep secrets in settings of their own. PostgreSQL 9.6 to 18.
 */
export const MIRROR_FACTS_SQL = `
select name, setting, 'server' as scope from pg_catalog.pg_settings
 where name in (${NAMES}) and setting is not null
   and source not in ('client', 'session', 'interactive', 'test', 'user', 'database user', 'database')
union all
select f.name, f.value, 'database'
  from pg_catalog.pg_database d,
       lateral (values ('lc_collate', pg_catalog.to_jsonb(d)->>'datcollate'),
                       ('lc_ctype', pg_catalog.to_jsonb(d)->>'datctype'),
                       ('locale_provider', pg_catalog.to_jsonb(d)->>'datlocprovider'),
                       ('collation_version', pg_catalog.to_jsonb(d)->>'datcollversion'),
                       ('encoding', pg_catalog.pg_encoding_to_char(d.encoding)),
                       ('settings', (select pg_catalog.array_to_string(array(
                           select s from pg_catalog.pg_db_role_setting r, pg_catalog.unnest(r.setconfig) s
                            where r.setdatabase = d.oid and r.setrole = 0
                              and pg_catalog.split_part(s, '=', 1) in (${NAMES}) order by 1), ', ')))) f (name, value)
 where d.datname = pg_catalog.current_database() and f.value is not null`;
