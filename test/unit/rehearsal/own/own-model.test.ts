import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Container } from '../../../../simulator/contracts.ts';
import { counting, printedBy, readOwnModel } from '../../../../src/rehearsal/own/own-model.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'own-model-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a server that hangs', () => {
  /** @param times of its answers in virtual milliseconds; the last one is that of all others */
  const serving = (times: readonly number[]) => {
    let asked = 0;
    const container = {
      ping: () => true,
      stop: () => {},
      invoke: () => {
        const latencyMs = times[Math.min(asked++, times.length - 1)] ?? 0;
        return { status: latencyMs > 60_000 ? 500 : 200, body: Buffer.from('1'), contentType: 'text/csv', latencyMs };
      },
    } as unknown as Container;
    const counted = counting(() => container, ['1.0.0']);
    const served = counted.serve({ identity: 'churn/1' } as never);
    const answers = (requests: number) =>
      Array.from({ length: requests }, () => served.invoke(Buffer.from('1'), 'text/csv'));
    return { answers, lines: counted.lines, asked: () => asked };
  };

  test('is given up after three requests in a row, and its other requests fail as they did', () => {
    const { answers, lines, asked } = serving([60_500]);
    expect(answers(40).every(({ status, latencyMs }) => status === 500 && latencyMs >= 60_000)).toBe(true);
    expect(asked()).toBe(3);
    expect(lines()).toContain(
      '1.0.0 hangs: 3 requests had no answer within 60 s, after which SageMaker gives up; 37 more requests counted as failed without being sent',
    );
  });

  test('is given more time while it answers in between, and no more than ten minutes', () => {
    const now = serving([...Array.from({ length: 30 }, (_, index) => (index % 3 === 2 ? 5 : 60_500)), 5]);
    now.answers(40);
    expect(now.asked()).toBe(14);
    const rarely = serving([60_500, 60_500, 5]);
    rarely.answers(40);
    expect(rarely.asked()).toBe(40);
    expect(rarely.lines().join()).not.toContain('hangs');
  });
});

describe('the output of the command', () => {
  test('is on the terminal for twenty lines, and the rest has its place', () => {
    const file = join(folder, 'serve.log');
    const said: string[] = [];
    const { news, rest } = printedBy(file, (line) => said.push(line));
    news();
    expect([said, rest()]).toEqual([[], []]);
    writeFileSync(file, 'loading\n::add-mask::x\nhalf a l');
    news();
    expect(said).toEqual(['  | loading', '  | ::add-mask::x']);
    writeFileSync(file, `loading\n::add-mask::x\n${'served\n'.repeat(30_000)}`);
    news();
    news();
    expect(said).toHaveLength(20);
    expect(rest()).toEqual([expect.stringMatching(/^… 29982 more lines of your command in .*serve\.log$/)]);
  });
});

test('a folder in the place of the model is refused with the command that makes an archive of it', () => {
  const read = (model: string) => readOwnModel({ serve: 'x', model, requests: 'package.json' });
  expect(() => read('docs')).toThrow(
    'model: "docs" is a folder; expected a gzip-compressed tar of its content: tar -czf model.tar.gz -C docs .',
  );
  const secret = join(folder, 'dXNlcjpwYXNzd29yZDEyMzQ1Njc4OTA');
  mkdirSync(secret);
  expect(() => read(secret)).toThrow(/is a folder; .*: tar -czf model\.tar\.gz -C <folder> \.$/);
});
