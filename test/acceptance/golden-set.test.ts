import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { compare } from '../../src/commands/compare.ts';
import { goldenSet } from '../../src/commands/golden-set.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { captured, csv, truths } from '../support/captures.ts';
import { filesOf, jsonLines } from '../support/prediction-files.ts';
import { runCommand } from '../support/run-command.ts';

let account: TestAccount;
beforeAll(async () => {
  account = await openAccount();
});
afterAll(() => account.close());

const ids = Array.from({ length: 120 }, (_, at) => `order-${at}`);
const hour = (at: number): string => String(at % 24).padStart(2, '0');
const put = (key: string, content: string): void =>
  account.simulator.objects.put('ml-capture', key, Buffer.from(content));

const folder = mkdtempSync(join(tmpdir(), 'golden-set-'));
const make = async (capture: string, output: string) => {
  const watched = account.watch();
  const { code, out, err } = await runCommand(
    goldenSet,
    ['--capture', capture, '--ground-truth', 's3://ml-capture/labels', '--output', join(folder, output)],
    { env: account.environment, seams: { clock: account.simulator.driver } },
  );
  return { code, said: [...out, ...err].join('\n'), requests: watched() };
};

test('the captures and the ground truth of a day in S3 become a golden set that compare takes', async () => {
  // By hours, in no order, with a neighbour whose name begins alike.
  for (const [at, id] of [...ids.entries()].reverse())
    put(
      `churn/main/2026/01/15/${hour(at)}/${id}.jsonl`,
      jsonLines([captured(`event-${at}`, csv(`${at},${at % 7}`), { inferenceId: id })]),
    );
  put('churn/main/2026/01/15/_SUCCESS', 'x');
  put('churn/main/2026/01/15-old/a.jsonl', 'no record');
  put('labels/2026/01/16/00/a.jsonl', truths(Object.fromEntries(ids.map((id, at) => [id, String(at % 2)]))));

  const { code, said, requests } = await make('s3://ml-capture/churn/main/2026/01/15', 'golden.jsonl');
  expect({ code, said }).toEqual({ code: 0, said: expect.stringContaining('wrote 120 golden rows') });
  expect(requests.filter(({ mutation }) => mutation)).toEqual([]);
  const rows = readFileSync(join(folder, 'golden.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(new Set(rows.map(({ id }) => id))).toEqual(new Set(ids));
  expect(rows.find(({ id }) => id === 'order-9')).toEqual({ id: 'order-9', label: 1, c0: 9, c1: 2 });

  const files = filesOf({
    'answers.jsonl': jsonLines(rows.map(({ id, label }) => ({ id, prediction: label }))),
    'policy.yml': `task: binary-classification\npositive: 1\ndataset: ${join(folder, 'golden.jsonl')}\nmetrics: [accuracy]\nslices: [c0 >= 60]\n`,
  });
  const compared = await runCommand(compare, [
    '--candidate',
    files['answers.jsonl'],
    '--baseline',
    files['answers.jsonl'],
    '--policy',
    files['policy.yml'],
    '--json',
  ]);
  expect(JSON.parse(compared.out.join('\n'))).toMatchObject({ verdict: 'pass', rows: { compared: 120 } });
});

test('one object is a place too', async () => {
  put('labels/2026/01/16/00/a.jsonl', truths({ 'order-3': '1' }));
  const { code, said } = await make('s3://ml-capture/churn/main/2026/01/15/03/order-3.jsonl', 'one.jsonl');
  expect({ code, said }).toEqual({ code: 0, said: expect.stringContaining('wrote 1 golden row ') });
});

test.each([
  ['s3://ml-capture/nothing/', 2, 'there is no file with records at "s3://ml-capture/nothing/"'],
  ['s3://ml-capture', 2, '"s3://ml-capture" is no address of objects'],
  ['s3://ml-nowhere/churn/', 1, 'what to do:'],
])('%s writes nothing, and says why', async (capture, exit, because) => {
  const { code, said } = await make(capture, 'none.jsonl');
  expect({ code, said }).toEqual({ code: exit, said: expect.stringContaining(because) });
  expect(existsSync(join(folder, 'none.jsonl'))).toBe(false);
});
