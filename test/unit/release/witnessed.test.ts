import { describe, expect, test } from '@jest/globals';
import { bucketsAt, readWitnessed, UnreadableJournal } from '../../../src/release/witnessed.ts';
import { fullRecord } from '../../support/release.ts';

const { stepping } = fullRecord().live ?? {};
const judged = { policy: stepping?.policy, latency: stepping?.latency };
const [at, later] = ['2026-01-05T09:02:00Z', '2026-01-05T09:03:00Z'];
const arm = { requests: 100, bad: { errors: 1 } };
const bucket = (t: number, candidate: object = arm) => ({ t, seconds: 60, candidate, baseline: arm });
const bucketLine = (t: number, candidate?: object) => ({ kind: 'bucket', at, ...bucket(t, candidate) });
const verdict = { t: 60, decision: 'continue', reason: 'insufficient-evidence', logEvidence: null, because: 'few' };
const verdictLine = (more: object = {}) => ({ kind: 'verdict', at, ...verdict, ...more });
const text = (...lines: readonly object[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');

const refusal = (journal: string): string => {
  try {
    readWitnessed(journal);
  } catch (error) {
    if (error instanceof UnreadableJournal) return `${error.name}: ${error.message}`;
    throw error;
  }
  return 'read';
};

describe('the judge’s part of a journal', () => {
  test('is each verdict with the buckets since the one before; other lines are not the judge’s', () => {
    const journal = text(
      { kind: 'plan', at, stepping: judged },
      { kind: 'command', at, command: 'pause' },
      bucketLine(60),
      bucketLine(120),
      verdictLine(),
      { kind: 'observation', at, because: 'weights' },
      bucketLine(180),
      { ...verdictLine({ t: 180 }), at: later },
      verdictLine({ t: undefined, decision: 'hold' }),
      { kind: 'end', at, outcome: 'succeeded' },
    );
    expect(readWitnessed(journal)).toEqual({
      ...judged,
      looks: [
        { at, buckets: [bucket(60), bucket(120)], verdict },
        { at: later, buckets: [bucket(180)], verdict: { ...verdict, t: 180 } },
        { at, buckets: [], verdict: { ...verdict, t: undefined, decision: 'hold' } },
      ],
    });
  });

  test('has its policy in the steps, or in the update under guardrails, with latency or without', () => {
    expect(readWitnessed(text({ kind: 'plan', at, stepping: judged }))).toEqual({ ...judged, looks: [] });
    expect(readWitnessed(text({ kind: 'plan', at, submission: { kind: 'update', judged } }))).toEqual({
      ...judged,
      looks: [],
    });
    const { policy } = judged;
    expect(readWitnessed(text({ kind: 'plan', at, stepping: { policy } }))).toEqual({ policy, looks: [] });
  });

  test('is empty without a judge', () => {
    for (const submission of [undefined, { kind: 'create' }])
      expect(readWitnessed(text({ kind: 'plan', at, submission }))).toEqual({ looks: [] });
    expect(readWitnessed('')).toEqual({ looks: [] });
  });

  test('a later line about a minute replaces the earlier one, in its place', () => {
    const revised = { requests: 90, bad: { errors: 9 } };
    const { looks } = readWitnessed(
      text(bucketLine(60), bucketLine(120), verdictLine(), bucketLine(60, revised), verdictLine()),
    );
    expect([...bucketsAt(looks)]).toEqual([
      [60, bucket(60, revised)],
      [120, bucket(120)],
    ]);
    expect([...bucketsAt(looks.slice(0, 1))]).toEqual([
      [60, bucket(60)],
      [120, bucket(120)],
    ]);
  });
});

describe('a line that this suite did not write so', () => {
  test('is refused by its number, empty lines counted', () => {
    expect(refusal(`\n${text(bucketLine(60))}\n  \nno JSON\n`)).toMatch(
      /^UnreadableJournal: 5: not a line of a journal: ./,
    );
    expect(refusal(`\n${text(bucketLine(60))}\n`)).toBe('read');
  });

  test.each<[string, object]>([
    ['a line of no kind', { at }],
    ['a line of another kind', { kind: 'note', at }],
    ['a minute before time', bucketLine(-1)],
    ['a minute that no date expresses', bucketLine(253_402_300_800)],
    ['a bucket without a length', { ...bucketLine(60), seconds: 0 }],
    ['a bucket of a negative length', { ...bucketLine(60), seconds: -60 }],
    ['a share beyond all', { ...bucketLine(60), share: 1.5 }],
    ['negative requests', bucketLine(60, { ...arm, requests: -1 })],
    ['negative bad requests', bucketLine(60, { ...arm, bad: { errors: -1 } })],
    ['bad requests in words', bucketLine(60, { ...arm, bad: 'none' })],
    ['trials that are no numbers', bucketLine(60, { ...arm, trials: { 'latency-1': 'many' } })],
    ['a baseline without requests', { ...bucketLine(60), baseline: { bad: {} } }],
    ['a weight moved by something else', { ...bucketLine(60), weightMoved: 1 }],
    ['a verdict at no time', verdictLine({ at: 'yesterday' })],
    ['a verdict without a decision', verdictLine({ decision: undefined })],
    ['a verdict without a sentence', verdictLine({ because: undefined })],
    ['a verdict on a minute before time', verdictLine({ t: -60 })],
    ['a verdict with evidence in words', verdictLine({ logEvidence: 'strong' })],
    ['a plan whose steps have no policy', { kind: 'plan', at, stepping: {} }],
    ['a plan whose update has half a judge', { kind: 'plan', at, submission: { judged: {} } }],
  ])('%s', (_what, line) => {
    expect(refusal(text(line))).toMatch(/^UnreadableJournal: 1: not a line of a journal: ./);
  });

  test.each<[string, object]>([
    ['the first second', bucketLine(0)],
    ['the last second of the year 9999', bucketLine(253_402_300_799)],
    ['all of the traffic', { ...bucketLine(60), share: 1, weightMoved: true }],
    ['one fleet alone', { kind: 'bucket', at, t: 60, seconds: 60, baseline: { ...arm, trials: { 'latency-1': 9 } } }],
    ['a verdict without evidence or time', verdictLine({ t: undefined, logEvidence: undefined, reason: undefined })],
  ])('at the edge, it is read: %s', (_what, line) => expect(refusal(text(line))).toBe('read'));
});
