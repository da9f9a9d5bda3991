// Changes one bit of a file, as a disk or a memory may.

import { closeSync, openSync, readFileSync, readSync, writeSync } from "node:fs";

/** Flips the lowest bit of the byte at `offset`. */
export function flipBit(file: string, offset: number): void {
  const descriptor = openSync(file, "r+");
  const byte = Buffer.alloc(1);
  readSync(descriptor, byte, 0, 1, offset);
  byte[0]! ^= 1;
  writeSync(descriptor, byte, 0, 1, offset);
  closeSync(descriptor);
}

/** Where the text stands in the file for the first time. */
export function offsetOf(file: string, text: string): number {
  const offset = readFileSync(file).indexOf(text);
  if (offset < 0) throw new Error(`${text} is not in ${file}`);
  return offset;
}
