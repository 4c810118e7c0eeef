/** The three numbers of a semantic version. */
export interface Core {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** A semantic version, as the grammar reads it (registry/semantic-version.ts). */
export interface Version extends Core {
  /** `['rc', 2]`; empty for a final version. */
  readonly prerelease: readonly (string | number)[];
}

export const coreText = ({ major, minor, patch }: Core): string => `${major}.${minor}.${patch}`;

export const compareCores = (one: Core, other: Core): number =>
  one.major - other.major || one.minor - other.minor || one.patch - other.patch;

export const isFinal = ({ prerelease }: Version): boolean => prerelease.length === 0;

/** `rc.2` has the label `rc` and the number 2; undefined for every other form. */
export const numberUnder = ({ prerelease }: Version, label: string): number | undefined => {
  const [first, second, ...rest] = prerelease;
  return first === label && typeof second === 'number' && rest.length === 0 ? second : undefined;
};

/** The highest of the cores; undefined without any. */
export const highest = <Of extends Core>(cores: readonly Of[]): Of | undefined =>
  cores.reduce<Of | undefined>((top, one) => (top === undefined || compareCores(one, top) > 0 ? one : top), undefined);
