// What a command may touch of the process: its two streams, its environment and its exit code. Each command's file
// exports `xxxCommand(context): Command` and imports light things only; heavy ones (SQLite, the service) belong in the
// action, so that `--help` and `check` start at once and work where a native module doesn't.

import { Option } from "commander";

export interface CliContext {
  /** Writes text as it is: the caller ends its lines. */
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** The width of the terminal behind stdout; absent when it is none. */
  readonly stdoutColumns?: number | undefined;
  /** The width of the terminal behind stderr; absent when it is none. */
  readonly stderrColumns?: number | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** The exit code of a command that ends well but with a finding (readiness, replay --verify); errors are thrown. */
  setExitCode(code: number): void;
}

/** Where the configuration is looked for when nobody says. */
const CONFIG_DEFAULT = "./pgsoak.toml";

/** `--config <path>`, the same words on every command that reads the configuration. */
export function configOption(): Option {
  return new Option("--config <path>", "configuration file").default(CONFIG_DEFAULT);
}

/** `--json`, on every command that prints. */
export function jsonOption(): Option {
  return new Option("--json", "print JSON instead of text");
}
