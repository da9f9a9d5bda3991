// What is printed of words that somebody else has chosen, a path or the value of an option: on one line, of bounded length,
// without characters that a terminal obeys.

/** Longer than any sentence of ours. */
const CHARACTERS_MAX = 500;
/** Of what is cut, the beginning says what it is about and the end what was expected. */
const HEAD_CHARACTERS = 200;

/** Control characters, and those that break the line or turn the writing direction. */
// eslint-disable-next-line no-control-regex
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** One line without its end. */
export function printableLine(text: string): string {
  const line = text.toWellFormed().replaceAll(UNPRINTABLE, escaped);
  if (line.length <= CHARACTERS_MAX) return line;
  return `${line.slice(0, HEAD_CHARACTERS)} … ${line.slice(HEAD_CHARACTERS - CHARACTERS_MAX)}`.toWellFormed();
}
