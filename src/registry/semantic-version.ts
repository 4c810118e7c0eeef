import type SemVer from 'semver/classes/semver.js';
import parse from 'semver/functions/parse.js';
import { Refusal } from '../operation.ts';
import { isSameName } from '../same-name.ts';
import { quoted } from '../secrets.ts';

/** A SemVer 2.0.0 with an optional pre-release. */
export type SemanticVersion = SemVer;

/**
 * The longest allowed version: with it `<model>_v<semver>` still fits a metadata value (256 characters, AWS: CreateModelPackage
 * CustomerMetadataProperties) beside a model name of 63.
 */
const longest = 128;

/** @returns undefined when `text` is not a semantic version, or carries build metadata: a `+` is awkward in git refs and URLs */
export const parseSemanticVersion = (text: string): SemanticVersion | undefined => {
  const version = text.length <= longest ? parse(text) : null;
  // npm's parser also takes white space, a leading `v` and build metadata; none of them is in the version that it gives back.
  return version?.version === text ? version : undefined;
};

/** `churn_v1.4.0`: the name people use; a valid git ref, and reversible because a model name has no underscore. */
export const versionTag = (model: string, semver: string): string => `${model}_v${semver}`;

/**
 * The version as users and release tools write it: `1.4.0`, `v1.4.0`, `churn_v1.4.0`, `churn-v1.4.0`, `churn@1.4.0`, `churn/1.4.0`, and
 * each of these behind folders or a scope: `packages/churn/v1.4.0`, `@acme/churn@1.4.0`. The name of the model is known, so its own
 * hyphens and digits are no part of the version.
 * @param input the input that has the text, for the message
 * @returns the bare semantic version, `1.4.0`
 * @throws {OtherModel} when it names another model
 * @throws {Refusal} when it is not a version
 */
export const readVersion = (model: string, text: string, input = 'version'): string => {
  const semver = withoutModel(model, text).replace(/^v/, '');
  if (parseSemanticVersion(semver) !== undefined) return semver;
  if (parseSemanticVersion(semver.replace(/\+.*$/, '')) !== undefined)
    throw new Refusal(
      'invalid-input',
      `${input}: ${quoted(text)} carries build metadata; leave out everything from the +`,
    );
  refuseOtherModel(model, text, input);
  throw new Refusal(
    'invalid-input',
    `${input}: ${quoted(text)} is not a semantic version; expected e.g. 1.4.0, 1.4.0-rc.1 or ${model}_v1.4.0`,
  );
};

/** The text behind the model's name and one separator; the whole text when another name, or none, stands before the version. */
const withoutModel = (model: string, text: string): string => {
  const tag = text.replace(/^refs\/tags\//, '');
  const [, folders = '', last = ''] = foldersPattern.exec(tag) ?? [];
  // The model's own name may be the last of the folders: `packages/churn/v1.4.0`.
  if (isSameName(folders.split('/').at(-2) ?? '', model)) return behindModel(model, last) ?? last;
  return behindModel(model, last) ?? tag;
};
const foldersPattern = /^((?:@[\w.-]+\/)?(?:[\w.-]+\/)*)([^/]*)$/;

const behindModel = (model: string, text: string): string | undefined =>
  isSameName(text.slice(0, model.length), model) && /^[-_@]/.test(text.slice(model.length))
    ? text.slice(model.length + 1)
    : undefined;

/** A version, but of a model that the manifest does not deliver. */
export class OtherModel extends Refusal {}

/** `iris-v1.4.0` has a version behind a name; `1.4` and `latest` have none. */
const refuseOtherModel = (model: string, text: string, input: string): void => {
  const [, before, semver = ''] = /^(.*?[-_@/])v?(\d+\.\d+\.\d+.*)$/.exec(text) ?? [];
  if (before === undefined || parseSemanticVersion(semver) === undefined) return;
  throw new OtherModel(
    'invalid-input',
    `${input}: ${quoted(text)} names another model; the manifest delivers ${model}: leave out ${quoted(before)} if it names none`,
  );
};

/** Up to five of `known` that come closest to `semver` in order of precedence, for a message about one that does not exist. */
export const nearestVersions = (semver: string, known: readonly string[]): readonly string[] => {
  const wanted = parseSemanticVersion(semver);
  if (!wanted) return [];
  const sorted = [...new Set(known)]
    .flatMap((text) => {
      const version = parseSemanticVersion(text);
      return version ? [{ text, order: version.compare(wanted), version }] : [];
    })
    .sort((a, b) => a.version.compare(b.version));
  const above = sorted.findIndex(({ order }) => order > 0);
  const middle = above < 0 ? sorted.length : above;
  const start = Math.max(0, Math.min(middle - 3, sorted.length - 5));
  return sorted.slice(start, start + 5).map(({ text }) => text);
};
