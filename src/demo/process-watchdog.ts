// Makes sure that a throw-away server and its folder never outlive the process that started them, not even when that
// process is killed with SIGKILL: a small shell waits on a pipe whose other end only we hold. The kernel closes the
// pipe whatever we die of; then the shell ends the server and removes the folder.
//
//   us ──"<pid>\n" a server runs──▶ sh    "0\n" none runs    end of pipe: clean up

import { spawn } from "node:child_process";
import { once } from "node:events";
import { Socket } from "node:net";

// SIGQUIT is the end of most programs and PostgreSQL's immediate shutdown: it leaves no shared memory behind, which
// SIGKILL does. SIGCONT wakes what was suspended. A PostgreSQL server killed before its time leaves postmaster.pid,
// whose seventh line names a shared memory segment that nobody else will ever remove.
const SCRIPT = `
trap '' HUP INT TERM
folder=$1
pid=0
while read -r line; do pid=$line; done
children() { cat "/proc/$pid/task/$pid/children" 2>/dev/null || pgrep -P "$pid" 2>/dev/null; }
alive() { kill -0 "$pid" 2>/dev/null && ! grep -qs '^State:.Z' "/proc/$pid/status"; }
if [ "$pid" != 0 ]; then
  kill -QUIT "$pid" 2>/dev/null
  kill -CONT $(children) "$pid" 2>/dev/null
  tries=0
  while alive && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
  alive && kill -KILL $(children) "$pid" 2>/dev/null
fi
segment=$(sed -n '7s/.* //p' "$folder/data/postmaster.pid" 2>/dev/null)
[ -n "$segment" ] && ipcrm -m "$segment" 2>/dev/null
tries=0
while ! rm -rf "$folder" 2>/dev/null && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
`;

export interface ProcessWatchdog {
  /** Tells which process to end, should we die: the one that was just started, or null when there is none. */
  guard: (pid: number | null) => void;
  /** Lets it remove the folder now and waits until it has. */
  release: () => Promise<void>;
}

/** Starts the watch over `folder`, which belongs to the server alone (a PostgreSQL server's PGDATA is its `data`). */
export function startProcessWatchdog(folder: string): ProcessWatchdog {
  // Detached: an interrupt typed at the terminal goes to the whole process group, and it is ours to handle.
  const shell = spawn("/bin/sh", ["-c", SCRIPT, "pgsoak-watchdog", folder], {
    detached: true,
    cwd: "/",
    stdio: ["pipe", "ignore", "ignore"],
  });
  const ended = once(shell, "exit");
  // It must not keep a process alive that has nothing else to do.
  const { stdin } = shell;
  shell.unref();
  if (stdin instanceof Socket) stdin.unref();
  stdin.on("error", () => {}); // a dead watchdog can't be told anything; the server's own stop() still works
  return {
    guard: (pid) => stdin.write(`${pid ?? 0}\n`),
    release: async () => {
      shell.ref();
      stdin.end();
      await ended;
    },
  };
}
