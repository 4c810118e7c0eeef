import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { judge } from '../../../src/commands/judge.ts';
import { bothArms, dayOfBaseline, jsonLines } from '../../support/bucket-lines.ts';
import { runCommand } from '../../support/run-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'judge-from-'));
const written = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const questions =
  'convict: { worse-than: 1.2x, false-rollback: 0.01 }\nhealthy: { excess-below: 0.5%, confidence: 0.95 }\n';
const own = `${questions}burst-guard: off
metrics:
  - name: empty-answers
    namespace: Acme
    dimensions: { VariantName: "{variant}" }
    bad: { metric: Empty }
    of: { metric: Answers }
  - name: classes
    namespace: Acme
    dimensions: { VariantName: "{variant}" }
    verdict: convict
    cells: { cat: { metric: P, dimensions: { Class: cat } }, dog: { metric: P, dimensions: { Class: dog } } }
`;
const policy = written('judge.yml', `${questions}burst-guard: off\n`);
const ownPolicy = written('own.yml', own);

const judged = async (from: string, by = policy) => {
  const { code, out, err } = await runCommand(judge, ['--policy', by, '--from', from]);
  return { code, err: err.join('\n'), verdicts: out.map((line) => JSON.parse(line)) };
};
/** A program that prints these lines. */
const printing = (text: string, more = ''): string =>
  JSON.stringify([process.execPath, '-e', `process.stdout.write(${JSON.stringify(text)});${more}`]);

const lines = [...dayOfBaseline, ...bothArms(0, 0), ...bothArms(60, 3), ...bothArms(120, 2), ...bothArms(240, 60)];

describe('the metrics of a policy', () => {
  const arms = (t: number, empty: number, cats: number) => [
    {
      t,
      arm: 'candidate',
      n: 300,
      err: 0,
      'empty-answers': { bad: empty, of: 600 },
      classes: { cells: { cat: cats, dog: 300 - cats } },
    },
    {
      t,
      arm: 'baseline',
      n: 2700,
      err: 0,
      'empty-answers': { bad: 6, of: 5400 },
      classes: { cells: { cat: 1350, dog: 1350 } },
    },
  ];
  const hour = (empty: number, cats: number) =>
    written(
      'own.jsonl',
      jsonLines(...Array.from({ length: 20 }, (_, minute) => arms(60 * minute, empty, cats)).flat()),
    );

  test('have their names as keys of each line', async () => {
    const good = await judged(hour(1, 150), ownPolicy);
    expect(good.verdicts.at(-1)).toMatchObject({ decision: 'promote' });
    expect(Object.keys(good.verdicts[0].evidence)).toEqual(['errors', 'empty-answers', 'classes']);
    expect((await judged(hour(30, 150), ownPolicy)).verdicts.at(-1).because).toMatch(
      /^empty-answers: \d+ of \d+ \(5 %\)/,
    );
    expect((await judged(hour(1, 0), ownPolicy)).verdicts.at(-1)).toMatchObject({
      decision: 'rollback',
      because: expect.stringContaining('classes "cat": 0 of'),
    });
  });

  test('are not known in a line that lacks them: the weight stays', async () => {
    const { verdicts } = await judged(
      written('lacking.jsonl', jsonLines(...bothArms(0, 0), ...bothArms(60, 0))),
      ownPolicy,
    );
    expect(verdicts.at(-1)).toMatchObject({ decision: 'hold', reason: 'own-metrics-missing' });
  });

  test.each([
    [{ 'empty-answers': 3 }, 'empty-answers: 3 is not its counts; expected e.g. {"bad":3,"of":300}'],
    [{ 'empty-answers': { bad: 3 } }, 'empty-answers: has no `of`, which the policy counts'],
    [{ 'empty-answers': { of: 3 } }, 'empty-answers: has no count bad'],
    [{ 'empty-answers': { bad: 4, of: 3 } }, 'empty-answers: counts 4, more than the 3 of which they are a part'],
    [{ 'empty-answers': { good: 4, of: 3 } }, 'empty-answers: unknown key good'],
    [{ classes: { cells: { cow: 1 } } }, 'classes: unknown cell cow; the policy has cat, dog'],
    [{ classes: { cells: { cat: -1 } } }, 'classes: a count of a cell is not a number, 0 or more'],
    [{ clases: {} }, 'unknown key clases; did you mean classes?'],
  ])('are refused with their line: %j', async (more, message) => {
    const { code, err } = await judged(
      written('bad.jsonl', jsonLines({ t: 0, arm: 'candidate', n: 300, err: 0, ...more })),
      ownPolicy,
    );
    expect(code).toBe(2);
    expect(err).toContain(`bad.jsonl:1: ${message}`);
  });
});

