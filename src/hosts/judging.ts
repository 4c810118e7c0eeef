import { readFileSync } from 'node:fs';
import { percent } from '../judge/because.ts';
import type { Bucket } from '../judge/bucket.ts';
import { type GuardDecision, needsBurstGuard } from '../judge/burst-guard.ts';
import { beginJudging, observeBucket, verdictOf } from '../judge/judge.ts';
import { watchedLatency } from '../judge/latency.ts';
import { type Policy, policyOf } from '../judge/policy.ts';
import { requestsToProof } from '../judge/time-to-proof.ts';
import type { Verdict } from '../judge/verdict.ts';
import { loadJudge } from '../manifest/load.ts';
import type { JudgePolicy } from '../manifest/manifest.ts';
import { file, flag, InputError, text } from '../schema.ts';
import { helpOf, readArguments } from './arguments.ts';
import { type BucketFile, bucketsOf, readBucketLines } from './bucket-lines.ts';
import type { ExitCode, Terminal } from './command-line.ts';
import { readInputs } from './read-inputs.ts';

const standardInput = '-';

const judgingInputs = {
  policy: file({
    description: "The manifest's `judge` section, in a file of its own; YAML or JSON.",
    example: 'judge.yml',
    parse: loadJudge,
  }),
  buckets: text({
    description:
      'JSON lines `{t, arm: candidate|baseline, n, err}`, optionally `err4xx, cells, edges, p99, sum, max, seconds, share, moved`; `-` is standard input. Baseline lines from before the first that is of the candidate or has a `share` are the history the burst guard is decided by.',
    default: standardInput,
  }),
};

/** `judge`: one JSON line per closed bucket. Replays a journal, or judges streams of any source. */
export const runJudge = (args: readonly string[], terminal: Terminal): ExitCode =>
  answering('judge', 'Judges buckets of metrics by a policy, without AWS.', judgingInputs, args, terminal, (inputs) => {
    const { policy, rollout } = read(inputs);
    let judging = beginJudging(policy);
    for (const bucket of rollout.buckets) {
      judging = observeBucket(judging, bucket);
      const { t, decision, reason, logEvidence, threshold, evidence, because } = verdictOf(judging);
      terminal.out(JSON.stringify({ t, decision, reason, logEvidence, threshold, evidence, because }));
    }
  });

const backtestInputs = { ...judgingInputs, json: flag({ description: 'Print JSON.', default: false }) };

/** `backtest`: what a policy would have done, and what it can prove on such traffic. */
export const runBacktest = (args: readonly string[], terminal: Terminal): ExitCode =>
  answering(
    'backtest',
    'Prints what a policy would have done with recorded metrics: a rollout, or a day of production alone.',
    backtestInputs,
    args,
    terminal,
    (inputs) => {
      const told = backtest(read(inputs));
      terminal.out(inputs.json ? JSON.stringify(told, undefined, 2) : asText(told));
    },
  );

interface Read {
  readonly manifest: JudgePolicy;
  readonly policy: Policy;
  readonly rollout: BucketFile;
  readonly guard: GuardDecision;
}

const read = ({
  policy: manifest,
  buckets: path,
}: {
  readonly policy: JudgePolicy;
  readonly buckets: string;
}): Read => {
  const lines = readBucketLines(textOf(path), path === standardInput ? 'standard input' : path);
  const rollout = bucketsOf(lines, manifest.convict.worseThan);
  const guard = needsBurstGuard(rollout.history);
  const policy = policyOf(manifest, {
    burstGuard: guard.needed,
    clientErrors: rollout.clientErrors,
    ...(rollout.latency ? { latency: watchedLatency(rollout.latency) } : {}),
  });
  return { manifest, policy, rollout, guard };
};

