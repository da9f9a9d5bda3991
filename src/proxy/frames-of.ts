// Where an error came from, without its words: these may hold what a client sent.

/** Its name and the frames of its stack. */
export function framesOf(error: unknown): { readonly error: string; readonly stack: string } {
  if (!(error instanceof Error)) return { error: typeof error, stack: "" };
  const frames = (error.stack ?? "").split("\n").filter((line) => /^ +at /.test(line));
  return { error: error.name, stack: frames.map((line) => line.trim()).join("\n") };
}