describe('a program', () => {
  test('gives the same verdicts as its lines in a file', async () => {
    const text = jsonLines(...lines);
    const { code, verdicts } = await judged(printing(text));
    expect(code).toBe(0);
    expect(verdicts).toEqual((await judged(written('same.jsonl', text))).verdicts);
    expect(verdicts.map(({ t }) => t)).toEqual([0, 60, 120, 180, 240]);
  });

  test('has buckets as long as the gaps between its lines, the first one too', async () => {
    const text = jsonLines(...[0, 10, 20, 30].flatMap((t) => bothArms(t, 0)));
    const { verdicts } = await judged(printing(text));
    expect(verdicts).toEqual((await judged(written('seconds.jsonl', text))).verdicts);
    const revised = text + jsonLines({ t: 0, arm: 'candidate', n: 300, err: 1 }, ...bothArms(40, 0));
    const { verdicts: again } = await judged(printing(revised));
    expect(again.at(-1)).toEqual((await judged(written('revised.jsonl', revised))).verdicts.at(-1));
  });

  test('is judged while it runs: a bucket is closed when a line of a later one arrives', async () => {
    const seen = join(folder, 'seen');
    const more = JSON.stringify(jsonLines(...bothArms(120, 0)));
    const waits = `const fs=require('fs');let go=()=>{if(fs.existsSync(${JSON.stringify(seen)})){watch.close();process.stdout.write(${more});go=()=>{}}};const watch=fs.watch(${JSON.stringify(folder)},()=>go());go();`;
    const out: string[] = [];
    const terminal = {
      out: (line: string): void => {
        out.push(JSON.parse(line).t);
        // Without this file the program never ends.
        writeFileSync(seen, '');
      },
      err: (): void => {},
    };
    const from = printing(jsonLines(...bothArms(0, 0), ...bothArms(60, 0)), waits);
    const code = await judge.run(
      ['--policy', policy, '--from', from],
      (): never => {
        throw new Error('the judge asked for a host');
      },
      terminal,
    );
    expect([code, out]).toEqual([0, [0, 60, 120]]);
  });

  test('may revise a bucket: all are judged again, with one verdict', async () => {
    const text = jsonLines(
      ...bothArms(0, 0),
      ...bothArms(60, 0),
      { t: 0, arm: 'candidate', n: 300, err: 60 },
      ...bothArms(120, 0),
    );
    const { verdicts } = await judged(printing(text));
    expect(verdicts.map(({ t, decision }) => [t, decision])).toEqual([
      [0, 'continue'],
      [0, 'rollback'],
      [60, 'rollback'],
      [120, 'rollback'],
    ]);
  });

  test.each([
    [printing('{"t":0,"arm":"candidate","n":3}\n'), 2, 'from:1: err: is missing'],
    [printing(''), 2, 'from: the program printed no bucket'],
    [printing(jsonLines(...bothArms(0, 0)), 'process.exitCode=3'), 1, 'ended with exit code 3'],
    ['[no-such-program-here]', 1, 'from: no-such-program-here did not start (ENOENT)'],
    ['[]', 2, 'from: is an empty list; expected a program and its arguments'],
    ['[node, 3]', 2, 'from: word 2 of the list is no text'],
    ['[node', 2, 'from: is not a list of words'],
  ])('%s ends with %d: %s', async (from, expected, message) => {
    const { code, err } = await judged(from);
    expect([code, err]).toEqual([expected, expect.stringContaining(message)]);
  });

  test('is started without a shell', async () => {
    const { verdicts } = await judged(
      JSON.stringify([
        process.execPath,
        '-e',
        `process.stdout.write(process.argv[1] === '$(echo no); *' ? ${JSON.stringify(jsonLines(...bothArms(0, 0)))} : '')`,
        '$(echo no); *',
      ]),
    );
    expect(verdicts).toHaveLength(1);
  });
});
