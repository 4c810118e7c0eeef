import type { Environment, Manifest, OnRejection } from '../manifest/manifest.ts';

/** The package with the approval of a release, and the effect of losing it once traffic moves. */
export interface ApprovalTerms {
  /** Model package group. */
  readonly group: string;
  readonly onRejection: OnRejection;
}

export const termsOf = ({ model }: Manifest, { onRejection = 'take-back' }: Environment): ApprovalTerms => ({
  group: model,
  onRejection,
});
