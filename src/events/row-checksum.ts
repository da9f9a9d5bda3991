// The checksum that seals a range of the log: 32 bits, folded row by row from the values as they are stored. It finds what
// disks and memories do to data, not what a person does on purpose.
//
// Every step is invertible for a given value (xor, multiplication by an odd number, shift-xor), so one changed value
// always changes the result, and what several changed values do to it is as good as random.

import { type ColumnValue, EVENT_COLUMNS } from "./event-columns.ts";

/** Of no rows. */
export const CHECKSUM_START = 0x2545f491;

const NUMBER_FACTOR = 0x9e3779b1;
const HIGH_FACTOR = 0x85ebca6b;
const TEXT_FACTOR = 0xc2b2ae35;
const NULL_WORD = 0x27d4eb2f;
const TWO_32 = 2 ** 32;

const mix = (sum: number, word: number, factor: number): number => {
  const product = Math.imul(sum ^ word, factor);
  return product ^ (product >>> 15);
};

function addNumber(sum: number, value: number): number {
  const low = value | 0;
  const mixed = mix(sum, low, NUMBER_FACTOR);
  // Most values are small; what doesn't fit into 32 bits has a second word.
  return low === value ? mixed : mix(mixed, Math.floor(value / TWO_32) | 0, HIGH_FACTOR);
}

function addText(sum: number, text: string): number {
  let mixed = mix(sum, text.length, TEXT_FACTOR);
  for (let i = 0; i < text.length; i++) mixed = mix(mixed, text.charCodeAt(i), TEXT_FACTOR);
  return mixed;
}

/**
 * `sum` with one more row: its seq and its columns, `values[start]` up to `values[start + width - 1]` in the order of
 * EVENT_COLUMNS. Columns that are not given are null.
 */
export function addRow(sum: number, seq: number, values: readonly ColumnValue[], start: number, width: number): number {
  let mixed = addNumber(sum, seq);
  for (let i = start; i < start + width; i++) {
    const value = values[i];
    if (typeof value === "number") mixed = addNumber(mixed, value);
    else if (typeof value === "string") mixed = addText(mixed, value);
    else mixed = mix(mixed, NULL_WORD, TEXT_FACTOR);
  }
  for (let i = width; i < EVENT_COLUMNS.length; i++) mixed = mix(mixed, NULL_WORD, TEXT_FACTOR);
  return mixed;
}
