import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { readJournalFile, recordedJournal } from '../../../src/commands/recorded-metrics.ts';
import { policyOf } from '../../../src/judge/policy.ts';
import type { OwnMetric } from '../../../src/manifest/manifest.ts';
import { judgePolicy } from '../../support/stepping.ts';

test('another policy is played with all that a release knew of the day before', () => {
  const dayBefore = {
    clientErrors: true,
    usual: { errors: 0.001 },
    dispersion: { errors: { against: 3, health: 4, burstSeconds: 60 } },
    higherAt: { errors: [[4, 0.02]] as const },
  };
  const then = policyOf(judgePolicy, dayBefore);
  expect(then.metrics[0]).toHaveProperty('higherAt');
  const tighter = { ...judgePolicy, healthy: { ...judgePolicy.healthy, excessBelow: 0.002 } };
  expect(recordedJournal({ policy: then, looks: [] }, tighter).policy).toEqual(policyOf(tighter, dayBefore));
});

test('a metric that held only, and convicts by the other policy, has the guard of the release', () => {
  const own = (verdict: 'hold' | 'convict'): OwnMetric => ({
    name: 'empty',
    counts: 'bad',
    verdict,
    absent: 'zero',
    candidate: { events: [] },
    baseline: { events: [] },
  });
  const judged = { ...judgePolicy, burstGuard: 'auto' } as const;
  const guardOf = (burstGuard: boolean): boolean | undefined => {
    const policy = policyOf(
      { ...judged, metrics: [own('hold')] },
      { burstGuard, own: { empty: { burstGuard: false } } },
    );
    const played = recordedJournal({ policy, looks: [] }, { ...judged, metrics: [own('convict')] });
    return played.policy.metrics.find(({ name }) => name === 'empty')?.guarded;
  };
  expect([guardOf(true), guardOf(false)]).toEqual([true, false]);
});

const at = '2026-01-05T09:00:00Z';
const text = (...lines: readonly object[]): string =>
  lines.map((line) => `${JSON.stringify({ at, ...line })}\n`).join('');
const minute = (t: number): readonly object[] => [
  { kind: 'bucket', t, seconds: 60 },
  { kind: 'verdict', t, decision: 'continue', because: '' },
];
const first = text({ kind: 'plan', stepping: { policy: policyOf(judgePolicy) } }, ...minute(60), {
  kind: 'sealed',
  next: 2,
});
const second = text(...minute(120), { kind: 'sealed', next: 3 });
const third = text(...minute(180));

/** The folder of a release, as S3 has it. */
const folderOf = (...segments: readonly string[]): string => {
  const folder = mkdtempSync(join(tmpdir(), 'release-'));
  for (const [index, segment] of segments.entries()) {
    const own = index === 0 ? folder : join(folder, String(index + 1));
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, 'journal.jsonl'), segment);
  }
  return folder;
};
const minutesIn = (path: string) => readJournalFile(path).looks.map(({ verdict }) => verdict.t);

test('a journal in segments is read from its folder, and from a file with all of them', () => {
  expect(minutesIn(folderOf(first, second, third))).toEqual([60, 120, 180]);
  expect(minutesIn(join(folderOf(first + second + third), 'journal.jsonl'))).toEqual([60, 120, 180]);
  expect(
    minutesIn(folderOf(text({ kind: 'plan', stepping: { policy: policyOf(judgePolicy) } }, ...minute(60)))),
  ).toEqual([60]);
});

test('segments that are missing are no shorter release', () => {
  expect(() => minutesIn(folderOf(first, second))).toThrow(/ends where 3\/journal\.jsonl goes on/);
  expect(() => minutesIn(join(folderOf(first, second, third), 'journal.jsonl'))).toThrow(
    /ends where 2\/journal\.jsonl goes on: give the folder/,
  );
  // The last line filled the segment, and nothing follows the end.
  expect(minutesIn(folderOf(first, text(...minute(120), { kind: 'end' }, { kind: 'sealed', next: 3 })))).toEqual([
    60, 120,
  ]);
  expect(() => minutesIn(mkdtempSync(join(tmpdir(), 'release-')))).toThrow(/cannot read .*journal\.jsonl/);
});
