import { expect, test } from "vitest";
import { mayWrite } from "../../../src/projections/readiness/may-write.ts";

test.for([
  "select * from t where id = $1",
  "SELECT id FROM t FOR NO KEY UPDATE",
  "select 1; select 2",
  "begin",
  "set search_path to x",
  "with a as (select 1) select * from a",
  "(select 1) union (select 2)",
  "/* insert */ select 1 -- update",
  "copy t to stdout",
  "explain select 1",
  "select a, b, c…",
  "",
])("%j reads", (text) => {
  expect(mayWrite(text)).toBe(false);
});

test.for([
  "insert into t values ($1)",
  "UPDATE t SET a = $1",
  "select 1; delete from t",
  "with a as (delete from t returning *) select * from a",
  "select * into u from t",
  "select nextval($1)",
  "copy t from stdin",
  "create table t (a int)",
  "call p()",
  "do $1",
  "execute x",
  "explain analyze update t set a = $1",
  "frobnicate",
  "with a as (select b, c…",
])("%j may write", (text) => {
  expect(mayWrite(text)).toBe(true);
});
