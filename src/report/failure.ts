import { describe, isFromAws } from '../aws/errors.ts';
import { reasonOfError } from '../aws/reason.ts';
import { GitHubFailure, MissingPermission } from '../github/refusal.ts';
import { ManifestError } from '../manifest/load.ts';
import { Refusal } from '../operation.ts';
import type { Outcome } from '../outcome.ts';
import { type ReasonCode, reason } from '../reason-codes.ts';
import { InputError } from '../schema.ts';
import { redacted } from '../secrets.ts';

export interface Failure {
  readonly outcome: Outcome;
  readonly reason: ReasonCode;
  readonly because: string;
}

/** The outcome of an uncaught error, for the report. This is the one place where errors become outcomes. */
export const failureOf = (error: unknown): Failure => {
  if (error instanceof Refusal) return failure(error.reason, error.message);
  if (error instanceof ManifestError) return failure(error.reason, error.message);
  if (error instanceof InputError) return failure('invalid-input', error.message);
  if (error instanceof MissingPermission || error instanceof GitHubFailure)
    return failure('github-refused', error.message);
  if (!isFromAws(error)) return failure('internal-error', error instanceof Error ? error.message : String(error));
  return failure(reasonOfError(error), describe(error));
};

const failure = (code: ReasonCode, because: string): Failure => ({
  outcome: reason(code).outcome,
  reason: code,
  because: redacted(because),
});
