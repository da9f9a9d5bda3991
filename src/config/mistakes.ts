// Collects what is wrong with a configuration, so that one message names every mistake with the place it was made at:
// a line of the file or an environment variable.

import { PgsoakError } from "../errors.ts";
import type { KeyPath, KeyPositions } from "./key-positions.ts";

interface Mistake {
  /** Line in the file, or Infinity for what comes from the environment: those stand last. */
  readonly line: number;
  readonly place: string;
  readonly sentence: string;
}

export class Mistakes {
  readonly #file: string;
  readonly #positions: KeyPositions;
  readonly #variables = new Map<string, string>();
  readonly #wrong = new Set<string>();
  readonly #mistakes: Mistake[] = [];

  /** `file` is how messages name the file. */
  constructor(file: string, positions: KeyPositions) {
    this.#file = file;
    this.#positions = positions;
  }

  /** Remembers that a value or, when the file has none such, an entry of an array was made by an environment variable. */
  comesFrom(path: KeyPath, variable: string): void {
    const key = keyName(path);
    if (!this.#variables.has(key)) this.#variables.set(key, variable);
  }

  /** `sentence` says what is wrong with the value at the path, or with its absence. */
  add(path: KeyPath, sentence: string): void {
    this.#wrong.add(keyName(path));
    const variable = this.#variableOf(path);
    const line = variable === undefined ? this.#positions.lineOf(path) : Infinity;
    this.#mistakes.push({
      line,
      place: variable ?? `${this.#file}:${line}`,
      sentence: `${keyName(path)}: ${sentence}`,
    });
  }

  /** A variable that sets nothing. */
  addVariable(variable: string, sentence: string): void {
    this.#mistakes.push({ line: Infinity, place: variable, sentence });
  }

  /** Whether a mistake was found at the path: what rests on its value isn't worth saying then. */
  has(path: KeyPath): boolean {
    return this.#wrong.has(keyName(path));
  }

  /** Whether the value at the path was given by somebody, rather than a default. */
  isGiven(path: KeyPath): boolean {
    return this.#variables.has(keyName(path)) || this.#positions.has(path);
  }

  /** Names another key inside a sentence, and where it stands. */
  refer(path: KeyPath): string {
    const line = (): string => (this.#positions.has(path) ? `line ${this.#positions.lineOf(path)}` : "by default");
    return `${keyName(path)} (${this.#variables.get(keyName(path)) ?? line()})`;
  }

  throwIfAny(): void {
    if (this.#mistakes.length === 0) return;
    const sorted = this.#mistakes.toSorted((a, b) =>
      a.line === b.line ? (a.line === Infinity ? a.place.localeCompare(b.place) : 0) : a.line - b.line,
    );
    throw new PgsoakError("config_invalid", sorted.map(({ place, sentence }) => `${place}: ${sentence}`).join("\n"));
  }

  /** The variable that gave the value at a path, the list that it is in, or the entry that it is missing from. */
  #variableOf(path: KeyPath): string | undefined {
    for (let length = path.length; length > 0; length--) {
      const variable = this.#variables.get(keyName(path.slice(0, length)));
      if (variable !== undefined) return variable;
    }
    return undefined;
  }
}

/** How people write the path: `databases[0].port`. */
function keyName(path: KeyPath): string {
  return path.reduce<string>(
    (name, part) => (typeof part === "number" ? `${name}[${part}]` : name === "" ? part : `${name}.${part}`),
    "",
  );
}
