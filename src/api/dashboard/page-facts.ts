// What the page is made of before anything is asked of the log.

import { isIP } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "hono";
import {
  type Policy,
  policyJson,
  policyOf,
  SETTING_NAMES,
  type SettingName,
} from "../../projections/readiness/policy.ts";
import type { Readiness } from "../../projections/readiness/readiness-schema.ts";
import type { ApiContext, ApiEnv } from "../api-context.ts";
import { isUnreadable } from "../is-unreadable.ts";
import type { LaneNames } from "../log-questions.ts";
import type { LastVerdicts } from "./last-verdicts.ts";

const THEMES = ["light", "dark"] as const;
/** Names that a selection offers; a log may know more. */
const NAMES_MAX = 200;
/** A first paint waits no longer than this for names that are offered. */
const LANES_WAIT_MS = 100;

export interface PageFacts {
  readonly version: string;
  /** Null: what the browser prefers. */
  readonly theme: (typeof THEMES)[number] | null;
  /** Of the stored policy, as the configuration writes it. */
  readonly policy: Readonly<Record<SettingName, number | string>>;
  readonly mirrorings: readonly string[];
  readonly databases: readonly string[];
  readonly isMirroringConfigured: boolean;
  /** Where applications connect. */
  readonly proxy: string;
  /** What was last answered to the question that the page will ask. */
  readonly lastVerdict: Readiness | null;
  /** Whether there is a session to leave, whether one could log in, and whether notes may be added. */
  readonly isLoggedIn: boolean;
  readonly canLogIn: boolean;
  readonly canWrite: boolean;
}

export async function pageFacts(c: Context<ApiEnv>, context: ApiContext, verdicts: LastVerdicts): Promise<PageFacts> {
  const { config, version } = context;
  const access = c.get("access");
  const needsToken = config.api.token !== null;
  const configured = config.mirrorings.map(({ name }) => name);
  const lanes = await knownLanes(context);
  const mirrorings = lanes.map(({ mirroring }) => mirroring);
  const databases = lanes.map(({ database }) => database);
  const policy: Policy = policyOf(config.readiness);
  return {
    version,
    theme:
      THEMES.find((theme) => new RegExp(`(?:^|;\\s*)theme=${theme}(?:;|$)`).test(c.req.header("cookie") ?? "")) ?? null,
    policy: policyJson(policy),
    mirrorings: [...new Set([...configured, ...mirrorings])].slice(0, NAMES_MAX),
    databases: [...new Set(databases)].toSorted().slice(0, NAMES_MAX),
    isMirroringConfigured: configured.length > 0,
    proxy: proxyAddress(context, c.req.header("host")),
    lastVerdict: lastVerdict(c, context, verdicts),
    isLoggedIn: access === "session",
    canLogIn: needsToken && access !== "session",
    canWrite: !needsToken || access === "session" || access === "bearer",
  };
}

/** Not one that has expired, nor the stored policy's where others are asked about. */
function lastVerdict(c: Context<ApiEnv>, { clock }: ApiContext, verdicts: LastVerdicts): Readiness | null {
  const question = c.req.query();
  if (SETTING_NAMES.some((name) => question[name] !== undefined)) return null;
  const answer = verdicts.of(question);
  const isOver = answer?.expires_at != null && Date.parse(answer.expires_at) * 1000 <= clock.wallUs();
  return isOver ? null : answer;
}

/** None when the log is busy or can't be read: the page doesn't wait for it, and says so itself once it is there. */
async function knownLanes({ questions }: ApiContext): Promise<readonly LaneNames[]> {
  const asked = questions.ask({ kind: "lanes" }).catch((error: unknown) => {
    if (isUnreadable(error)) return [];
    throw error;
  });
  const enough = new AbortController();
  const late = sleep(LANES_WAIT_MS, [], { signal: enough.signal }).catch(() => []);
  try {
    return await Promise.race([asked, late]);
  } finally {
    enough.abort();
  }
}

/** An address that stands for all of them is replaced by the name under which the page was asked for. */
function proxyAddress({ proxy }: ApiContext, hostHeader: string | undefined): string {
  const isEverywhere = proxy.host === "0.0.0.0" || proxy.host === "::";
  const name = isEverywhere ? (hostHeader ?? "localhost").replace(/:\d+$/, "") : proxy.host;
  return `${isIP(name) === 6 ? `[${name}]` : name}:${proxy.port}`;
}
