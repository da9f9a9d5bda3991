// The same primary reached in every way there is: directly, and through pgsoak with the mirror off, on, of other contents,
// dead and hung.

import { freePort } from "../helpers/free-port.ts";
import { BreakableProxy } from "../helpers/breakable-proxy.ts";
import { type ConfigTables, mirrorTables, relayTables } from "../helpers/config-text.ts";
import { type InlineProxy, startInlineProxy } from "../helpers/inline-proxy.ts";

export interface Target {
  readonly host: string;
  readonly port: number;
}

export const CONDITIONS = ["off", "on", "different", "dead", "hung"] as const;
export type Condition = (typeof CONDITIONS)[number];

export class Conditions implements AsyncDisposable {
  readonly direct: Target;
  readonly #proxies: Readonly<Record<Condition, InlineProxy>>;
  readonly #silence: BreakableProxy;

  constructor(direct: Target, proxies: Readonly<Record<Condition, InlineProxy>>, silence: BreakableProxy) {
    this.direct = direct;
    this.#proxies = proxies;
    this.#silence = silence;
  }

  /** The way through pgsoak whose mirror is in this condition. */
  through(condition: Condition): InlineProxy {
    return this.#proxies[condition];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const condition of CONDITIONS) await this.#proxies[condition][Symbol.asyncDispose]();
    await this.#silence[Symbol.asyncDispose]();
  }
}

export async function startConditions(primary: Target, mirror: Target): Promise<Conditions> {
  const silence = await BreakableProxy.to(mirror);
  await silence.welcome("silent");
  const nobody = { host: "127.0.0.1", port: await freePort() };
  const proxies = {
    off: await startInlineProxy(relayTables(primary)),
    on: await startInlineProxy(mirrorTables(primary, mirror)),
    different: await startInlineProxy(emptied(mirrorTables(primary, mirror))),
    dead: await startInlineProxy(mirrorTables(primary, nobody)),
    hung: await startInlineProxy(mirrorTables(primary, silence)),
  };
  return new Conditions(primary, proxies, silence);
}

/** The mirror's database is one that has nothing of what the primary has: its answers are errors. */
function emptied(tables: ConfigTables): ConfigTables {
  const [primary, mirror] = tables.databases!;
  return { ...tables, databases: [primary!, { ...mirror, database_name: "postgres" }] };
}
