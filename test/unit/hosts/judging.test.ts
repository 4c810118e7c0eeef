import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { runBacktest } from '../../../src/commands/backtesting.ts';
import { bucketsOf, readBucketLines } from '../../../src/commands/bucket-lines.ts';
import { runJudge } from '../../../src/commands/judging.ts';

const folder = mkdtempSync(join(tmpdir(), 'judging-'));
const written = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const policy = written(
  'judge.yml',
  'convict: { worse-than: 1.2x, false-rollback: 0.01 }\nhealthy: { excess-below: 0.5%, confidence: 0.95 }\nburst-guard: off\n',
);

const jsonLines = (...values: readonly object[]): string =>
  values.map((value) => `${JSON.stringify(value)}\n`).join('');
const both = (t: number, errors: number, more: object = {}): readonly object[] => [
  { t, arm: 'candidate', n: 300, err: errors, ...more },
  { t, arm: 'baseline', n: 2700, err: 3, ...more },
];
const day = Array.from({ length: 120 }, (_, minute) => ({
  t: 60 * (minute - 120),
  arm: 'baseline',
  n: 3000,
  err: minute % 2 === 0 ? 3 : 4,
}));

const terminal = () => {
  const out: string[] = [];
  const err: string[] = [];
  return { out, err, say: { out: (text: string) => out.push(text), err: (text: string) => err.push(text) } };
};
const judged = (content: string, ...args: readonly string[]) => {
  const { out, err, say } = terminal();
  const code = runJudge(['--policy', policy, '--buckets', written('buckets.jsonl', content), ...args], say);
  return { code, err, verdicts: out.map((line) => JSON.parse(line)) };
};

describe('judge', () => {
  test('one verdict per closed bucket, in the format that is promised', () => {
    const { code, verdicts } = judged(jsonLines(...both(0, 5), ...both(60, 6), ...both(120, 5)));
    expect(code).toBe(0);
    expect(verdicts.map(({ t, decision }) => [t, decision])).toEqual([
      [0, 'continue'],
      [60, 'rollback'],
      [120, 'rollback'],
    ]);
    expect(verdicts[1]).toMatchObject({ because: expect.stringContaining('11 of 600') });
    expect(verdicts[1].threshold).toBeCloseTo(Math.log(100), 12);
    expect(verdicts[1].evidence.errors.candidate).toEqual({ requests: 600, bad: 11 });
  });

  test('a later line for the same bucket is a revision, and order does not matter', () => {
    const lines = [...both(0, 0), ...both(60, 9), ...both(120, 0)];
    const revised = [...lines.slice(4), ...lines.slice(0, 4), { t: 60, arm: 'candidate', n: 300, err: 0 }];
    expect(judged(jsonLines(...revised)).verdicts).toEqual(
      judged(jsonLines(...both(0, 0), ...both(60, 0), ...both(120, 0))).verdicts,
    );
  });

  test('a bucket nobody speaks of is not known: it holds', () => {
    const { verdicts } = judged(jsonLines(...both(0, 0), ...both(60, 0), ...both(240, 0)));
    expect(verdicts.map(({ t, decision }) => [t, decision])).toEqual([
      [0, 'continue'],
      [60, 'promote'],
      [120, 'hold'],
      [180, 'hold'],
      [240, 'continue'],
    ]);
  });

  test('latency cells and 4xx become metrics of their own', () => {
    const cells = (slow: number) => ({ cells: [150, 120, 27 - slow, 3 + slow], edges: [80, 150, 250], err4xx: 2 });
    const lines = Array.from({ length: 12 }, (_, minute) => [
      { t: 60 * minute, arm: 'candidate', n: 300, err: 0, ...cells(20) },
      { t: 60 * minute, arm: 'baseline', n: 300, err: 0, ...cells(0) },
    ]).flat();
    const { verdicts } = judged(jsonLines(...lines));
    expect(Object.keys(verdicts[0].evidence)).toEqual([
      'errors',
      'client-errors',
      'latency-1',
      'latency-2',
      'latency-3',
    ]);
    expect(verdicts.at(-1)).toMatchObject({
      decision: 'rollback',
      because: expect.stringMatching(/^requests slower than 250 ms: /),
    });
  });

  test.each([
    ['{"t":0,"arm":"candidate","n":3,"err":0}\nnot json\n', 'buckets.jsonl:2: not a JSON object'],
    [
      '{"t":0,"arm":"canary","n":3,"err":0}\n',
      'buckets.jsonl:1: arm: "canary" is not an arm; expected candidate or baseline',
    ],
    ['\n{"t":0,"arm":"candidate","n":3.5,"err":0}\n', 'buckets.jsonl:2: n: 3.5 is not a count'],
    ['{"t":0,"arm":"candidate","n":3}\n', 'buckets.jsonl:1: err: is missing'],
    ['{"t":0,"arm":"candidate","n":3,"err":4}\n', 'buckets.jsonl:1: err: more than the 3 requests of the bucket'],
    ['{"t":0,"arm":"candidate","n":3,"err":0,"eror":1}\n', 'buckets.jsonl:1: unknown key eror; did you mean err?'],
    ['{"t":0,"arm":"candidate","n":3,"err":0,"cells":[1,2],"edges":[5,6]}\n', 'cells: 2 of them; 2 edges make 3'],
    ['', 'buckets.jsonl:1: there is no bucket'],
  ])('bad input ends with 2 and the line: %j', (content, message) => {
    const { code, err, verdicts } = judged(content);
    expect(code).toBe(2);
    expect(verdicts).toEqual([]);
    expect(err.join('\n')).toContain(message);
  });

  test('a policy that is not one names its line', () => {
    const { err, say } = terminal();
    const bad = written('bad.yml', 'convict: { worse-than: 1.2x, false-rolback: 0.01 }\nhealthy: {}\n');
    expect(runJudge(['--policy', bad], say)).toBe(2);
    expect(err.join('\n')).toContain('bad.yml:1:30: convict.false-rolback: unknown key; did you mean false-rollback?');
  });
});

