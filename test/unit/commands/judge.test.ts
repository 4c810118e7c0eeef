import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { judge } from '../../../src/commands/judge.ts';
import { bothArms, jsonLines } from '../../support/bucket-lines.ts';
import { runCommand } from '../../support/run-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'judge-'));
const written = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const policy = written(
  'judge.yml',
  'convict: { worse-than: 1.2x, false-rollback: 0.01 }\nhealthy: { excess-below: 0.5%, confidence: 0.95 }\nburst-guard: off\n',
);

const judged = async (content: string, ...args: readonly string[]) => {
  const buckets = written('buckets.jsonl', content);
  const { code, out, err } = await runCommand(judge, ['--policy', policy, '--from', buckets, ...args]);
  return { code, err, verdicts: out.map((line) => JSON.parse(line)) };
};

describe('judge', () => {
  test('one verdict per closed bucket, in the format that is promised', async () => {
    const { code, verdicts } = await judged(jsonLines(...bothArms(0, 5), ...bothArms(60, 6), ...bothArms(120, 5)));
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

  test('a later line for the same bucket is a revision, and order does not matter', async () => {
    const lines = [...bothArms(0, 0), ...bothArms(60, 9), ...bothArms(120, 0)];
    const revised = [...lines.slice(4), ...lines.slice(0, 4), { t: 60, arm: 'candidate', n: 300, err: 0 }];
    expect((await judged(jsonLines(...revised))).verdicts).toEqual(
      (await judged(jsonLines(...bothArms(0, 0), ...bothArms(60, 0), ...bothArms(120, 0)))).verdicts,
    );
  });

  test('a bucket nobody speaks of is not known: it holds', async () => {
    const { verdicts } = await judged(jsonLines(...bothArms(0, 0), ...bothArms(60, 0), ...bothArms(240, 0)));
    expect(verdicts.map(({ t, decision }) => [t, decision])).toEqual([
      [0, 'continue'],
      [60, 'promote'],
      [120, 'hold'],
      [180, 'hold'],
      [240, 'continue'],
    ]);
  });

  test('latency cells and 4xx become metrics of their own', async () => {
    const cells = (slow: number) => ({ cells: [150, 120, 27 - slow, 3 + slow], edges: [80, 150, 250], err4xx: 2 });
    const lines = Array.from({ length: 12 }, (_, minute) => [
      { t: 60 * minute, arm: 'candidate', n: 300, err: 0, ...cells(20) },
      { t: 60 * minute, arm: 'baseline', n: 300, err: 0, ...cells(0) },
    ]).flat();
    const { verdicts } = await judged(jsonLines(...lines));
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
  ])('bad input ends with 2 and the line: %j', async (content, message) => {
    const { code, err, verdicts } = await judged(content);
    expect(code).toBe(2);
    expect(verdicts).toEqual([]);
    expect(err.join('\n')).toContain(message);
  });

  test('a policy that is not one names its line', async () => {
    const bad = written('bad.yml', 'convict: { worse-than: 1.2x, false-rolback: 0.01 }\nhealthy: {}\n');
    const { code, err } = await runCommand(judge, ['--policy', bad]);
    expect(code).toBe(2);
    expect(err.join('\n')).toContain('bad.yml:1:30: convict.false-rolback: unknown key; did you mean false-rollback?');
  });
});
