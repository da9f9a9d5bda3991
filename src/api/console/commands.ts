// Every command of the console in the order of SHOW HELP, which is one of them. docs/console.md says the same.

import { text } from "./column.ts";
import { alone, type ConsoleCommand } from "./command.ts";
import { mark } from "./mark.ts";
import { pauseMirror, resumeMirror } from "./pause-mirror.ts";
import { reload } from "./reload.ts";
import { resetMirrorStats } from "./reset-mirror-stats.ts";
import { setSetting } from "./set-setting.ts";
import { showClients } from "./show-clients.ts";
import { showConfig } from "./show-config.ts";
import { showMirrorHistory } from "./show-mirror-history.ts";
import { showMirrorReadiness } from "./show-mirror-readiness.ts";
import { showMirrorStatements } from "./show-mirror-statements.ts";
import { showMirrorStats } from "./show-mirror-stats.ts";
import { showMirrors } from "./show-mirrors.ts";
import { showVersion } from "./show-version.ts";
import { shutdown } from "./shutdown.ts";

const showHelp: ConsoleCommand = {
  name: "SHOW HELP",
  syntax: "SHOW HELP",
  description: "this list",
  columns: [text("command"), text("description")],
  changes: false,
  parse: alone(() => Promise.resolve(COMMANDS.map(({ syntax, description }) => [syntax, description]))),
};

export const COMMANDS: readonly ConsoleCommand[] = [
  showMirrorStats,
  showMirrors,
  showMirrorReadiness,
  showMirrorHistory,
  showMirrorStatements,
  showClients,
  showConfig,
  showVersion,
  showHelp,
  resetMirrorStats,
  pauseMirror,
  resumeMirror,
  setSetting,
  mark,
  reload,
  shutdown,
];
