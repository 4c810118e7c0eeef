import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readTextFile } from '../inputs/read-file.ts';
import type { Bucket } from '../judge/bucket.ts';
import { needsBurstGuard } from '../judge/burst-guard.ts';
import { type Block, dispersionOf } from '../judge/dispersion.ts';
import { usualErrorRate } from '../judge/incident.ts';
import { watchedLatency } from '../judge/latency.ts';
import type { WatchedOwn } from '../judge/own-metrics.ts';
import { errorsMetric, type Policy, policyOf } from '../judge/policy.ts';
import { loadJudge } from '../manifest/load.ts';
import type { JudgePolicy } from '../manifest/manifest.ts';
import { segmentPath } from '../release/location.ts';
import { nextOf, wholeJournal } from '../release/segments.ts';
import {
  bucketsAt,
  type JudgeLook,
  readWitnessed,
  UnreadableJournal,
  type WitnessedJudge,
} from '../release/witnessed.ts';
import { file, InputError, optional, text } from '../schema.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { type BucketFile, type BucketLine, bucketsOf, readBucketLines } from './bucket-lines.ts';

/** Recorded metrics, and the policy that judges them. */
export interface Recorded {
  readonly policy: Policy;
  readonly guardBecause: string;
  readonly latency: string;
  /** The baseline alone, before the candidate's first request. */
  readonly history: readonly (Block & { readonly seconds: number })[];
  /** Both arms, from the first candidate request on. */
  readonly buckets: readonly Bucket[];
  /** The baseline's share of bad requests by metric, if it was counted before the rollout. */
  readonly rates?: Readonly<Record<string, number>>;
  /** How many trials of a metric of the user's own a request makes. */
  readonly perRequest?: Readonly<Record<string, number>>;
  /** The former verdicts, by the former policy. */
  readonly formerly?: readonly JudgeLook[];
}

const standardInput = '-';

const lineForm =
  'JSON lines `{t, arm: candidate|baseline, n, err}`, optionally `err4xx` (not among `err`), `cells, edges, p99, sum, max, seconds, share, moved`, and for each of the policy\'s `metrics` its name with the counts: `"empty-answers": {"bad": 3, "of": 300}`. Baseline lines before the first line with a `share` or of the candidate are the history: it decides the burst guard.';

/** Inputs of every command that judges recorded metrics. */
const policyInputs = {
  policy: optional(
    file({
      mostBytes: 256 * 1024,
      description:
        "The manifest's `judge` section, in a file of its own; YAML or JSON. With `journal` it replaces the policy of that release.",
      example: 'judge.yml',
      parse: loadJudge,
    }),
  ),
  journal: optional(
    text({
      description:
        'Instead of buckets: the journal of a release, with the frozen policy of its plan: its file, or the folder of the release, where a long journal has more than one.',
      example: 'journal.jsonl',
    }),
  ),
};

export const recordedInputs = {
  ...policyInputs,
  buckets: text({ description: `A file of buckets; \`-\` is standard input. ${lineForm}`, default: standardInput }),
};

export const judgedInputs = {
  ...policyInputs,
  from: text({
    description: `The buckets: a file, \`-\` for standard input, or a program and its arguments as a list, e.g. \`[python, buckets.py]\`, which no shell reads. The lines of a program are judged as they come. ${lineForm}`,
    default: standardInput,
  }),
};

/**
 * @param input its name in messages
 * @throws {InputError}
 */
export const recordedLines = (judge: JudgePolicy, path: string, input = 'buckets'): Recorded =>
  recordedOf(
    judge,
    readBucketLines(textOf(input, path), path === standardInput ? 'standard input' : path, judge.metrics),
  );

const recordedOf = (judge: JudgePolicy, lines: readonly BucketLine[]): Recorded => {
  const file = bucketsOf(lines, judge.convict.worseThan, judge.metrics);
  const { history, buckets, latency } = file;
  return {
    ...policyBy(judge, file),
    latency: latency?.because ?? 'the metrics have no latency',
    history,
    buckets,
  };
};

/** The policy that the history freezes. */
export const policyBy = (
  judge: JudgePolicy,
  { history, latency, clientErrors, own }: BucketFile,
): Pick<Recorded, 'policy' | 'guardBecause'> => {
  const guard = needsBurstGuard(history);
  const usual = usualErrorRate(history);
  const dispersion = dispersionOf(history);
  return {
    policy: policyOf(judge, {
      burstGuard: guard.needed,
      clientErrors,
      ...withoutUndefined({ latency: latency && watchedLatency(latency) }),
      usual: usual === undefined ? {} : { [errorsMetric]: usual },
      dispersion: { ...own.dispersion, ...withoutUndefined({ [errorsMetric]: dispersion }) },
      own: own.watched,
    }),
    guardBecause: guardReason(judge, guard.because),
  };
};

