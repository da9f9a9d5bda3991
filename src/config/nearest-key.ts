// Guesses what somebody meant who mistyped a name.

/** The candidate that takes the fewest edits, or null when none is near enough to be meant. */
export function nearestKey(typed: string, candidates: Iterable<string>): string | null {
  const typedKey = typed.toLowerCase();
  let nearest: string | null = null;
  // A third of the letters may be wrong, two always; but in a short name two are half of it.
  let fewest = Math.min(Math.max(2, Math.floor(typed.length / 3)), Math.floor(typed.length / 2)) + 1;
  for (const candidate of candidates) {
    const edits = editsBetween(typedKey, candidate.toLowerCase());
    if (edits < fewest) [nearest, fewest] = [candidate, edits];
  }
  return nearest;
}

/** Levenshtein distance. Names are short; longer ones were not meant to be names. */
function editsBetween(a: string, b: string): number {
  if (a.length > 64) return Infinity;
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 0; i < a.length; i++) {
    const current = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = previous[j]! + (a[i] === b[j] ? 0 : 1);
      current.push(Math.min(replaced, previous[j + 1]! + 1, current[j]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}
