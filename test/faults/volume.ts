// A volume of its own for a log, which can be small, or be made to hang. Needs root and the right to mount.

import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Volume extends Disposable {
  readonly folder: string;
  /** Until thaw(), everything that would change it waits. Only for a disk. */
  freeze(): void;
  thaw(): void;
}

const KINDS = {
  /** In memory, of a fixed size: full when it is full. */
  memory: (bytes: number) => ["-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs"],
  /** A file system with a journal, in a file. */
  disk: (_bytes: number, image: string) => ["-o", "loop", image],
};

function succeeds(program: string, ...args: string[]): boolean {
  return spawnSync(program, args).status === 0;
}

/**
 * Takes the volume away when this process dies without doing so: a frozen one would hold whoever writes there for ever. The
 * standard input of the process that waits for that ends with ours. Returns how to call it off.
 */
function removeWhenOrphaned(base: string, folder: string): () => void {
  const script = 'cat >/dev/null; fsfreeze -u "$1"; umount "$1" || umount -l "$1"; rm -rf "$0"';
  const watchdog = spawn("sh", ["-c", script, base, folder], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  watchdog.unref();
  return () => void watchdog.kill("SIGKILL");
}

/** Null where this process may not mount. */
export function mountVolume(kind: keyof typeof KINDS, bytes: number): Volume | null {
  const base = mkdtempSync(join(realpathSync(tmpdir()), "pgsoak-volume-"));
  const [folder, image] = [join(base, "volume"), join(base, "image")];
  mkdirSync(folder);
  if (kind === "disk") {
    writeFileSync(image, "");
    truncateSync(image, bytes);
    succeeds("mkfs.ext4", "-q", image);
  }
  const thaw = (): void => void succeeds("fsfreeze", "-u", folder);
  if (!succeeds("mount", ...KINDS[kind](bytes, image), folder)) {
    rmSync(base, { recursive: true });
    return null;
  }
  const callOff = removeWhenOrphaned(base, folder);
  return {
    folder,
    freeze: () => {
      if (!succeeds("fsfreeze", "-f", folder)) throw new Error("the volume can't be frozen");
    },
    thaw,
    [Symbol.dispose]: () => {
      thaw();
      if (!succeeds("umount", folder)) succeeds("umount", "-l", folder);
      rmSync(base, { recursive: true });
      callOff();
    },
  };
}

/** Whether such a volume can be had here. */
export function canMount(kind: keyof typeof KINDS): boolean {
  if (kind === "disk" && !succeeds("fsfreeze", "--version")) return false;
  using volume = mountVolume(kind, 16 * 1024 * 1024);
  return volume !== null;
}
