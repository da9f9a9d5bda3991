import { expect, test } from "vitest";
import { z } from "zod";
import { observationChanged, runStarted, tallied } from "../projections/facts.ts";
import { openApi, type ApiFixture } from "./api-fixture.ts";

const S = 1_000_000;
const BEGIN = 1_700_000_000 * S;
const NOW_US = BEGIN + 100 * S;

async function openObserved(): Promise<ApiFixture> {
  const api = await openApi({ nowUs: NOW_US });
  const mirrorings = ["pg18", "pg19"].map((name) => ({ name, settings: {}, exposure: 1 }));
  api.events.appendBatch([
    runStarted(BEGIN, { mirrorings }),
    observationChanged(BEGIN + 20 * S, "mirror_down"),
    observationChanged(BEGIN + 30 * S, "observing"),
    {
      kind: "epoch_started",
      at: BEGIN + 50 * S,
      mirroring: "pg19",
      what: "jit",
      before: "on",
      after: "off",
      who: "pgsoak",
    },
    tallied(NOW_US, 1),
  ]);
  return api;
}

const answerSchema = z.object({
  from: z.string(),
  to: z.string(),
  mirrorings: z.array(z.looseObject({ mirroring: z.string(), observed_seconds: z.number(), gaps_total: z.int() })),
});

async function ask(api: ApiFixture, query = ""): Promise<z.infer<typeof answerSchema>> {
  const response = await api.get(`/observations${query}`);
  expect(response.status).toBe(200);
  return answerSchema.parse(await response.json());
}

test("each mirroring has its observed time, its gaps and its last epoch", async () => {
  await using api = await openObserved();
  const { from, to, mirrorings } = await ask(api);
  expect([from, to]).toEqual(["2023-11-14T22:13:20.000000Z", "2023-11-14T22:15:00.000001Z"]);
  const gap = {
    from: "2023-11-14T22:13:40.000000Z",
    to: "2023-11-14T22:13:50.000000Z",
    seconds: 10,
    cause: "mirror_down",
  };
  const pg18 = {
    observed_seconds: 90,
    observed_share: expect.closeTo(0.9, 6),
    longest_gap: gap,
    gaps_total: 1,
    gaps: [gap],
    epoch: null,
  };
  expect(mirrorings[0]).toEqual({ mirroring: "pg18", ...pg18 });
  expect(mirrorings[1]).toMatchObject({
    mirroring: "pg19",
    observed_share: expect.closeTo(1, 6),
    epoch: { seq: 4, what: "jit" },
  });
});

test("all of one mirroring begins with its last epoch; a window may be cut anywhere", async () => {
  await using api = await openObserved();
  expect((await ask(api, "?mirroring=pg19")).mirrorings).toMatchObject([{ observed_seconds: 50 }]);
  expect((await ask(api, "?mirroring=pg18&window=75s")).mirrorings).toMatchObject([
    { observed_seconds: 70, gaps_total: 1 },
  ]);
  const { mirrorings } = await ask(api, `?from=${BEGIN / S - 50}&to=${BEGIN / S + 25}`);
  expect(mirrorings[0]).toMatchObject({ observed_seconds: 20, gaps_total: 2, epoch: null });
});

test("an empty log has observed nothing", async () => {
  await using api = await openApi({ nowUs: NOW_US });
  expect((await ask(api)).mirrorings).toEqual([]);
});

test.each([
  ["window=", "window"],
  ["window=-1d", "window"],
  ["window=9999999999d", "window"],
  ["window=NaN", "window"],
  ["window=1d&window=2d", "window"],
  [`window=${"9".repeat(3000)}`, "window"],
  ["window=%F0%9F%95%90", "window"],
  ["window=1d&from=5", "window"],
  ["from=10&to=5", "from"],
  ["to=0", "to"],
  ["mirroring=nobody", "mirroring"],
  ["database=app", "database"],
])("/observations?%s is refused and the parameter is named", async (query, field) => {
  await using api = await openObserved();
  const response = await api.get(`/observations?${query}`);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ code: "invalid_parameter", field });
  expect(api.logged).toEqual([]);
});
