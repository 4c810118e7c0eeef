import type { Delivery, Manifest, OnRejection } from '../manifest/manifest.ts';
import { withoutUndefined } from '../without-undefined.ts';

/** The package with the approval of a release, and the effect of losing it once traffic moves. */
export interface ApprovalTerms {
  /** Model package group. */
  readonly group: string;
  readonly onRejection: OnRejection;
  /** Absent: the manifest has no stage for the environment, and nothing is written to the registry. */
  readonly stage?: StageTerms;
}

/** The stage of an environment in the registry. */
export interface StageTerms {
  readonly name: string;
  /** Stages of the manifest's other environments. */
  readonly others: readonly string[];
}

export const termsOf = (
  { model, environments, byCodeDeploy }: Manifest,
  { onRejection = 'take-back', stage }: Delivery,
): ApprovalTerms => ({
  group: model,
  onRejection,
  ...withoutUndefined({
    stage: stage === undefined ? undefined : stageTerms({ ...environments, ...byCodeDeploy }, stage),
  }),
});

const stageTerms = (environments: Readonly<Record<string, Delivery>>, name: string): StageTerms => ({
  name,
  others: Object.values(environments).flatMap(({ stage }) => (stage === undefined || stage === name ? [] : [stage])),
});
