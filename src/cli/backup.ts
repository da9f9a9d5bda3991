// `pgsoak backup`: a checked copy of the event log, beside a running service or without one.

import { Command } from "commander";
import type { BackupReport } from "../events/backup-log.ts";
import { configOption, jsonOption, type CliContext } from "./context.ts";
import { dbOption, openLog, type LogOptions } from "./open-log.ts";
import { watchSignals } from "./watch-signals.ts";

const EXAMPLES = `
Examples:
  $ pgsoak backup /backup/pgsoak.db                   of the log that ./pgsoak.toml names
  $ pgsoak backup --db ./pgsoak.db copy.db --force    of this log, replacing copy.db
  $ pgsoak backup /backup/pgsoak.db --json | jq .last_seq

The copy is taken of one moment while the service goes on, read back and compared with its checksums, and only then gets
its name. It is a log like any other: stats, events and serve work on it. Ctrl-C leaves nothing behind.
`;

const EXIT_CUT_SHORT = 1;
const MS_PER_S = 1000;
/** Back to the first column, and the rest of the line cleared. */
const REWRITE = "\r\u001b[K";

interface BackupCommandOptions extends LogOptions {
  readonly force?: boolean;
  readonly json?: boolean;
}

export function backupCommand(context: CliContext): Command {
  return new Command("backup")
    .description("copy the event log while it is written, and check the copy")
    .argument("<file>", "the copy")
    .option("--force", "replace the file if it is there")
    .addOption(configOption())
    .addOption(dbOption())
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action((file: string, options: BackupCommandOptions) => backup(file, options, context));
}

async function backup(file: string, options: BackupCommandOptions, context: CliContext): Promise<void> {
  using reader = await openLog(context, options);
  using signals = watchSignals();
  const { backupLog } = await import("../events/backup-log.ts");
  const terminal = process.stderr.isTTY;
  const startedMs = performance.now();
  try {
    const report = await backupLog(reader, file, {
      force: options.force === true,
      stop: signals.stop,
      onProgress: (phase, share) => {
        if (terminal) context.stderr(`${REWRITE}${phase} ${Math.floor(share * 100)} %`);
      },
    });
    if (terminal) context.stderr(REWRITE);
    if (report !== null) {
      const seconds = (performance.now() - startedMs) / MS_PER_S;
      context.stdout(options.json === true ? jsonOf(report, seconds) : textOf(report, seconds));
      return;
    }
  } catch (error) {
    if (terminal) context.stderr(REWRITE);
    throw error;
  }
  context.stderr("pgsoak: stopped; nothing was copied\n");
  context.setExitCode(EXIT_CUT_SHORT);
}

function jsonOf({ file, bytes, lastSeq, eventsChecked }: BackupReport, seconds: number): string {
  const answer = { file, bytes, last_seq: lastSeq, events_checked: eventsChecked, seconds: Number(seconds.toFixed(3)) };
  return `${JSON.stringify(answer, null, 2)}\n`;
}

const integer = (value: number): string => value.toLocaleString("en-US");

function textOf({ file, bytes, lastSeq, eventsChecked }: BackupReport, seconds: number): string {
  return (
    `Copied the event log up to event ${integer(lastSeq)} to ${file}: ${integer(bytes)} bytes in ${seconds.toFixed(1)} s.\n` +
    `The copy was read back: ${integer(eventsChecked)} events agree with their checksums.\n`
  );
}