export const guardReason = ({ burstGuard }: JudgePolicy, because: string): string =>
  burstGuard === 'on' || burstGuard === 'off' ? 'the policy sets it' : because;

/** @throws {InputError} */
export const readJournalFile = (path: string): WitnessedJudge & { readonly policy: Policy } =>
  readJournal(journalText(path), path);

/** The folder of a release has all segments of its journal; a file has one of them, or several in order. */
const journalText = (path: string): string => {
  const text = path !== standardInput && isFolder(path) ? segmentsIn(path) : textOf('journal', path);
  const next = nextOf(text);
  if (next === undefined || isEnded(text)) return text;
  throw new InputError(
    `journal: ${path} ends where ${segmentPath(next)} goes on: give the folder of the release with all of its segments`,
  );
};

const segmentsIn = (folder: string): string =>
  wholeJournal((segment) => {
    const file = join(folder, segmentPath(segment));
    return segment > 1 && !existsSync(file) ? undefined : textOf('journal', file);
  }) ?? '';

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** Nothing follows the end of a release. */
const isEnded = (text: string): boolean => /^\{"at":"[^"]*","kind":"end"/m.test(text);

/**
 * @param source the text's name in messages
 * @throws {InputError} also when the release had no judge
 */
export const readJournal = (text: string, source: string): WitnessedJudge & { readonly policy: Policy } => {
  try {
    const { policy, ...witnessed } = readWitnessed(text);
    if (policy === undefined) throw new InputError(`${source}: this release had no judge`);
    return { ...witnessed, policy };
  } catch (error) {
    if (!(error instanceof UnreadableJournal)) throw error;
    throw new InputError(`${source}:${error.message}`);
  }
};

/** The journal's buckets in CloudWatch's last version. @param judge another policy, over the metrics that the release watched */
export const recordedJournal = (
  { policy, latency, looks }: WitnessedJudge & { readonly policy: Policy },
  judge: JudgePolicy | undefined,
): Recorded => ({
  policy: judge
    ? policyOf(judge, {
        clientErrors: true,
        burstGuard: policy.burstGuard,
        minimumRequests: policy.minimumRequests,
        ...withoutUndefined({ latency: latency && watchedLatency(latency) }),
        usual: Object.fromEntries(
          policy.metrics.flatMap(({ name, usual }) => (typeof usual === 'number' ? [[name, usual] as const] : [])),
        ),
        dispersion: Object.fromEntries(
          policy.metrics.flatMap(({ name, dispersion }) =>
            typeof dispersion === 'object' ? [[name, dispersion] as const] : [],
          ),
        ),
        own: watchedBy(policy),
        higherAt: Object.fromEntries(
          policy.metrics.flatMap(({ name, higherAt }) => (higherAt ? [[name, higherAt] as const] : [])),
        ),
      })
    : policy,
  guardBecause: judge ? guardReason(judge, 'decided before that release') : 'decided before that release',
  latency: latency?.because ?? 'the metrics have no latency',
  history: [],
  buckets: [...bucketsAt(looks).values()].sort((one, other) => one.t - other.t),
  formerly: looks,
});

/**
 * The user's own metrics that a release watched; others of a new policy were not counted then. A metric that held only had no guard of
 * its own: where it convicts now, that of the release stands for it.
 */
const watchedBy = ({ metrics, burstGuard }: Policy): Readonly<Record<string, WatchedOwn>> =>
  Object.fromEntries(
    metrics.flatMap(({ name, own, usual, holds, guarded = false }) =>
      own
        ? [
            [
              name,
              { burstGuard: holds ? burstGuard : guarded, ...(typeof usual === 'number' ? { usual } : {}) },
            ] as const,
          ]
        : [],
    ),
  );

/** Bytes for a year of minutes of two arms. */
const mostRecorded = 256 * 1024 * 1024;

const textOf = (input: string, path: string): string => {
  try {
    return readTextFile(path === standardInput ? 0 : path, mostRecorded);
  } catch (error) {
    if (error instanceof InputError) throw new InputError(`${input}: ${error.message}`);
    throw new InputError(
      `${input}: cannot read ${path === standardInput ? 'standard input' : JSON.stringify(path)}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
};
