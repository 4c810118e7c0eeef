import { Refusal } from '../operation.ts';
import { quoted } from '../secrets.ts';

/** SemVer 2.0.0 with an optional pre-release. Build metadata is refused: a `+` is awkward in git refs and URLs. */
export interface SemanticVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** Empty for a release. */
  readonly preRelease: readonly string[];
}

const number = '(0|[1-9]\\d*)';
const identifier = '(?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)';
const grammar = new RegExp(`^${number}\\.${number}\\.${number}(?:-(${identifier}(?:\\.${identifier})*))?$`);

/**
 * The longest allowed version: with it `<model>_v<semver>` still fits a metadata value (256 characters, AWS: CreateModelPackage
 * CustomerMetadataProperties) beside a model name of 63.
 */
const longest = 128;

/** @returns undefined when `text` is not a semantic version, or carries build metadata */
export const parseSemanticVersion = (text: string): SemanticVersion | undefined => {
  const match = text.length <= longest ? grammar.exec(text) : null;
  if (!match) return undefined;
  const [, major, minor, patch, preRelease] = match;
  return {
    major: Number(major),
    minor: Number(minor),
    patch: Number(patch),
    preRelease: preRelease === undefined ? [] : preRelease.split('.'),
  };
};

/** Precedence as SemVer 2.0.0 §11 orders it: negative when `a` comes before `b`. */
export const compareSemanticVersions = (a: SemanticVersion, b: SemanticVersion): number =>
  a.major - b.major || a.minor - b.minor || a.patch - b.patch || comparePreReleases(a.preRelease, b.preRelease);

const comparePreReleases = (a: readonly string[], b: readonly string[]): number => {
  // A release comes after all of its pre-releases.
  if (a.length === 0 || b.length === 0) return b.length - a.length;
  for (const [index, left] of a.entries()) {
    const right = b[index];
    if (right === undefined) return 1;
    const order = compareIdentifiers(left, right);
    if (order !== 0) return order;
  }
  return a.length - b.length;
};

const compareIdentifiers = (a: string, b: string): number => {
  const numericA = /^\d+$/.test(a);
  const numericB = /^\d+$/.test(b);
  if (numericA && numericB) return Number(a) - Number(b);
  if (numericA !== numericB) return numericA ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
};

/** `churn_v1.4.0`: the name people use; a valid git ref, and reversible because a model name has no underscore. */
export const versionTag = (model: string, semver: string): string => `${model}_v${semver}`;

/**
 * The version as users write it: `1.4.0`, `v1.4.0` or `churn_v1.4.0`.
 * @returns the bare semantic version, `1.4.0`
 * @throws {Refusal} when it is not a version, or names another model
 */
export const readVersion = (model: string, text: string): string => {
  const match = /^(?:(?:([^_]*)_)?v)?([^_]*)$/.exec(text);
  const semver = match?.[2];
  if (match?.[1] !== undefined && match[1] !== model)
    throw new Refusal('invalid-input', `version: ${quoted(text)} names another model; the manifest delivers ${model}`);
  if (semver?.includes('+'))
    throw new Refusal(
      'invalid-input',
      `version: ${quoted(text)} carries build metadata; leave out everything from the +`,
    );
  if (semver === undefined || parseSemanticVersion(semver) === undefined)
    throw new Refusal(
      'invalid-input',
      `version: ${quoted(text)} is not a semantic version; expected e.g. 1.4.0, 1.4.0-rc.1 or ${model}_v1.4.0`,
    );
  return semver;
};

/** Up to five of `known` that come closest to `semver` in order of precedence, for a message about one that does not exist. */
export const nearestVersions = (semver: string, known: readonly string[]): readonly string[] => {
  const wanted = parseSemanticVersion(semver);
  if (!wanted) return [];
  const sorted = [...new Set(known)]
    .flatMap((text) => {
      const version = parseSemanticVersion(text);
      return version ? [{ text, order: compareSemanticVersions(version, wanted), version }] : [];
    })
    .sort((a, b) => compareSemanticVersions(a.version, b.version));
  const above = sorted.findIndex(({ order }) => order > 0);
  const middle = above < 0 ? sorted.length : above;
  const start = Math.max(0, Math.min(middle - 3, sorted.length - 5));
  return sorted.slice(start, start + 5).map(({ text }) => text);
};