describe('the lines of a file', () => {
  test('what lies before the first candidate line is history, and decides the guard', () => {
    const { history, buckets } = bucketsOf(readBucketLines(jsonLines(...day, ...both(0, 0)), 'x'), 1.2);
    expect(history).toHaveLength(120);
    expect(history[0]).toEqual({ requests: 3000, bad: 3, seconds: 60 });
    expect(buckets).toHaveLength(1);
  });
});

describe('backtest', () => {
  const withoutAws = (): never => {
    throw new Error('a file needs no AWS');
  };
  const told = async (content: string, ...args: readonly string[]) => {
    const { out, err, say } = terminal();
    const auto = written(
      'auto.yml',
      'convict: { worse-than: 1.2x, false-rollback: 0.01 }\nhealthy: { excess-below: 0.5%, confidence: 0.95 }\n',
    );
    const code = await runBacktest(
      ['--policy', auto, '--buckets', written('history.jsonl', content), ...args],
      say,
      withoutAws,
    );
    return { code, err, out: out.join('\n') };
  };

  test('of a day of production alone: the guard, and the time to proof', async () => {
    const { code, out } = await told(jsonLines(...day), '--json');
    expect(code).toBe(0);
    const found = JSON.parse(out);
    expect(found).toMatchObject({ burstGuard: { on: false }, baseline: { requests: 360_000 } });
    expect(found.rollout).toBeUndefined();
    const [twentieth] = found.timeToProof;
    expect(twentieth.requests).toBeGreaterThan(700);
    expect(twentieth.seconds).toBeCloseTo(twentieth.requests / (50 * 0.05), -1);
  });

  test('of a rollout: what it would have said first, and last', async () => {
    const { out } = await told(jsonLines(...day, ...both(0, 0), ...both(60, 12), ...both(120, 12)));
    expect(out).toContain('burst guard: off; errors came singly in 120 buckets');
    expect(out).toMatch(
      /rollout: 3 buckets, 1 continue, 2 rollback\n {2}first continue at 0: .*\n {2}first rollback at 60: errors: 12 of 600/,
    );
  });
});
