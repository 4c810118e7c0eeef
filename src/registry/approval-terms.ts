import type { Environment, Manifest, OnRejection } from '../manifest/manifest.ts';

/** Where the approval of a release stands, and how much its loss matters once traffic moves. */
export interface ApprovalTerms {
  /** Model package group. */
  readonly group: string;
  readonly onRejection: OnRejection;
}

export const termsOf = ({ model }: Manifest, { onRejection = 'take-back' }: Environment): ApprovalTerms => ({
  group: model,
  onRejection,
});
