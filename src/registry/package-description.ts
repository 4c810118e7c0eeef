import { beginning } from '../plain-text.ts';
import { isSameName } from '../same-name.ts';
import { parseSemanticVersion, versionTag } from './semantic-version.ts';

/** AWS: EntityDescription. */
const longestDescription = 1024;
const seal = / \(content sha256:([0-9a-f]{64})\)$/;
/** In the user's own words, where it would be read as ours. */
const foreignMarks = /(?:(?:^| )\(after [^\s,()]+, of \d+\))+$/;
const mark = / \(after ([^\s,()]+), of (\d+)\)(?= \(content sha256:[0-9a-f]{64}\)$)/;

/**
 * The versions before a package, as its registration found them. With it a later registration need not read thousands of older
 * packages: none of them has a version above the highest one.
 */
export interface Before {
  /** The highest version among the packages up to `through`. */
  readonly highest: string;
  /** Number of the newest package then. */
  readonly through: number;
}

/**
 * `churn_v1.4.0: less churn in spring (content sha256:77d0…)`. The description is the one text of a package that cannot be changed
 * later (AWS: UpdateModelPackage has no such member), and every listing has it. It begins with the version, which identifies its
 * owner. It ends with the digest of the content, which reveals an edit of the package (DESIGN §7 rule 2).
 * @param words of the user; cut when there is no room
 * @param before in a group of many packages
 */
export const packageDescription = (
  model: string,
  semver: string,
  contentDigest: string,
  words?: string,
  before?: Before,
): string => {
  const tag = versionTag(model, semver);
  const after = before === undefined ? '' : ` (after ${before.highest}, of ${before.through})`;
  const end = `${after} (content sha256:${contentDigest})`;
  // Control characters, line ends among them, are refused (AWS: EntityDescription).
  const clean = words
    ?.replaceAll(/\p{C}+/gu, ' ')
    .trim()
    .replace(foreignMarks, '');
  const start = beginning(clean ? `${tag}: ${clean}` : tag, longestDescription - end.length);
  return start.trimEnd() + end;
};

/** `churn_v1.4.0: less churn in spring` → `1.4.0`; undefined for a package that is not a version of `model`. */
export const describedVersion = (model: string, description: string): string | undefined => {
  const prefix = versionTag(model, '');
  const semver = isSameName(description.slice(0, prefix.length), prefix)
    ? description.slice(prefix.length).split(/[\s:]/, 1)[0]
    : undefined;
  return semver !== undefined && parseSemanticVersion(semver) ? semver : undefined;
};

/** Hex digest of the registered content; undefined for a package that was registered without it. */
export const describedContent = (description: string): string | undefined => seal.exec(description)?.[1];

/** What its registration found before it; undefined for a package of a small group, or of others. */
export const describedBefore = (description: string): Before | undefined => {
  const [, highest = '', through = ''] = mark.exec(description) ?? [];
  return parseSemanticVersion(highest) && Number.isSafeInteger(Number(through))
    ? { highest, through: Number(through) }
    : undefined;
};

/** The user's words alone: `churn_v1.4.0: less churn in spring (content sha256:77d0…)` → `less churn in spring`. */
export const describedWords = (model: string, description: string): string => {
  const semver = describedVersion(model, description);
  if (semver === undefined) return description;
  return description
    .slice(versionTag(model, semver).length)
    .replace(/^:/, '')
    .replace(mark, '')
    .replace(seal, '')
    .trim();
};
