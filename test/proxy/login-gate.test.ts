import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LoginGate } from "../../src/proxy/login-gate.ts";
import { frame, password, query } from "../helpers/messages.ts";

const text = (...chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString("latin1");

describe("a login gate", () => {
  test("lets authentication messages pass and holds what comes behind them, in whatever pieces", () => {
    const answers = [password("first"), frame("p"), password("x".repeat(300))];
    const ahead = [query("SELECT 1"), password("not an answer any more")];
    const stream = Buffer.concat([...answers, ...ahead]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: stream.length - 1 }), { maxLength: 30 }), (cuts) => {
        const gate = new LoginGate();
        const at = [...new Set(cuts)].sort((a, b) => a - b);
        const passed = [...at, stream.length].map((to, n) => gate.take(stream.subarray(at[n - 1] ?? 0, to)));
        expect(text(...passed)).toBe(text(...answers));
        expect(gate.holds).toBe(true);
        expect(text(gate.open())).toBe(text(...ahead));
        expect(gate.holds).toBe(false);
      }),
    );
  });

  test.each(["cleartext", "md5", "sasl", "sasl_continue", "unsupported", "malformed"] as const)(
    "gives the primary what waits, and what comes, when it asks (%s) and is sent something else",
    (type) => {
      const gate = new LoginGate();
      expect(gate.take(query("early"))).toHaveLength(0);
      expect(text(gate.asked(type))).toBe(text(query("early")));
      expect(text(gate.take(query("more")))).toBe(text(query("more")));
    },
  );

  test.each(["ok", "sasl_final"] as const)("keeps what waits when the primary asks nothing (%s)", (type) => {
    const gate = new LoginGate();
    gate.take(query("early"));
    expect(gate.asked(type)).toHaveLength(0);
    expect(text(gate.open())).toBe(text(query("early")));
  });

  test("holds what stands behind an answer in the same piece", () => {
    const gate = new LoginGate();
    gate.asked("cleartext");
    expect(text(gate.take(Buffer.concat([password("secret"), query("behind")])))).toBe(text(password("secret")));
    expect(text(gate.take(query("later")))).toBe("");
    expect(text(gate.open())).toBe(text(query("behind"), query("later")));
  });

  test("leaves an absurd length to the primary", () => {
    const gate = new LoginGate();
    const absurd = frame("p", Buffer.from("x"), -1);
    expect(text(gate.take(absurd))).toBe(text(absurd));
    expect(text(gate.take(frame("p", Buffer.alloc(0), 0)))).not.toBe("");
  });
});
