import { isDay, iso } from '../clock.ts';
import { groupBy } from '../group-by.ts';
import { readArguments } from '../hosts/command-line/arguments.ts';
import type { CommandLine, ExitCode } from '../hosts/command-line/command-line.ts';
import type { Terminal } from '../hosts/terminal.ts';
import { readInputs } from '../inputs/read-inputs.ts';
import { counted, percent } from '../judge/amounts.ts';
import { type Bucket, countsOf } from '../judge/bucket.ts';
import { beginJudging, observeBucket, verdictOf } from '../judge/judge.ts';
import { errorsMetric, isToBeProven, type Policy } from '../judge/policy.ts';
import { requestsToProof } from '../judge/time-to-proof.ts';
import type { Verdict } from '../judge/verdict.ts';
import { environmentOf } from '../manifest/load.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { dispersionNotes } from '../metrics/proof.ts';
import { readPast } from '../metrics/recorded.ts';
import { sharedInputs } from '../operations/shared-inputs.ts';
import { jsonText } from '../plain-text.ts';
import { flag, InputError, optional, text, type ValuesOf } from '../schema.ts';
import { quoted, redacted } from '../secrets.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { type Command, wrongRequest } from './command.ts';
import { reportFailure } from './failure-report.ts';
import { openReadOnly } from './read-only-session.ts';
import {
  guardReason,
  type Recorded,
  readJournalFile,
  recordedInputs,
  recordedJournal,
  recordedLines,
} from './recorded-metrics.ts';

const instant = (description: string) => optional(text({ description, example: '2026-01-05T09:00:00Z' }));

const backtestInputs = {
  ...recordedInputs,
  // A file only where there is an environment: buckets and journals need none.
  manifest: text({ description: sharedInputs.manifest.description, default: 'delivery.yml' }),
  environment: optional(
    text({
      description:
        'Instead of `buckets`: read the metrics of this environment from CloudWatch, by the policy of its rollout unless `policy` is given.',
      example: 'production',
    }),
  ),
  from: instant('With `environment`: first minute; CloudWatch keeps minutes for 15 days.'),
  to: instant('With `environment`: the first minute after the end.'),
  json: flag({ description: 'Print JSON.', default: false }),
};

export const backtest: Command = {
  does: "Prints a policy's decisions on recorded metrics, and the time that its proofs take.",
  options: backtestInputs,
  notes: ['Only `--environment` needs AWS: it reads CloudWatch.'],
  examples: [
    { line: 'backtest --policy judge.yml --buckets buckets.jsonl', does: 'Plays the policy on recorded buckets.' },
    { line: 'backtest --journal journal.jsonl', does: 'Plays a former release.' },
    {
      line: 'backtest --environment production --from 2026-01-05T09:00:00Z --to 2026-01-05T17:00:00Z',
      does: "Plays the rollout's policy on CloudWatch's metrics of that day.",
    },
  ],
  exits: { 0: 'printed', 1: 'AWS could not be read', 2: wrongRequest },
  run: (args, host, terminal) => runBacktest(args, terminal, host),
};

/** `backtest`: a policy's decisions on recorded metrics, and its possible proofs on such traffic. */
const runBacktest = async (args: readonly string[], terminal: Terminal, host: () => CommandLine): Promise<ExitCode> => {
  try {
    const written = readArguments(backtestInputs, args);
    const inputs = readInputs(backtestInputs, written);
    const backtest = backtestOf(
      await recorded(inputs, host, () => readInputs({ manifest: sharedInputs.manifest }, written).manifest),
    );
    terminal.out(inputs.json ? jsonText(backtest, 2) : redacted(asText(backtest)));
    return 0;
  } catch (error) {
    if (!(error instanceof InputError)) return reportFailure('backtest', error, host());
    terminal.err(`backtest: ${error.message}`);
    return 2;
  }
};

