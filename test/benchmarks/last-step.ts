/**
 * The last step, without a baseline: how often a candidate with all of the traffic is taken back, or published.
 *
 *   npm run bench:last-step                        1,000 runs a row
 *   npm run bench:last-step 200
 */
import { percent } from '../../src/judge/amounts.ts';
import type { Arm, Bucket } from '../../src/judge/bucket.ts';
import { hoursAbove, usualErrorRate } from '../../src/judge/incident.ts';
import { beginJudging, observeBucket, verdictOf } from '../../src/judge/judge.ts';
import { policyOf } from '../../src/judge/policy.ts';
import { type Random, randomFrom } from './random.ts';

interface Row {
  readonly name: string;
  readonly requestsPerSecond: number;
  /** Share of failing requests in the day before and in the compared steps, in the hour of the last step. */
  readonly before: number;
  /** In the last step, by its minute. */
  readonly alone: (minute: number) => number;
  /** Failures come so many at a time. */
  readonly inRows?: number;
  readonly healthy: boolean;
}

const steadily = (rate: number) => (): number => rate;
const from =
  (minute: number, rate: number, before: number, length = 600) =>
  (at: number) =>
    at >= minute && at < minute + length ? rate : before;

const rates = [50, 5].flatMap((requestsPerSecond): readonly Omit<Row, 'name'>[] => [
  { requestsPerSecond, before: 0, alone: steadily(0), healthy: true },
  { requestsPerSecond, before: 0.001, alone: steadily(0.001), healthy: true },
  { requestsPerSecond, before: 0.01, alone: steadily(0.01), healthy: true },
  { requestsPerSecond, before: 0.05, alone: steadily(0.05), healthy: true },
]);
const rows: readonly Row[] = [
  ...rates.map((row) => ({ ...row, name: `${percent(row.before)}, as before` })),
  ...[50, 5].flatMap((requestsPerSecond): readonly Row[] => {
    const row = (name: string, before: number, alone: Row['alone'], healthy: boolean, inRows?: number): Row => ({
      name,
      requestsPerSecond,
      before,
      alone,
      healthy,
      ...(inRows === undefined ? {} : { inRows }),
    });
    return [
      row('0.3 %, in rows of 5', 0.003, steadily(0.003), true, 5),
      row('0.3 %, in rows of 20', 0.003, steadily(0.003), true, 20),
      row('1 → 1.5 % by the hour', 0.01, steadily(0.015), true),
      row('1 → 2 % by the hour', 0.01, steadily(0.02), true),
      row('a dependency fails on 10 % for 1 min', 0.001, from(3, 0.1, 0.001, 1), true),
      row('a dependency fails on 10 % for 3 min', 0.001, from(3, 0.1, 0.001, 3), true),
      row('a dependency fails on 10 % for 10 min', 0.001, from(3, 0.1, 0.001, 10), true),
      row('0.1 → 1 %', 0.001, steadily(0.01), false),
      row('0.1 → 15 %', 0.001, steadily(0.15), false),
      row('0.1 → 15 % from minute 5 on', 0.001, from(5, 0.15, 0.001), false),
      row('1 → 5 %', 0.01, steadily(0.05), false),
      row('5 → 15 %', 0.05, steadily(0.15), false),
    ];
  }),
];

const judge = {
  convict: { worseThan: 1.2, falseRollback: 0.01 },
  healthy: { excessBelow: 0.005, confidence: 0.95 },
} as const;
const [bakeMinutes, longestMinutes, lagMinutes] = [10, 60, 3];

interface End {
  readonly is: 'taken back' | 'published' | 'unproven';
  readonly minutes: number;
}

/** A candidate that is convicted in a compared step never gets to the last one: another is drawn. */
const play = (row: Row, random: Random): End => {
  for (;;) {
    const end = playOnce(row, random);
    if (end) return end;
  }
};

const playOnce = ({ requestsPerSecond, before, alone, inRows = 1 }: Row, random: Random): End | undefined => {
  const arm = (share: number, rate: number): Arm => {
    const requests = random.poisson(60 * requestsPerSecond * share);
    const failed = inRows === 1 ? random.binomial(requests, rate) : inRows * random.poisson((requests * rate) / inRows);
    return { requests, bad: { errors: Math.min(requests, failed) } };
  };
  const day = Array.from({ length: 1440 }, (_, minute) => {
    const { requests, bad } = arm(1, before);
    return { hour: Math.floor(minute / 60), requests, bad: bad['errors'] ?? 0 };
  });
  const usual = usualErrorRate(day) ?? 0;
  const policy = policyOf(judge, { usual: { errors: usual }, higherAt: { errors: hoursAbove(day, usual) } });
  let judging = beginJudging(policy);
  let t = 0;
  const see = (bucket: Omit<Bucket, 't' | 'seconds'>): ReturnType<typeof verdictOf> => {
    judging = observeBucket(judging, { t, seconds: 60, ...bucket });
    t += 60;
    return verdictOf(judging);
  };
  for (const share of [0.1, 0.5]) {
    see({ share, weightMoved: true, candidate: arm(share, before), baseline: arm(1 - share, before) });
    for (let minute = 0; minute < 15; minute += 1)
      see({ share, candidate: arm(share, before), baseline: arm(1 - share, before) });
  }
  const raised = see({ share: 1, weightMoved: true, candidate: arm(0.8, before), baseline: arm(0.2, before) });
  if (raised.decision === 'rollback') return undefined;
  for (let minute = 0; minute < longestMinutes; minute += 1) {
    const candidate = arm(1, alone(minute));
    const { decision } = see({ share: 1, candidate, baseline: { requests: 0, bad: { errors: 0 } } });
    if (decision === 'rollback') return { is: 'taken back', minutes: minute + 1 };
    // The judge's newest minute is that old when it decides.
    if (minute + 1 + lagMinutes >= bakeMinutes && decision !== 'hold') return { is: 'published', minutes: minute + 1 };
  }
  return { is: 'unproven', minutes: longestMinutes };
};

/** A table in Markdown. */
const table = (runs: number): string => {
  const lines = rows.map((row) => {
    const random = randomFrom(`last step/${row.name}/${row.requestsPerSecond}`);
    const ends = Array.from({ length: runs }, () => play(row, random));
    const share = (is: End['is']): string => percent(ends.filter((end) => end.is === is).length / runs);
    const back = ends.filter(({ is }) => is === 'taken back').sort((one, other) => one.minutes - other.minutes);
    const median = back[Math.floor(back.length / 2)]?.minutes;
    return `| ${row.name} | ${row.requestsPerSecond} | ${row.healthy ? 'healthy' : 'bad'} | ${share('taken back')} | ${share('published')} | ${median ?? ''} |`;
  });
  return [
    '| errors before → at 100 % | requests a second | candidate | taken back | published | median minutes |',
    '| --- | --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
};

const [given = '1000'] = process.argv.slice(2);
const runs = Number(given);
if (!Number.isSafeInteger(runs) || runs < 1) throw new Error(`${given}: runs are a whole number from 1`);
console.log(table(runs));
