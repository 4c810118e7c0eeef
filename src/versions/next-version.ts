import { counted } from '../judge/amounts.ts';
import type { BranchKind } from './branch.ts';
import { bumpFor, type Change, raise } from './bump.ts';
import { type Core, compareCores, coreText, highest, isFinal, numberUnder, type Version } from './version.ts';

/** The facts behind the next version. Which of them are needed depends on the branch. */
export interface Facts {
  readonly kind: BranchKind;
  /** Hex digest of the commit that the version is for. */
  readonly commit: string;
  /** Every version of the registry, in any order; rejected ones too: their numbers are taken. */
  readonly registered: readonly Version[];
  /** The version of a model that has no final one yet. */
  readonly first: Core;
  /** The highest release candidate above the newest final version that the commit contains. */
  readonly merged?: Version;
  /** Of the commits since the newest final version. */
  readonly changes: readonly Change[];
  /** Folders and files whose commits count; empty: all commits do. */
  readonly paths: readonly string[];
}

export type Derived =
  | { readonly is: 'version'; readonly version: string; readonly because: string }
  | { readonly is: 'refused'; readonly because: string };

/** The version of a commit that has none yet: it is free, and higher than every earlier one of its kind. */
export const nextVersion = (facts: Facts): Derived => {
  const { kind, registered, first } = facts;
  switch (kind.is) {
    case 'main':
      return finalVersion(facts);
    case 'develop': {
      // A release branch has left develop, which goes on with the version after it.
      const begun = highest(registered.filter((one) => isFinal(one) || numberUnder(one, labels.release) !== undefined));
      const core = begun === undefined ? first : raise(begun, 'minor');
      const after = begun === undefined ? 'no version is registered' : `the minor version after ${coreText(begun)}`;
      return numbered(core, labels.develop, registered, `of ${coreText(core)}: ${after}`);
    }
    case 'release':
    case 'hotfix': {
      const { core } = kind;
      if (core === undefined) return { is: 'refused', because: `the name of the ${kind.is} branch has no version` };
      const text = coreText(core);
      if (registered.some((one) => isFinal(one) && compareCores(one, core) === 0))
        return {
          is: 'refused',
          because: `${text}, the version of the ${kind.is} branch, is registered as a final one`,
        };
      return numbered(core, labels.release, registered, `of ${text}, the version of the ${kind.is} branch`);
    }
    case 'other': {
      const { version, because } = finalVersion(facts);
      return {
        is: 'version',
        version: `${version}-${labels.other}.${shortened(facts.commit)}`,
        because: `a development version, because the branch is neither main, develop, release nor hotfix (${because})`,
      };
    }
  }
};

/** First identifiers of the pre-releases. */
const labels = { develop: 'alpha', release: 'rc', other: 'dev' } as const;

/** Whether a version has the form that commits of this branch get. */
export const fits = (kind: BranchKind, commit: string, version: Version): boolean => {
  switch (kind.is) {
    case 'main':
      return isFinal(version);
    case 'develop':
      return numberUnder(version, labels.develop) !== undefined;
    case 'release':
    case 'hotfix':
      return (
        kind.core !== undefined &&
        compareCores(version, kind.core) === 0 &&
        numberUnder(version, labels.release) !== undefined
      );
    case 'other': {
      const [label, of, ...rest] = version.prerelease;
      return label === labels.other && String(of) === shortened(commit) && rest.length === 0;
    }
  }
};

export const newestFinal = <Of extends Version>(registered: readonly Of[]): Of | undefined =>
  highest(registered.filter(isFinal));

/** Release candidates of versions above the newest final one, the highest first. */
export const openCandidates = <Of extends Version>(registered: readonly Of[]): readonly Of[] => {
  const newest = newestFinal(registered);
  const numberOf = (one: Of): number => numberUnder(one, labels.release) ?? -1;
  return registered
    .filter((one) => numberOf(one) >= 0 && (newest === undefined || compareCores(one, newest) > 0))
    .toSorted((one, other) => compareCores(other, one) || numberOf(other) - numberOf(one));
};

/** Release candidates of one final version, the newest first. */
export const candidatesFor = <Of extends Version>(core: Core, registered: readonly Of[]): readonly Of[] => {
  const numberOf = (one: Of): number => numberUnder(one, labels.release) ?? -1;
  return registered
    .filter((one) => numberOf(one) >= 0 && compareCores(one, core) === 0)
    .toSorted((one, other) => numberOf(other) - numberOf(one));
};

const finalVersion = ({ registered, first, merged, changes, paths }: Facts): Extract<Derived, { is: 'version' }> => {
  const version = (core: Core, because: string) => ({ is: 'version', version: coreText(core), because }) as const;
  if (merged !== undefined)
    return version(
      merged,
      `the commit contains ${coreText(merged)}-${merged.prerelease.join('.')}, the newest release candidate`,
    );
  const base = newestFinal(registered);
  if (base === undefined) return version(first, 'the first version: no final one is registered');
  const bump = bumpFor(base, changes);
  return version(raise(base, bump), `${bump} version after ${coreText(base)}: ${reasonFor(base, changes, paths)}`);
};

const reasonFor = (base: Core, changes: readonly Change[], paths: readonly string[]): string => {
  const number = (kind: Change): number => changes.filter((one) => one === kind).length;
  const where = paths.length === 0 ? '' : ` in ${paths.join(' or ')}`;
  const among = `among ${counted(changes.length, 'commit')} since then${where}`;
  if (number('breaking') > 0)
    return `${counted(number('breaking'), 'breaking change')} ${among}${base.major === 0 ? ', before 1.0.0' : ''}`;
  if (number('feature') > 0) return `${counted(number('feature'), 'feature')} ${among}`;
  return `no feature and no breaking change ${among}`;
};

/** The number after the highest registered one. */
const numbered = (core: Core, label: string, registered: readonly Version[], because: string): Derived => {
  const numbers = registered.flatMap((one) => (compareCores(one, core) === 0 ? (numberUnder(one, label) ?? []) : []));
  const next = Math.max(0, ...numbers) + 1;
  return { is: 'version', version: `${coreText(core)}-${label}.${next}`, because: `${label} ${next} ${because}` };
};

/** The beginning of a commit's digest as an identifier: one of digits alone would be a number, and may not begin with 0. */
const shortened = (commit: string): string => {
  const start = commit.slice(0, 12);
  return /^\d+$/.test(start) ? `g${start}` : start;
};
