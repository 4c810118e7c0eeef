import type { FailureType, PutJobFailureResultInput, PutJobSuccessResultInput } from '../../aws/codepipeline.ts';
import type { Outcome } from '../../outcome.ts';
import { cutAt, jsonText, oneLine, visible } from '../../plain-text.ts';
import { type ReasonCode, reason } from '../../reason-codes.ts';
import { type Result, withoutAccount, withRemarks } from '../../report/result.ts';
import { resultJson } from '../../report/result-json.ts';
import { redacted } from '../../secrets.ts';
import { withoutUndefined } from '../../without-undefined.ts';

/** A worker's answer to CodePipeline about one job. */
export type JobAnswer =
  | { readonly is: 'success'; readonly result: Omit<PutJobSuccessResultInput, 'jobId'> }
  | { readonly is: 'failure'; readonly result: Omit<PutJobFailureResultInput, 'jobId'> };

/** The state that the action shows while it runs. */
export interface JobState {
  readonly summary: string;
  readonly percent?: number;
  /** Fills `{ExternalExecutionId}` in the link of the action: the endpoint, or the model package group. */
  readonly subject: string | undefined;
  /** Id of the account of the delivery, once it is known. */
  readonly account?: string | undefined;
}

/** CodePipeline API: ExecutionSummary, Message. */
const longestSummary = 2048;
const longestMessage = 5000;
/** User guide, Quotas: all output variables of an action together. */
const mostVariableBytes = 122_880;

/** The action goes on with another job, which brings the token back. */
export const continued = (token: string, state?: JobState): JobAnswer => ({
  is: 'success',
  result: { continuationToken: token, ...withoutUndefined({ executionDetails: state && detailsOf(state) }) },
});

/** A success has variables, which exist for successful actions only; any other outcome is a typed failure. */
export const ended = (result: Result, subject: string | undefined, account?: string): JobAnswer =>
  result.outcome === 'succeeded'
    ? {
        is: 'success',
        result: {
          executionDetails: detailsOf({
            summary: withRemarks(result.because, result.remarks),
            percent: 100,
            subject,
            account,
          }),
          outputVariables: variablesOf(result),
        },
      }
    : failed({ ...result, because: withRemarks(result.because, result.remarks) }, subject, account);

/** The message starts `outcome/reason-code:`, for readers of the pipeline and for its event rules. */
export const failed = (
  {
    outcome,
    reason: code,
    because,
  }: { readonly outcome: Outcome; readonly reason: ReasonCode; readonly because: string },
  subject: string | undefined,
  account?: string,
): JobAnswer => ({
  is: 'failure',
  result: {
    failureDetails: {
      type: failureType(code),
      message: cutAt(plain(`${outcome}/${code}: ${because}\n${reason(code).remedy}`, account), longestMessage),
      ...withoutUndefined({ externalExecutionId: subject || undefined }),
    },
  },
});

const permissionReasons: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  'access-denied',
  'credentials-unavailable',
  'credentials-too-short',
]);

const failureType = (code: ReasonCode): FailureType => {
  if (permissionReasons.has(code)) return 'PermissionError';
  return reason(code).badInput ? 'ConfigurationError' : 'JobFailed';
};

const detailsOf = ({ summary, percent, subject, account }: JobState) => ({
  summary: cutAt(oneLine(plain(summary, account)), longestSummary) || '-',
  ...withoutUndefined({
    percentComplete: percent === undefined ? undefined : Math.min(100, Math.max(0, Math.round(percent))),
    externalExecutionId: subject || undefined,
  }),
});

/** `result` contains the plan, which may be large; the other variables are short. */
const variablesOf = (result: Result): Record<string, string> => {
  const named = { ...result.outputs, outcome: result.outcome, 'reason-code': result.reason };
  const all = { ...named, result: jsonText(resultJson(result)) };
  const bytes = Object.entries(all).reduce((sum, [name, value]) => sum + Buffer.byteLength(name + value), 0);
  return bytes > mostVariableBytes ? named : all;
};

/** CodePipeline's console and its events show this text: no secret, no account, no character that hides another. */
const plain = (text: string, account: string | undefined): string => visible(withoutAccount(redacted(text), account));
