import { createHash } from 'node:crypto';

/** One change to the sources, as Stryker names it; lines begin with 1, columns with `first`. */
export interface Mutant {
  /** From the root. */
  readonly file: string;
  readonly mutator: string;
  readonly line: number;
  /** The replaced code, and the line on which it begins, both with single spaces. */
  readonly original: string;
  readonly source: string;
  readonly replacement: string;
}

export interface Tried extends Mutant {
  readonly status: string;
}

/** A mutant that no test can kill, because the program behaves the same with it. */
export interface Equivalent {
  readonly file: string;
  /** The text of the mutant's first line. Its number would change with every edit above it. */
  readonly source: string;
  readonly original: string;
  readonly replacement: string;
  readonly why: string;
}

export interface Score {
  readonly mutants: number;
  readonly killed: number;
  readonly survived: readonly Tried[];
  readonly equivalent: number;
  /** Share of killed mutants among those that are not equivalent, 0–1. */
  readonly share: number;
  /** Entries of the list that no surviving mutant matches. */
  readonly stale: readonly Equivalent[];
}

/** The properties of a mutant that depend on its position in the file. */
export const mutantAt = (
  file: string,
  text: string,
  mutator: string,
  replacement: string,
  start: { readonly line: number; readonly column: number },
  end: { readonly line: number; readonly column: number },
): Mutant => {
  const lines = text.split('\n');
  const original = lines
    .slice(start.line, end.line + 1)
    .map((line, index) =>
      line.slice(index === 0 ? start.column : 0, index === end.line - start.line ? end.column : undefined),
    )
    .join('\n');
  return {
    file,
    mutator,
    line: start.line + 1,
    original: squeezed(original),
    source: squeezed(lines[start.line] ?? ''),
    replacement: squeezed(replacement),
  };
};

const squeezed = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** No test compares sentences for people word for word: their wording is no promise of the room. */
export const isSentence = ({ mutator, original }: Mutant): boolean =>
  mutator === 'StringLiteral' && /\s/.test(original.slice(1, -1).replace(/\$\{[^}]*\}/g, ''));

/** Chooses the same mutants each time, and those of an unchanged file independently of other files. @returns all when there are no more */
export const sampleOf = <One extends Mutant>(mutants: readonly One[], size: number, seed: string): readonly One[] => {
  const rank = ({ file, source, original, replacement }: Mutant): string =>
    createHash('sha256').update([seed, file, source, original, replacement].join('\0')).digest('hex');
  return mutants
    .map((mutant) => ({ mutant, rank: rank(mutant) }))
    .sort((one, other) => (one.rank < other.rank ? -1 : one.rank > other.rank ? 1 : 0))
    .slice(0, size)
    .map(({ mutant }) => mutant);
};

const matches = (entry: Equivalent, mutant: Mutant): boolean =>
  entry.file === mutant.file &&
  entry.source === mutant.source &&
  entry.original === mutant.original &&
  entry.replacement === mutant.replacement;

/** An error at load is a kill, and so is an endless loop: the tests notice both. */
const survives = ({ status }: Tried): boolean => status === 'Survived' || status === 'NoCoverage';

/**
 * @param tried the tested mutants
 * @param others the room's other mutants: an entry about one of them is neither right nor wrong
 * @param equivalents the entries about the room's files
 */
export const scoreOf = (
  tried: readonly Tried[],
  others: readonly Mutant[],
  equivalents: readonly Equivalent[],
): Score => {
  const alive = tried.filter(survives);
  const survived = alive.filter((mutant) => !equivalents.some((entry) => matches(entry, mutant)));
  const equivalent = alive.length - survived.length;
  const killed = tried.length - alive.length;
  return {
    mutants: tried.length,
    killed,
    survived,
    equivalent,
    share: tried.length === equivalent ? 0 : killed / (tried.length - equivalent),
    stale: equivalents.filter((entry) => ![...alive, ...others].some((mutant) => matches(entry, mutant))),
  };
};
