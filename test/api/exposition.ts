// Reads an exposition back, in either format, strictly: a line that is no metric is an error.

export interface ReadFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: ReadSample[];
}

export interface ReadSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const HELP = /^# HELP (\S+) (.+)$/;
const TYPE = /^# TYPE (\S+) (\S+)$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)/g;

const unescape = (text: string): string =>
  text.replace(/\\(.)/g, (_, character) => (character === "n" ? "\n" : character));

/** The families in their order; `# EOF` is taken as a line of its own at the end. */
export function readExposition(text: string): ReadFamily[] {
  const families: ReadFamily[] = [];
  let help: RegExpExecArray | null = null;
  for (const line of text.split("\n").slice(0, -1)) {
    const type = TYPE.exec(line);
    const sample = SAMPLE.exec(line);
    const family = families.at(-1);
    if (HELP.test(line)) {
      help = HELP.exec(line);
    } else if (type !== null && help !== null && type[1] === help[1]) {
      families.push({ name: type[1] ?? "", type: type[2] ?? "", help: help[2] ?? "", samples: [] });
    } else if (sample !== null && family !== undefined && sample[1]?.startsWith(family.name) === true) {
      const labels = [...(sample[2] ?? "").matchAll(LABEL)].map(([, name = "", value = ""]) => [name, unescape(value)]);
      const value = sample[3] === "+Inf" ? Infinity : Number(sample[3]);
      family.samples.push({ name: sample[1], labels: Object.fromEntries(labels), value });
    } else if (line !== "# EOF") {
      throw new Error(`not a line of an exposition: ${line}`);
    }
  }
  return families;
}

/** The value of the one sample with this name and these labels. */
export function valueOf(families: readonly ReadFamily[], name: string, labels: Record<string, string> = {}): number {
  const found = families
    .flatMap(({ samples }) => samples)
    .filter((sample) => sample.name === name)
    .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value));
  const [sample] = found;
  if (sample === undefined || found.length > 1) throw new Error(`${found.length} samples of ${name}`);
  return sample.value;
}
