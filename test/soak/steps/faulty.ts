// Steps that meet a fault: alone, in a transaction, in a pipeline, in a COPY.

import { bind, copyData, copyDone, execute, parse, query, sync } from "../../helpers/messages.ts";
import { type Fault, FAULTS } from "../faults.ts";
import { extended } from "./extended-request.ts";
import type { Step } from "./step.ts";

const QUICK = FAULTS.filter(({ name }) => name !== "fault_slow");
const HARMLESS = QUICK.filter(({ answer }) => answer === "");

const met = (fault: Fault): Step => ({
  name: fault.name,
  weight: fault.name === "fault_slow" ? 0.1 : 0.5,
  run: async (s) => {
    await s.fails(fault.answer, query(fault.sql));
    await s.sql("SELECT 1");
  },
});

export const FAULTY_STEPS: readonly Step[] = [
  ...FAULTS.map(met),
  {
    name: "fault_extended",
    weight: 2,
    run: async (s) => {
      const fault = s.random.pick(QUICK);
      await s.fails(fault.answer, ...extended(fault.sql));
      await s.sql("SELECT 1");
    },
  },
  {
    name: "fault_in_transaction",
    weight: 3,
    run: async (s) => {
      const fault = s.random.pick(HARMLESS);
      await s.sql("BEGIN");
      await s.sql(`INSERT INTO journal VALUES (${s.owner}, 'beside a fault')`);
      await s.sql(fault.sql);
      await s.sql("SELECT 1");
      await s.ok(...extended("SELECT 2"));
      await s.sql(s.random.pick(["COMMIT", "ROLLBACK", "COMMIT AND CHAIN; ROLLBACK"]));
      await s.sql("SELECT 1");
    },
  },
  {
    name: "fault_behind_savepoint",
    weight: 1,
    run: async (s) => {
      const fault = s.random.pick(QUICK);
      await s.sql("BEGIN");
      await s.sql("SAVEPOINT before");
      await s.fails(fault.answer, query(fault.sql));
      await s.sql("ROLLBACK TO before");
      await s.sql("SELECT 1");
      await s.sql("COMMIT");
    },
  },
  {
    name: "fault_in_pipeline",
    weight: 2,
    run: async (s) => {
      const fault = s.random.pick(HARMLESS);
      await s.pipeline(
        ["", "", ""],
        ...extended("SELECT 1"),
        parse("", fault.sql),
        bind("", ""),
        execute(""),
        parse("", "SELECT 2"),
        bind("", ""),
        execute(""),
        sync(),
        ...extended("SELECT 3"),
      );
    },
  },
  {
    name: "fault_in_pipelined_transaction",
    weight: 1,
    run: async (s) => {
      const fault = s.random.pick(HARMLESS);
      await s.pipeline(
        ["", "", "", "", ""],
        query("BEGIN"),
        query(fault.sql),
        query("SELECT 1"),
        query("COMMIT"),
        query("SELECT 2"),
      );
    },
  },
  {
    name: "fault_in_copy",
    weight: 1,
    run: async (s) => {
      for (const start of [[query("COPY fault_strict FROM STDIN")], extended("COPY fault_missing FROM STDIN")]) {
        s.send(...start);
        await s.until("G");
        await s.ok(copyData(Buffer.from("-7\n")), copyDone(), ...(start.length > 1 ? [sync()] : []));
        await s.sql("SELECT 1");
      }
    },
  },
];
