// `pgsoak serve`: runs the service until it is told to stop.

import { Command } from "commander";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load-config.ts";
import { warningsOf } from "../config/warnings.ts";
import { createLog, logLevelOf, type Log } from "../log.ts";
import type { ServiceAddress } from "../service.ts";
import { configOption, type CliContext } from "./context.ts";

const EXAMPLES = `
Examples:
  $ pgsoak serve
  $ pgsoak serve --config /etc/pgsoak/pgsoak.toml
  $ PGSOAK__GENERAL__PORT=6500 PGSOAK_LOG_LEVEL=debug pgsoak serve

SIGHUP reads the configuration again; a file with mistakes changes nothing.
SIGTERM or SIGINT lets requests in flight finish, flushes the log and exits 0; a second one exits at once.
The log is JSON, one object a line, on standard output.
`;

const EXIT_CUT_SHORT = 1;

interface ServeOptions {
  readonly config: string;
}

export function serveCommand(context: CliContext): Command {
  return new Command("serve")
    .description("relay, mirror and record until told to stop")
    .addOption(configOption())
    .addHelpText("after", EXAMPLES)
    .action((options: ServeOptions) => serve(options, context));
}

async function serve(options: ServeOptions, context: CliContext): Promise<void> {
  const read = (): Config => loadConfig({ path: options.config, env: context.env });
  const config = read();
  const log = createLog({ level: logLevelOf(context.env) });
  for (const warning of warningsOf(config)) log.warn(warning);
  const { startService } = await import("../service.ts");
  const signals = new StopSignals(log);
  try {
    const service = await startService(config, log, { reread: read });
    signals.onSecond = () => service.stopNow();
    // What went wrong is in the log.
    signals.watchReload(() => void service.reload("SIGHUP").catch(() => {}));
    const proxy = addressText(service.addresses.proxy);
    const { api, admin } = service.addresses;
    log.info("ready", { proxy, api: `http://${addressText(api)}`, admin: addressText(admin) });
    const signal = await Promise.race([signals.first, service.stopped]);
    if (signal !== undefined) {
      log.info("stopping", { signal });
      await service.stop();
    }
    log.info("stopped");
  } finally {
    signals.release();
  }
}

/** Watches for the signals that operators send. One that comes while the service starts is kept. */
class StopSignals {
  /** The first SIGTERM or SIGINT. */
  readonly first: Promise<NodeJS.Signals>;
  /** Called before a second one ends the process. */
  onSecond: () => void = () => {};
  readonly #log: Log;
  readonly #resolveFirst: (signal: NodeJS.Signals) => void;
  #isStopping = false;
  #onReload: (() => void) | null = null;
  #isReloadAsked = false;

  constructor(log: Log) {
    this.#log = log;
    const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
    this.first = promise;
    this.#resolveFirst = resolve;
    process.on("SIGTERM", this.#stop).on("SIGINT", this.#stop).on("SIGHUP", this.#reload);
  }

  /** Calls `reload` at every SIGHUP, also for one that has come already. */
  watchReload(reload: () => void): void {
    this.#onReload = reload;
    if (this.#isReloadAsked) reload();
  }

  release(): void {
    process.off("SIGTERM", this.#stop).off("SIGINT", this.#stop).off("SIGHUP", this.#reload);
  }

  readonly #stop = (signal: NodeJS.Signals): void => {
    if (this.#isStopping) {
      this.#log.warn("stopped at once by a second signal", { signal });
      this.onSecond();
      process.exit(EXIT_CUT_SHORT);
    }
    this.#isStopping = true;
    this.#resolveFirst(signal);
  };

  readonly #reload = (): void => {
    if (this.#onReload === null) this.#isReloadAsked = true;
    else this.#onReload();
  };
}

function addressText({ host, port }: ServiceAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