const recorded = async (
  { policy, buckets, journal, environment, from, to }: ValuesOf<typeof backtestInputs>,
  host: () => CommandLine,
  manifest: () => Manifest,
): Promise<Recorded> => {
  if (journal !== undefined) return recordedJournal(readJournalFile(journal), policy);
  if (environment === undefined) {
    if (policy === undefined)
      throw new InputError('policy is required, unless there is a `journal` or an `environment`');
    return recordedLines(policy, buckets);
  }
  if (from === undefined || to === undefined) throw new InputError('environment needs `from` and `to`');
  const [begin, end] = [instantOf('from', from), instantOf('to', to)];
  if (begin >= end) throw new InputError(`from: ${from} is not before ${to}`);
  const session = await openReadOnly(host(), manifest(), environment);
  const judge = policy ?? environmentOf(manifest(), environment).rollout.judge;
  if (judge === undefined) throw new InputError(`${environment} has no judge in its rollout: give a \`policy\``);
  const { store, world } = session;
  const {
    frozen,
    buckets: found,
    alone,
  } = await readPast(world, store.endpoint, judge, (await store.read())?.record, begin, end);
  return {
    policy: frozen.policy,
    guardBecause: guardReason(judge, frozen.guard.because),
    latency: frozen.latency?.because ?? 'CloudWatch has no samples of latency',
    history: alone,
    buckets: found,
    rates: frozen.rates,
    ...withoutUndefined({ perRequest: frozen.own?.perRequest }),
  };
};

const instantOf = (input: string, written: string): number => {
  const at = /^\d{4}-\d\d-\d\dT/.test(written) && isDay(written.slice(0, 10)) ? Date.parse(written) : Number.NaN;
  if (Number.isNaN(at))
    throw new InputError(`${input}: ${quoted(written)} is not a time; expected e.g. 2026-01-05T09:00:00Z`);
  return at;
};

interface Backtest {
  readonly burstGuard: { readonly on: boolean; readonly because: string };
  readonly latency: string;
  /** Why proofs take longer than for errors that come singly. */
  readonly dispersion: readonly string[];
  /** The baseline's requests and their error rate over all minutes. */
  readonly baseline: { readonly requests: number; readonly errorRate: number };
  /** Candidate requests, and seconds at the baseline's rate, until a candidate as good as the baseline is proven. */
  readonly timeToProof: readonly {
    readonly share: number;
    readonly requests: number;
    readonly seconds: number;
    /** The metric with the longest proof. */
    readonly says: string;
  }[];
  readonly rollout?: Played;
  /** The verdicts of that time, on the same metrics. */
  readonly before?: Pick<Played, 'counts' | 'first'>;
}

interface Played {
  readonly buckets: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly first: readonly { readonly decision: string; readonly t: number; readonly because: string }[];
  readonly end: { readonly decision: string; readonly because: string };
}

const shares: readonly number[] = [0.05, 0.1, 0.25, 0.5];

const backtestOf = (recorded: Recorded): Backtest => {
  const { policy, buckets, history, formerly } = recorded;
  const served = [
    ...history.map(({ requests, bad, seconds }) => ({ requests, bad, seconds, candidate: 0 })),
    ...buckets.flatMap(({ baseline, candidate, seconds }) =>
      baseline
        ? [
            {
              requests: baseline.requests,
              bad: baseline.bad[errorsMetric] ?? 0,
              seconds,
              candidate: candidate?.requests ?? 0,
            },
          ]
        : [],
    ),
  ];
  const sum = (of: (bucket: (typeof served)[number]) => number): number =>
    served.reduce((total, bucket) => total + of(bucket), 0);
  const requests = sum((bucket) => bucket.requests);
  const errorRate = requests > 0 ? sum((bucket) => bucket.bad) / requests : 0;
  const perSecond =
    (requests + sum((bucket) => bucket.candidate)) /
    Math.max(
      1,
      sum((bucket) => bucket.seconds),
    );
  const rates = recorded.rates ?? { ...ratesOf(policy, buckets), [errorsMetric]: errorRate };
  return {
    burstGuard: { on: policy.burstGuard, because: recorded.guardBecause },
    latency: recorded.latency,
    dispersion: dispersionNotes(policy),
    baseline: { requests, errorRate },
    timeToProof: shares.map((share) => {
      const [slowest = { says: 'nothing', requests: Number.POSITIVE_INFINITY }] = policy.metrics
        .filter(isToBeProven)
        .map((metric) => ({
          says: metric.says,
          requests: Math.ceil(
            requestsToProof(metric, policy.healthy.confidence, rates[metric.name] ?? 0, share) /
              (recorded.perRequest?.[metric.name] ?? 1),
          ),
        }))
        .sort((one, other) => other.requests - one.requests);
      return { share, ...slowest, seconds: Math.ceil(slowest.requests / (perSecond * share)) };
    }),
    ...(buckets.length > 0 ? { rollout: play(policy, buckets) } : {}),
    ...(formerly && formerly.length > 0
      ? {
          before: summaryOf(formerly.map(({ at, verdict }) => ({ ...verdict, t: verdict.t ?? Date.parse(at) / 1000 }))),
        }
      : {}),
  };
};

