// Workers are started from source and from the build alike: the file beside this tree's root with this file's extension.

import { extname } from "node:path";

/** The URL of a worker entry in src/, `recorder-thread` for instance. */
export function workerUrl(name: string): URL {
  return new URL(`../${name}${extname(import.meta.filename)}`, import.meta.url);
}
