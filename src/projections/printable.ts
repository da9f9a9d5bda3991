// Text that clients chose (names, statements, messages) for a terminal: one line, and nothing that a terminal obeys.

// eslint-disable-next-line no-control-regex
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/gu;

/** White space runs become one space; control characters and those that turn the writing direction become `\u{…}`. */
export function printable(text: string): string {
  const line = text.replace(/[ \t\r\n]+/g, " ").trim();
  return line.replace(UNPRINTABLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}