const textOf = (path: string): string => {
  try {
    return readFileSync(path === standardInput ? 0 : path, 'utf8');
  } catch (error) {
    throw new InputError(
      `buckets: cannot read ${path === standardInput ? 'standard input' : JSON.stringify(path)}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
};

interface Backtest {
  readonly burstGuard: { readonly on: boolean; readonly because: string };
  readonly latency: string;
  /** Of the baseline: requests and bad ones of the whole file. */
  readonly baseline: { readonly requests: number; readonly errorRate: number };
  /** Candidate requests, and seconds at the baseline's rate, until a candidate as good as the baseline is proven. */
  readonly timeToProof: readonly { readonly share: number; readonly requests: number; readonly seconds: number }[];
  readonly rollout?: {
    readonly buckets: number;
    readonly counts: Readonly<Record<string, number>>;
    readonly first: readonly { readonly decision: string; readonly t: number; readonly because: string }[];
    readonly end: { readonly decision: string; readonly because: string };
  };
}

const shares: readonly number[] = [0.05, 0.1, 0.25, 0.5];

const backtest = ({ manifest, policy, rollout: { history, buckets, latency }, guard }: Read): Backtest => {
  const served = [
    ...history.map(({ requests, bad, seconds }) => ({ requests, bad, seconds, candidate: 0 })),
    ...buckets.flatMap(({ baseline, candidate, seconds }) =>
      baseline
        ? [
            {
              requests: baseline.requests,
              bad: baseline.bad['errors'] ?? 0,
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
  return {
    burstGuard: {
      on: policy.burstGuard,
      because: manifest.burstGuard === 'on' || manifest.burstGuard === 'off' ? 'the policy says so' : guard.because,
    },
    latency: latency?.because ?? 'the metrics say nothing of latency',
    baseline: { requests, errorRate },
    timeToProof: shares.map((share) => {
      const needed = requestsToProof(manifest.healthy, errorRate, share);
      return { share, requests: needed, seconds: Math.ceil(needed / (perSecond * share)) };
    }),
    ...(buckets.length > 0 ? { rollout: replay(policy, buckets) } : {}),
  };
};

const replay = (policy: Policy, buckets: readonly Bucket[]): NonNullable<Backtest['rollout']> => {
  let judging = beginJudging(policy);
  const counts: Record<string, number> = {};
  const first = new Map<string, Verdict>();
  for (const bucket of buckets) {
    judging = observeBucket(judging, bucket);
    const { decision } = judging.ruling;
    counts[decision] = (counts[decision] ?? 0) + 1;
    if (!first.has(decision)) first.set(decision, verdictOf(judging));
  }
  const end = verdictOf(judging);
  return {
    buckets: buckets.length,
    counts,
    first: [...first.values()].map(({ decision, t, because }) => ({ decision, t, because })),
    end: { decision: end.decision, because: end.because },
  };
};

const asText = ({ burstGuard, latency, baseline, timeToProof, rollout }: Backtest): string =>
  [
    `baseline: ${baseline.requests} requests, ${percent(baseline.errorRate)} errors`,
    `burst guard: ${burstGuard.on ? 'on' : 'off'}; ${burstGuard.because}`,
    `latency: ${latency}`,
    'a candidate as good as the baseline is proven healthy',
    ...timeToProof.map(({ share, requests, seconds }) =>
      Number.isFinite(requests)
        ? `  at ${percent(share)} after about ${requests} requests, ${Math.ceil(seconds / 60)} min`
        : `  at ${percent(share)} never`,
    ),
    ...(rollout
      ? [
          `rollout: ${rollout.buckets} buckets, ${Object.entries(rollout.counts)
            .map(([decision, count]) => `${count} ${decision}`)
            .join(', ')}`,
          ...rollout.first.map(({ decision, t, because }) => `  first ${decision} at ${t}: ${because}`),
        ]
      : ['rollout: none, the file has no candidate lines']),
  ].join('\n');

const answering = <Values>(
  command: string,
  description: string,
  schema: Parameters<typeof readInputs<Values>>[0],
  args: readonly string[],
  terminal: Terminal,
  answer: (values: Values) => void,
): ExitCode => {
  try {
    const { written, help } = readArguments(schema, args);
    if (help) terminal.out(helpOf(command, description, schema));
    else answer(readInputs(schema, written));
    return 0;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    terminal.err(`${command}: ${error.message}`);
    return 2;
  }
};
