// Marks: words that stand for secrets, each in one place of the traffic only, so that one that turns up says where it
// came from. A mark is looked for in every form in which a careless program would write it.

/** A number that is a secret too: no mark has these digits. */
const NUMBERS_FROM = 83_610_000_000;

export class SecretMarks {
  readonly #marks = new Map<string, string>();

  /** A new mark, of letters and digits; `place` says where it will be. */
  text(place: string): string {
    return this.#add(`Vz8k${String(1000 + this.#marks.size)}QpT`, place);
  }

  /** A new mark that is a number. */
  number(place: string): string {
    return this.#add(String(NUMBERS_FROM + 7919 * this.#marks.size), place);
  }

  /** The places whose marks are in `bytes`, with the form that was found. */
  foundIn(bytes: Buffer): string[] {
    const text = bytes.toString("latin1");
    // Upper case, lower case and everything between them at once.
    const folded = text.toLowerCase();
    return [...this.#marks].flatMap(([mark, place]) => {
      const form = formsOf(mark).find(({ sign, folds }) => (folds ? folded : text).includes(sign));
      return form === undefined ? [] : [`${place}: ${form.name} ${form.sign}`];
    });
  }

  #add(mark: string, place: string): string {
    this.#marks.set(mark, place);
    return mark;
  }
}

interface Form {
  readonly name: string;
  readonly sign: string;
  /** To be looked for in lower case. */
  readonly folds: boolean;
}

function formsOf(mark: string): Form[] {
  const bytes = Buffer.from(mark);
  const wide = Buffer.from(mark, "utf16le");
  return [
    { name: "text", sign: mark.toLowerCase(), folds: true },
    { name: "UTF-16", sign: wide.toString("latin1").toLowerCase(), folds: true },
    { name: "hexadecimal", sign: bytes.toString("hex"), folds: true },
    { name: "reversed", sign: Buffer.from(bytes.toReversed()).toString("latin1").toLowerCase(), folds: true },
    ...[0, 1, 2].flatMap((offset) => ({ name: "base64", sign: base64Within(bytes, offset), folds: false })),
  ];
}

/** What base64 makes of the bytes when `offset` others stand before them: without the characters that neighbours share. */
function base64Within(bytes: Buffer, offset: number): string {
  const whole = Buffer.concat([Buffer.alloc(offset), bytes]);
  const text = whole.subarray(0, whole.length - (whole.length % 3)).toString("base64");
  return text.slice(offset === 0 ? 0 : 4);
}