/** The baseline's rates, by metric. */
const ratesOf = ({ metrics }: Policy, buckets: readonly Bucket[]): Readonly<Record<string, number>> =>
  Object.fromEntries(
    metrics.map(({ name }) => {
      const counts = buckets.flatMap((bucket) => countsOf(bucket, name) ?? []);
      const trials = counts.reduce((sum, { baseline }) => sum + baseline, 0);
      return [name, trials > 0 ? counts.reduce((sum, { baselineBad }) => sum + baselineBad, 0) / trials : 0] as const;
    }),
  );

const play = (policy: Policy, buckets: readonly Bucket[]): Played => {
  let judging = beginJudging(policy);
  const verdicts: Verdict[] = [];
  for (const bucket of buckets) {
    judging = observeBucket(judging, bucket);
    verdicts.push(verdictOf(judging));
  }
  const { decision, because } = verdictOf(judging);
  return { buckets: buckets.length, ...summaryOf(verdicts), end: { decision, because } };
};

const summaryOf = (
  verdicts: readonly { readonly decision: string; readonly t: number; readonly because: string }[],
): Pick<Played, 'counts' | 'first'> => {
  const groups = groupBy(verdicts, ({ decision }) => decision);
  return {
    counts: Object.fromEntries([...groups].map(([decision, all]) => [decision, all.length])),
    first: [...groups.values()].flatMap(([first]) =>
      first ? [{ decision: first.decision, t: first.t, because: first.because }] : [],
    ),
  };
};

const asText = ({ burstGuard, latency, dispersion, baseline, timeToProof, rollout, before }: Backtest): string =>
  [
    `baseline: ${counted(baseline.requests, 'request')}, ${percent(baseline.errorRate)} errors`,
    `burst guard: ${burstGuard.on ? 'on' : 'off'}; ${burstGuard.because}`,
    `latency: ${latency}`,
    ...dispersion,
    'a candidate as good as the baseline is proven healthy',
    ...timeToProof.map(({ share, requests, seconds, says }) =>
      Number.isFinite(requests)
        ? `  at ${percent(share)} after about ${requests} requests, ${Math.ceil(seconds / 60)} min (${says})`
        : `  at ${percent(share)} never`,
    ),
    ...(rollout
      ? [`rollout: ${counted(rollout.buckets, 'bucket')}, ${countsAsText(rollout)}`, ...firstsAsText(rollout)]
      : ['rollout: none, no candidate had requests']),
    ...(before ? [`verdicts of that time: ${countsAsText(before)}`, ...firstsAsText(before)] : []),
  ].join('\n');

const countsAsText = ({ counts }: Pick<Played, 'counts'>): string =>
  Object.entries(counts)
    .map(([decision, count]) => `${count} ${decision}`)
    .join(', ');

const firstsAsText = ({ first }: Pick<Played, 'first'>): readonly string[] =>
  first.map(({ decision, t, because }) => `  first ${decision} at ${t >= longAgo ? iso(t * 1000) : t}: ${because}`);

/** Seconds since the epoch, in 2001; smaller times are relative to a file's own start. */
const longAgo = 1e9;
