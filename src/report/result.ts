import { type Instant, iso } from '../clock.ts';
import type { Course } from '../findings/course.ts';
import type { AnyFindings } from '../findings/findings.ts';
import type { TestDue } from '../manifest/test-due.ts';
import type { OperationName, Plan } from '../operation.ts';
import type { Outcome } from '../outcome.ts';
import { oneLine, visible } from '../plain-text.ts';
import type { ReasonCode } from '../reason-codes.ts';
import { withoutSecrets } from '../secrets.ts';
import type { Subject } from './publications/subject.ts';

/** The report of every host, in common words. Names and versions only: see `withoutAccount`. */
export interface Result {
  readonly 'schema-version': 1;
  readonly operation: OperationName;
  readonly outcome: Outcome;
  readonly reason: ReasonCode;
  readonly because: string;
  /** By wire name; an output that the run did not reach is absent. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly plan?: Plan;
  /** The evidence behind the outcome. In JSON a member of its own for each kind: `resultJson`. */
  readonly findings?: AnyFindings;
  /** Problems beside the delivery that did not fail it; absent without any. */
  readonly remarks?: readonly string[];
  readonly dryRun: boolean;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly endedAt: string;
}

/** One event in one line, for a log and the summary's timeline. */
export interface TimelineEntry {
  readonly at: Instant;
  readonly percent: number;
  readonly because: string;
}

/** Where a person finds more about a run. */
export interface Place {
  readonly title: string;
  /** A name, as AWS has it. */
  readonly name: string;
  /** Absent where the page is not known, or where its address has an account id. */
  readonly url?: string;
}

/** All parts of a report. */
export interface Report {
  readonly result: Result;
  /** The inputs in the user's words; a file is its path. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly timeline: readonly TimelineEntry[];
  readonly url?: string;
  /** Once the manifest is read. */
  readonly subject?: Subject;
  /** Of a release. */
  readonly places?: readonly Place[];
  readonly course?: Course;
  /** The operation's memory as text: a later run may continue from it. */
  readonly token?: string;
  /** The run ended before AWS had settled; the next run should settle it. */
  readonly unsettled?: true;
  /** `endpoint/key.ts`; once the account is known. */
  readonly endpointKey?: string;
  /** Of a delivery whose manifest has `regression:`; a rollback needs no verdict. */
  readonly testDue?: TestDue;
  /** Of a finished dry run: a real run would change something. */
  readonly wouldChange?: boolean;
  /** Texts of files that the inputs of the operation may name. */
  readonly files?: Readonly<Record<string, string>>;
  /** Facts that could not be reported, or facts about the report itself. */
  readonly remarks: readonly string[];
}

/**
 * An ARN becomes its resource part and an account id `<account>`: GitHub drops a whole job output that contains a masked
 * account id (DESIGN §2; actions/runner JobExtension), and a summary is read by more people than an account.
 * The ARN of a statement's resource stays whole: a reader copies the statement, which has placeholders for the ids (`registry/grant.ts`).
 * @param accounts the accounts the run works in, once they are known: then other numbers of twelve digits are parts of names and stay
 */
export const withoutAccount = (text: string, ...accounts: readonly (string | undefined)[]): string => {
  const known = accounts.filter((id) => id !== undefined);
  return text
    .replace(/(?<!"Resource":")\barn:aws[a-z-]*:[a-z0-9-]*:[a-z0-9-]*:(?:\d{12})?:([^\s"',\\]+)/g, '$1')
    .replace(/\b\d{12}(?=\.dkr\.ecr\b)/g, '<account>')
    .replace(
      known.length === 0 ? /\b\d{12}\b/g : new RegExp(`(?<!\\d)(?:${known.join('|')})(?!\\d)`, 'g'),
      '<account>',
    );
};

/** Ids of the accounts that the ARNs among these inputs name: a bucket there may have the id in its name. */
export const accountsIn = (inputs: unknown): readonly string[] =>
  Object.values(inputs ?? {}).flatMap((value) =>
    typeof value === 'string'
      ? [...value.matchAll(/\barn:[\w-]+:[\w-]*:[\w-]*:(\d{12}):/g)].map(([, id = '']) => id)
      : [],
  );

/** `withoutAccount` on every text of a result, and no secret in any. */
export const scrubbed = (result: Result, ...accounts: readonly (string | undefined)[]): Result =>
  JSON.parse(
    JSON.stringify(withoutSecrets(result), (_key, value: unknown) =>
      typeof value === 'string' ? withoutAccount(value, ...accounts) : value,
    ),
  ) as Result;

/** @param name of the command, where it differs from the operation: `plan` delivers nothing */
export const resultAsText = ({ result }: Report, name: string = result.operation): string =>
  [
    `${name}: ${result.outcome}/${result.reason}`,
    `  ${indented(result.because)}`,
    ...Object.entries(result.outputs).map(([name, value]) => `  ${name}: ${oneLine(value)}`),
    ...(result.remarks ?? []).map((remark) => `  warning: ${oneLine(remark)}`),
  ].join('\n');

/** A sentence and the problems beside the delivery, for a host that shows one text. */
export const withRemarks = (because: string, remarks: readonly string[] = []): string =>
  [because, ...remarks.map((remark) => `warning: ${remark}`)].join('; ');

/** `deploy-endpoint (dry run)`: the name of the run in a report. */
export const workOf = ({ operation, dryRun }: Result): string => (dryRun ? `${operation} (dry run)` : operation);

export const timelineLine = (entry: TimelineEntry): string =>
  `${iso(entry.at)}  ${String(entry.percent).padStart(3)} %  ${oneLine(entry.because)}`;

/** A line of a program of the user; the mark shows that it is none of this suite's, and keeps a command to the runner from its beginning. */
export const printedLine = (line: string): string => `  | ${oneLine(line)}`;

/** A text may have several lines; none of them may look like a line of the report's own. */
export const indented = (text: string): string => visible(text).replace(/\n/g, '\n  ');
