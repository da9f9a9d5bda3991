// GET /readiness: is it safe to cut over, judged by the configured policy or by what the question says instead.

import { createRoute, z } from "@hono/zod-openapi";
import {
  defaultPolicy,
  expectedOf,
  overridePolicy,
  type Policy,
  PolicyError,
  policyJson,
  policyOf,
  SETTING_NAMES,
  type SettingName,
} from "../projections/readiness/policy.ts";
import { readinessSchema } from "../projections/readiness/readiness-schema.ts";
import { readinessText } from "../projections/readiness/readiness-text.ts";
import { readinessWindow } from "../projections/readiness/readiness-window.ts";
import type { Api, ApiContext } from "./api-context.ts";
import type { LastVerdicts } from "./dashboard/last-verdicts.ts";
import { checkNames } from "./known-mirroring.ts";
import { selectionParameters, windowBounds, windowOr400, windowParameters } from "./log-parameters.ts";
import { ProblemError } from "./problem.ts";
import { rebuildingResponse } from "./rebuilding-response.ts";

const NOT_READY_STATUS = 409;
const VALUE_CHARACTERS_MAX = 64;

function settingParameter(name: SettingName) {
  const description = `instead of the configured one: ${expectedOf(name)}`;
  return z
    .string()
    .max(VALUE_CHARACTERS_MAX)
    .optional()
    .meta({ description, examples: [String(DEFAULTS[name])] });
}
const DEFAULTS = policyJson(defaultPolicy());
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one field for each name
const settingParameters = Object.fromEntries(SETTING_NAMES.map((name) => [name, settingParameter(name)])) as Record<
  SettingName,
  ReturnType<typeof settingParameter>
>;

const content = {
  "application/json": { schema: readinessSchema },
  "text/plain": { schema: z.string() },
};

const route = createRoute({
  method: "get",
  path: "/readiness",
  summary: "The verdict on a window with its criteria and reasons; thresholds can be overridden by their setting names",
  request: {
    query: z.strictObject({
      ...windowParameters,
      ...selectionParameters,
      format: z.enum(["json", "text"]).optional().describe("text: the report for people"),
      gate: z.enum(["true", "false"]).optional().describe("true: 409 unless the verdict is READY"),
      ...settingParameters,
    }),
  },
  responses: {
    200: { description: "The answer; with gate=true only when it is READY", content },
    409: { description: "The answer when it is not READY and gate=true", content },
    503: rebuildingResponse,
  },
});

type Overrides = Partial<Readonly<Record<SettingName, string | undefined>>>;

/** The stored policy with what the question says instead; a value that can't be one is a problem with its field named. */
function policyFor({ config }: ApiContext, overrides: Overrides): Policy {
  const given = SETTING_NAMES.flatMap((name) => {
    const text = overrides[name];
    return text === undefined ? [] : [[name, text] as const];
  });
  try {
    return overridePolicy(policyOf(config.readiness), given);
  } catch (error) {
    if (error instanceof PolicyError) throw new ProblemError("invalid_parameter", error.message, error.field);
    throw error;
  }
}

export function addReadinessRoute(api: Api, context: ApiContext, verdicts: LastVerdicts): void {
  api.openapi(route, async (c) => {
    const { window, from, to, mirroring, database, format, gate, ...overrides } = c.req.valid("query");
    const policy = policyFor(context, overrides);
    await checkNames(context, { mirroring, database });
    const bounds = await windowBounds(context, mirroring);
    const span = windowOr400(() => readinessWindow({ window, from, to }, bounds));
    const answer = await context.questions.ask({ kind: "readiness", window: span, policy, mirroring, database });
    const isStoredPolicy = Object.values(overrides).every((value) => value === undefined);
    if (isStoredPolicy) verdicts.remember({ window, from, to, mirroring, database }, answer);
    const status = gate === "true" && !answer.ready ? NOT_READY_STATUS : 200;
    return format === "text" ? c.text(readinessText(answer), status) : c.json(answer, status);
  });
}
