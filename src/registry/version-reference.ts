import { Refusal } from '../operation.ts';
import { isSameName } from '../same-name.ts';
import { quoted } from '../secrets.ts';
import type { Account } from '../world.ts';
import { readVersion } from './semantic-version.ts';

/** A request names a version by its semantic version, or the package itself by its number in the group. */
export type VersionReference =
  | { readonly is: 'version'; readonly version: string }
  | ({ readonly is: 'package'; readonly packageVersion: number } & PackageReference);

export interface PackageReference {
  /** Model package group; for a package without a group its own name. */
  readonly group: string;
  /** Number in the group; absent without a group. */
  readonly packageVersion?: number;
  /** Where the package is, when an ARN names it. */
  readonly home?: Account;
}

/** `churn/7`; a package without a group has a name alone. */
export const nameOfPackage = ({ group, packageVersion }: Pick<PackageReference, 'group' | 'packageVersion'>): string =>
  packageVersion === undefined ? group : `${group}/${packageVersion}`;

/**
 * The version of a package that has no semantic version, in records, resource names and reports. No semantic version looks like it.
 */
export const unnamedVersion = (packageVersion: number): string => `package-${packageVersion}`;

const name = '[a-zA-Z0-9](?:-*[a-zA-Z0-9]){0,62}';
const number = '[1-9]\\d{0,8}';
const arnPattern = new RegExp(
  `^arn:(aws[a-z-]*):sagemaker:([a-z0-9-]+):(\\d{12}):model-package/(${name})(?:/(${number}))?$`,
);
const numberPattern = new RegExp(`^(?:(?:(${name})/)|package-)?(${number})$`);

/** A package as `7`, `churn/7`, `package-7` or by its ARN, of any group; undefined for any other text. */
export const readPackage = (model: string, text: string): PackageReference | undefined => {
  const [, partition, region, id, owner, version] = arnPattern.exec(text) ?? [];
  if (partition && region && id && owner)
    return {
      group: owner,
      ...(version === undefined ? {} : { packageVersion: Number(version) }),
      home: { partition, region, id },
    };
  const [, group = model, counted] = numberPattern.exec(text) ?? [];
  return counted === undefined ? undefined : { group, packageVersion: Number(counted) };
};

/**
 * The input of an operation that names a version of `model`: `version`, or `to` and `rejected` of a rollback.
 * @throws {Refusal} when it names nothing, another model, or a package that no approval can be given to
 */
export const readReference = (model: string, text: string, input = 'version'): VersionReference => {
  if (text === 'next')
    throw new Refusal(
      'invalid-input',
      `${input}: "next" is for register-model alone, which derives the version; take its output version, e.g. 1.4.0`,
    );
  const named = readPackage(model, text);
  if (named === undefined) return { is: 'version', version: readVersion(model, text, input) };
  const { packageVersion } = named;
  if (packageVersion === undefined)
    throw new Refusal(
      'invalid-input',
      `${input}: package ${named.group} belongs to no model package group, so SageMaker keeps no approval of it; give its content a version with register-model and from`,
    );
  if (!isSameName(named.group, model))
    throw new Refusal(
      'invalid-input',
      `${input}: ${quoted(nameOfPackage(named))} names another model; the manifest delivers ${model}. register-model takes it over with from`,
    );
  return { is: 'package', ...named, packageVersion };
};
