// The same primary reached in every way there is: directly, and through pgsoak with the mirror off, on, dead and hung.

import { freePort } from "../../src/demo/free-port.ts";
import { BreakableProxy } from "../helpers/breakable-proxy.ts";
import { type ConfigTables, mirrorTables, relayTables } from "../helpers/config-text.ts";
import { type InlineProxy, startInlineProxy } from "../helpers/inline-proxy.ts";

export interface Target {
  readonly host: string;
  readonly port: number;
}

export const CONDITIONS = ["off", "on", "dead", "hung"] as const;
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
  const start = (tables: ConfigTables): Promise<InlineProxy> => startInlineProxy(tables);
  const proxies = {
    off: await start(relayTables(primary)),
    on: await start(mirrorTables(primary, mirror)),
    dead: await start(mirrorTables(primary, nobody)),
    hung: await start(mirrorTables(primary, silence)),
  };
  return new Conditions(primary, proxies, silence);
}
