import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import type { TestAccount } from './account.ts';

/** Writes `approval.policy` into the manifest: one rule a line, as YAML. */
export const withPolicy = (
  account: TestAccount,
  rules: readonly string[],
  change: (text: string) => string = (text) => text,
): void => account.writeManifest((text) => `${change(text)}${policyText(rules)}`);

export const policyText = (rules: readonly string[]): string =>
  `approval:\n  policy:\n${rules.map((rule) => `    - ${rule}\n`).join('')}`;

export const accuracy = 'multiclass_classification_metrics.accuracy';

/** The decisions that were sent to the registry, with exactly their members. */
export const decisionsIn = (requests: readonly { readonly operation: string; readonly input: unknown }[]) =>
  requests.filter(({ operation }) => operation === 'UpdateModelPackage').map(({ input }) => input);

export const packageOf = (number: number): string =>
  `arn:aws:sagemaker:${team.region}:${team.account}:model-package/${team.model}/${number}`;
