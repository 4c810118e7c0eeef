/** The candidate nearest to the text, if it is near enough to be the intended one. */
export const suggest = (written: string, candidates: readonly string[]): string | undefined => {
  const tolerance = Math.max(1, Math.floor(written.length / 3));
  const ranked = candidates
    // The difference of two lengths bounds the distance; a text of ten thousand letters does not mean `version`.
    .filter((candidate) => Math.abs(candidate.length - written.length) <= tolerance)
    .map((candidate) => ({ candidate, distance: distance(written.toLowerCase(), candidate.toLowerCase()) }))
    .filter((entry) => entry.distance <= tolerance)
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.candidate ?? beginning(written.toLowerCase(), candidates);
};

/** `env` for `environment`, when no other candidate begins with it. */
const beginning = (written: string, candidates: readonly string[]): string | undefined => {
  const [only, ...more] = written.length < 3 ? [] : candidates.filter((one) => one.toLowerCase().startsWith(written));
  return more.length === 0 ? only : undefined;
};

/** Damerau–Levenshtein (optimal string alignment): insertions, deletions, substitutions and swaps of neighbours cost 1 each. */
export const distance = (a: string, b: string): number => {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const substituted = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY;
      row.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, substituted, swapped));
    }
  }
  return at(a.length, b.length);
};

/** `a`, `a or b`, `a, b or c`. */
export const either = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
