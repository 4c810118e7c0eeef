import type { FailureType, PutJobFailureResultInput, PutJobSuccessResultInput } from '../../aws/codepipeline.ts';
import type { Instant } from '../../clock.ts';
import type { Outcome } from '../../outcome.ts';
import { cutAt, jsonText, oneLine, visible } from '../../plain-text.ts';
import { type ReasonCode, reason } from '../../reason-codes.ts';
import { type Result, withoutAccount, withRemarks } from '../../report/result.ts';
import { resultJson } from '../../report/result-json.ts';
import { inBrief } from '../../report/summary.ts';
import { redacted } from '../../secrets.ts';
import { withoutUndefined } from '../../without-undefined.ts';

/** A worker's answer to CodePipeline about one job. */
export type JobAnswer =
  | {
      readonly is: 'success';
      readonly result: Omit<PutJobSuccessResultInput, 'jobId'>;
      /** The summary without evidence, where it has some: the log of a worker need not repeat that each minute. */
      readonly state?: string;
      /** Absent while the action goes on. */
      readonly end?: JobEnd;
    }
  | { readonly is: 'failure'; readonly result: Omit<PutJobFailureResultInput, 'jobId'>; readonly end: JobEnd };

/** How the operation ended, in plain text for readers of any host. */
export interface JobEnd {
  readonly outcome: Outcome;
  readonly reason: ReasonCode;
  readonly because: string;
}

/** The state that the action shows while it runs. */
export interface JobState {
  readonly summary: string;
  readonly percent?: number;
  /** Fills `{ExternalExecutionId}` in the link of the action: the endpoint, or the model package group. */
  readonly subject: string | undefined;
  /** Id of the account of the delivery, once it is known. */
  readonly account?: string | undefined;
  /** As `evidenceText` made it. It keeps its length; the summary before it is shortened. */
  readonly evidence?: string | undefined;
  /** Of an invoked job. CodePipeline lists the action with this instant, by which a repeated event is recognised (`shownInstant`). */
  readonly goesOnAt?: Instant | undefined;
}

/** CodePipeline API: ExecutionSummary, Message. */
const longestSummary = 2048;
const longestMessage = 5000;
/** User guide, Quotas: all output variables of an action together. */
const mostVariableBytes = 122_880;

/** Of the 2,048 characters of a summary and of a token: the others are for the state of the action, and for memory. */
const longestEvidence = 1200;

/** The evidence for the people whose decision the action waits for, on one line; undefined for a result that has none. */
export const evidenceText = (result: Result): string | undefined => {
  const text = inBrief(result, longestEvidence);
  return text && cutAt(oneLine(plain(text, undefined)), longestEvidence);
};

/** The action goes on with another job, which brings the token back. */
export const continued = (token: string, state?: JobState): JobAnswer => ({
  is: 'success',
  result: { continuationToken: token, ...withoutUndefined({ executionDetails: state && detailsOf(state) }) },
  ...(state?.evidence === undefined ? {} : { state: shownSummary(state) }),
});

/** A success has variables, which exist for successful actions only; any other outcome is a typed failure. */
export const ended = (result: Result, subject: string | undefined, account?: string, evidence?: string): JobAnswer =>
  result.outcome === 'succeeded'
    ? {
        is: 'success',
        end: endOf(result, account),
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
    : failed({ ...result, because: withRemarks(result.because, result.remarks) }, subject, account, evidence);

/** The message starts `outcome/reason-code:`, for readers of the pipeline and for its event rules. */
export const failed = (
  { outcome, reason: code, because }: JobEnd,
  subject: string | undefined,
  account?: string,
  evidence?: string,
): JobAnswer => ({
  is: 'failure',
  end: endOf({ outcome, reason: code, because }, account),
  result: {
    failureDetails: {
      type: failureType(code),
      message: cutAt(
        [
          plain(`${outcome}/${code}: ${because}\n${reason(code).remedy}`, account),
          ...(evidence ? [evidence] : []),
        ].join('\n'),
        longestMessage,
      ),
      ...withoutUndefined({ externalExecutionId: subject || undefined }),
    },
  },
});

const endOf = ({ outcome, reason, because }: JobEnd, account: string | undefined): JobEnd => ({
  ...{ outcome, reason },
  because: plain(because, account),
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

const shownSummary = ({ summary, account, evidence }: JobState): string =>
  cutAt(oneLine(plain(summary, account)), longestSummary - (evidence === undefined ? 0 : evidence.length + 2)) || '-';

const goesOn = 'goes on at ';

/** The instant of `goesOnAt` in an action's `externalExecutionId`; undefined when the action has none yet. */
export const shownInstant = (externalExecutionId: string | undefined): Instant | undefined => {
  const at = Date.parse(externalExecutionId?.split(goesOn)[1] ?? '');
  return Number.isNaN(at) ? undefined : at;
};

const detailsOf = ({ percent, evidence, goesOnAt, ...state }: JobState) => ({
  summary: [shownSummary({ ...state, evidence }), ...(evidence === undefined ? [] : [evidence])].join('. '),
  ...withoutUndefined({
    percentComplete: percent === undefined ? undefined : Math.min(100, Math.max(0, Math.round(percent))),
    externalExecutionId:
      [state.subject, goesOnAt === undefined ? '' : `${goesOn}${new Date(goesOnAt).toISOString()}`]
        .filter(Boolean)
        .join(', ') || undefined,
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
