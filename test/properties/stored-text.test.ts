import { describe, expect, test } from '@jest/globals';
import { readJournal, recordedJournal } from '../../src/commands/recorded-metrics.ts';
import { judgementOf } from '../../src/delivery/judgement.ts';
import { outputsOf } from '../../src/delivery/release-outputs.ts';
import { beginJudging, observeBucket, verdictOf } from '../../src/judge/judge.ts';
import { lastGood } from '../../src/release/history.ts';
import { begin, end, rerunDecision, takeOver } from '../../src/release/lifecycle.ts';
import type { ReleaseRecord } from '../../src/release/record.ts';
import { parseRecord, UnreadableRecord } from '../../src/release/record-schema.ts';
import { ForeignRecord, ownRecord } from '../../src/release/subject.ts';
import { historyOf } from '../../src/report/history/history.ts';
import { historyAsText } from '../../src/report/history/text.ts';
import { InputError } from '../../src/schema.ts';
import { broken, plain } from '../support/broken-text.ts';
import { fc } from '../support/properties.ts';
import { fullRecord, release, subject } from '../support/release.ts';

const read = (text: string): ReleaseRecord | undefined => {
  try {
    return ownRecord(parseRecord(text), subject);
  } catch (error) {
    if (error instanceof UnreadableRecord || error instanceof ForeignRecord) return undefined;
    throw error;
  }
};

const show = (record: ReleaseRecord): string =>
  historyAsText(historyOf('churn', [{ environment: 'production', endpoint: record.endpoint, record }], {}), 80);

/** Everything that is done with a record without asking AWS. */
const use = (record: ReleaseRecord): void => {
  show(record);
  lastGood(record.history);
  for (const one of record.live ? [record.live, ...record.ended] : record.ended) {
    outputsOf(record.endpoint, one);
    judgementOf(one);
  }
  const now = 2e12;
  const request = { operation: 'deploy-endpoint', version: '1.1.0', planDigest: 'a', retry: false } as const;
  rerunDecision(record, { ...request, holder: 'run-1', now });
  begin(record, release(), now);
  if (record.live === undefined) return;
  takeOver(record, { holder: 'run-2', now, leaseMs: 1000 });
  const ended = end(record, { outcome: 'succeeded', reason: 'delivered', because: '', at: now, serving: 'candidate' });
  show(ended);
  expect(read(JSON.stringify(ended))).toEqual(plain(ended));
};

test('a whole record is read, and is used without harm', () => {
  const record = read(JSON.stringify(fullRecord()));
  expect(record).toEqual(plain(fullRecord()));
  if (record) use(record);
});

test('no text makes anything but a record that can be used, or a refusal', () => {
  let [refused, used] = [0, 0];
  fc.assert(
    fc.property(broken(fullRecord()), (text) => {
      const record = read(text);
      if (record === undefined) refused += 1;
      else {
        used += 1;
        use(record);
      }
    }),
    { numRuns: 3000 },
  );
  // Both happen, or nothing was tried.
  expect(Math.min(refused, used)).toBeGreaterThan(100);
});

const journalText = (): string => {
  const { stepping } = fullRecord().live ?? {};
  const arm = { requests: 100, bad: { errors: 1, 'client-errors': 0 } };
  return [
    { kind: 'plan', at: '2026-01-05T09:00:00Z', stepping: { policy: stepping?.policy, latency: stepping?.latency } },
    { kind: 'bucket', at: '2026-01-05T09:01:00Z', t: 60, seconds: 60, share: 0.1, candidate: arm, baseline: arm },
    { kind: 'verdict', at: '2026-01-05T09:01:00Z', t: 60, decision: 'continue', logEvidence: null, because: 'few' },
    { kind: 'end', at: '2026-01-05T09:02:00Z', outcome: 'succeeded' },
  ]
    .map((line) => JSON.stringify(line))
    .join('\n');
};

describe('a journal', () => {
  const replay = (text: string): boolean => {
    try {
      const { policy, buckets } = recordedJournal(readJournal(text, 'journal.jsonl'), undefined);
      let judging = beginJudging(policy);
      for (const bucket of buckets) {
        judging = observeBucket(judging, bucket);
        verdictOf(judging);
      }
      return true;
    } catch (error) {
      if (error instanceof InputError) return false;
      throw error;
    }
  };

  test('a whole one is replayed', () => expect(replay(journalText())).toBe(true));

  test('no line makes anything but a replay, or a refusal that names the line', () => {
    const lines = journalText().split('\n');
    const spoilt = fc
      .nat(lines.length - 1)
      .chain((index) =>
        broken(JSON.parse(lines[index] ?? '')).map((line) =>
          lines.map((one, at) => (at === index ? line : one)).join('\n'),
        ),
      );
    let [refused, replayed] = [0, 0];
    fc.assert(
      fc.property(spoilt, (text) => {
        if (replay(text)) replayed += 1;
        else refused += 1;
      }),
      { numRuns: 2000 },
    );
    expect(Math.min(refused, replayed)).toBeGreaterThan(100);
  });
});
