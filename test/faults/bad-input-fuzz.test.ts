import { env } from "node:process";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase, type TestDatabase } from "../helpers/clusters.ts";
import { RawClient } from "../helpers/frames.ts";
import type { Outcome } from "../helpers/inline-proxy.ts";
import { query, sync } from "../helpers/messages.ts";
import { besideCanary } from "./bad-input-beside.ts";
import { beginning, cuts, disorderlyCase, inPieces, lethalCase, orderlyCase } from "./bad-input-grammar.ts";
import { type Ending, Pair } from "./bad-input-pair.ts";

/** The same cases in every run, or others: a failure prints what it ran with. */
const SEED = Number(env["FUZZ_SEED"] ?? 20_260_101);
const CONNECTIONS = 6;
const PIPELINED = 25;

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase("bad_input");
  await database.onBoth("CREATE TABLE fuzzed (id int)");
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

/** So many times a batch of so many cases, each with a pipe of its own through the same proxy. */
async function fuzz<Case>(
  cases: fc.Arbitrary<Case>,
  { batch, batches }: { batch: number; batches: number },
  run: (batch: readonly Case[]) => Promise<void>,
): Promise<void> {
  const property = fc.asyncProperty(fc.array(cases, { minLength: batch, maxLength: batch }), run);
  await fc.assert(property, { seed: SEED, numRuns: batches, endOnFailure: true });
}

/** Deals the cases out to lanes that run at once; each lane takes its own one after the other. */
async function inLanes<Case>(
  cases: readonly Case[],
  lanes: number,
  run: (own: readonly Case[]) => Promise<void>,
): Promise<void> {
  await Promise.all(Array.from({ length: lanes }, (_, lane) => run(cases.filter((_case, n) => n % lanes === lane))));
}

/** One case after the other: both sides must answer alike. */
async function oneByOne(cases: fc.Arbitrary<readonly Buffer[]>, batches: number): Promise<void> {
  await fuzz(cases, { batch: 1000, batches }, (batch) =>
    besideCanary(database, async (proxy) => {
      await inLanes(batch, CONNECTIONS, async (own) => {
        await using pair = await Pair.login(proxy, database);
        for (const [n, pieces] of own.entries()) await pair.say(`case ${n}`, ...pieces);
      });
      const { seen } = await proxy.tally(batch.length);
      expect((await proxy.outcomes(seen)).filter((outcome) => !isAlike(outcome))).toEqual([]);
    }),
  );
}

/** Nothing but what the primary did, too. */
const isAlike = (outcome: Outcome): boolean =>
  outcome.kind === "mirrored" && (outcome.parity === "match" || outcome.parity === "both_failed");

const inAnyPieces = (cases: fc.Arbitrary<readonly Buffer[]>): fc.Arbitrary<readonly Buffer[]> =>
  fc.tuple(cases, cuts).map(([messages, at]) => inPieces(Buffer.concat(messages), at));

describe("bad input of clients, over real sockets", () => {
  test("in order: the primary's own answers, and the mirror fails where the primary does", async () => {
    await oneByOne(inAnyPieces(orderlyCase), 3);
  }, 60_000);

  test("in disorder: the primary's own answers, and the mirror fails where the primary does", async () => {
    await oneByOne(inAnyPieces(disorderlyCase.map((messages) => [...messages, sync()])), 3);
  }, 60_000);

  test("pipelined: the primary's own answers, in its own order", async () => {
    const cases = inAnyPieces(disorderlyCase.map((messages) => [...messages, sync()]));
    await fuzz(cases, { batch: 1000, batches: 2 }, (batch) =>
      besideCanary(database, (proxy) =>
        inLanes(batch, CONNECTIONS, async (own) => {
          await using pair = await Pair.login(proxy, database);
          for (let at = 0; at < own.length; at += PIPELINED) {
            const some = own.slice(at, at + PIPELINED);
            await pair.say(`end ${at}`, ...some.flatMap((pieces, n) => [...pieces, query(`SELECT 'case ${at + n}'`)]));
          }
        }),
      ),
    );
  }, 60_000);

  test("to the end of the connection: the primary's own last words, or one error of pgsoak, or a close", async () => {
    const cases = fc.record({
      pieces: inAnyPieces(lethalCase),
      ending: fc.constantFrom<Ending>("half-close", "half-close", "close", "reset"),
    });
    await fuzz(cases, { batch: 300, batches: 2 }, (batch) =>
      besideCanary(database, (proxy) =>
        inLanes(batch, 2 * CONNECTIONS, async (own) => {
          for (const { pieces, ending } of own) await (await Pair.login(proxy, database)).sayLast(pieces, ending);
        }),
      ),
    );
  }, 60_000);

  test("instead of a beginning: one error or a close", async () => {
    await fuzz(inAnyPieces(beginning), { batch: 1200, batches: 3 }, (batch) =>
      besideCanary(database, (proxy) =>
        inLanes(batch, 20, async (own) => {
          for (const pieces of own) {
            await using client = await RawClient.connect(proxy);
            for (const piece of pieces) client.send(piece);
            client.halfClose();
            await client.closed();
            expect(client.received.toString("latin1")).toMatch(/^[SN]{0,2}(?:E(?:.{4}S)?FATAL.*)?$/s);
          }
        }),
      ),
    );
  }, 60_000);
});
