import { expect, test } from '@jest/globals';
import type { ReasonCode } from '../../src/reason-codes.ts';
import { historyKept, lastGood, serves } from '../../src/release/history.ts';
import {
  advance,
  begin,
  end,
  endedKept,
  newRecord,
  renew,
  rerunDecision,
  takeOver,
} from '../../src/release/lifecycle.ts';
import type { Release, ReleaseRecord } from '../../src/release/record.ts';
import { parseRecord } from '../../src/release/record-schema.ts';
import { fc } from '../support/properties.ts';
import { configuration, release, subject } from '../support/release.ts';

const holders = ['run-1', 'run-2', 'run-3'] as const;
const versions = ['1.0.0', '1.1.0', '1.2.0', '1.3.0'] as const;
const endings: readonly (readonly [Release['outcome'] & string, ReasonCode, 'candidate' | 'baseline' | 'unknown'])[] = [
  ['succeeded', 'delivered', 'candidate'],
  ['rolled-back', 'alarm', 'baseline'],
  ['rolled-back', 'insufficient-traffic', 'baseline'],
  ['inconclusive', 'unproven-traffic', 'candidate'],
  ['failed', 'rollback-failed', 'unknown'],
  ['cancelled', 'cancelled', 'baseline'],
];

const holder = fc.constantFrom(...holders);
const step = fc.oneof(
  fc.record({
    is: fc.constant('begin' as const),
    holder,
    version: fc.constantFrom(...versions),
    rollback: fc.boolean(),
  }),
  fc.record({ is: fc.constantFrom('takeOver' as const, 'renew' as const), holder }),
  fc.record({ is: fc.constant('advance' as const) }),
  fc.record({ is: fc.constant('end' as const), how: fc.constantFrom(...endings) }),
);
const script = fc.array(fc.record({ wait: fc.integer({ min: 0, max: 1500 }), step }), { maxLength: 120, size: 'max' });

interface Moment {
  readonly before: ReleaseRecord;
  readonly after: ReleaseRecord;
  readonly now: number;
  /** Whoever asked; undefined for steps that only the holder takes. */
  readonly by?: string;
}

/** Plays a script; steps that need a live release are left out where there is none. */
const play = (
  steps: readonly { readonly wait: number; readonly step: typeof step extends fc.Arbitrary<infer S> ? S : never }[],
) => {
  const moments: Moment[] = [];
  let record = newRecord(subject);
  let now = 0;
  let count = 0;
  for (const { wait, step: next } of steps) {
    now += wait;
    const before = record;
    if (next.is === 'begin') {
      const baseline = serves(record.history);
      const result = begin(
        record,
        release({
          id: `r${count++}`,
          operation: next.rollback ? 'rollback' : 'deploy-endpoint',
          version: next.version,
          candidate: configuration(next.version, `-${count % 3}`),
          startedAt: now,
          lease: { holder: next.holder, until: now + 1000 },
          ...(baseline ? { baseline } : {}),
        }),
        now,
      );
      if (result.is === 'begun') record = result.record;
    } else if (record.live === undefined) continue;
    else if (next.is === 'advance') record = advance(record, { phase: 'supervising', witnessed: { submittedAt: now } });
    else if (next.is === 'end') {
      const [outcome, reason, serving] = next.how;
      record = end(record, { outcome, reason, because: 'x', at: now, serving });
    } else {
      const claim = { holder: next.holder, now, leaseMs: 1000 };
      const result = next.is === 'renew' ? renew(record, claim) : takeOver(record, claim);
      if (result.is === 'taken') record = result.record;
    }
    moments.push({ before, after: record, now, ...('holder' in next ? { by: next.holder } : {}) });
  }
  return moments;
};

const always = (check: (moment: Moment) => void): void =>
  fc.assert(
    fc.property(script, (steps) => play(steps).forEach(check)),
    { numRuns: 200 },
  );

test('every change raises the epoch by one, and nothing else does', () =>
  always(({ before, after }) => expect(after.epoch).toBe(before.epoch + (after === before ? 0 : 1))));

test('a held release is never taken by another holder before its lease ends', () =>
  always(({ before, after, now, by }) => {
    const { live } = before;
    if (!live || by === undefined || live.lease.holder === by || live.lease.until <= now) return;
    expect(after).toBe(before);
  }));

test('no release is lost: what is live stays live or is the newest that ended', () =>
  always(({ before, after }) => {
    if (!before.live || after.live?.id === before.live.id) return;
    expect(after.ended[0]).toMatchObject({ id: before.live.id, phase: 'ended' });
  }));

test('ended and history stay within their bounds, and at most one entry serves, the first', () =>
  always(({ after }) => {
    expect(after.ended.length).toBeLessThanOrEqual(endedKept);
    expect(after.history.length).toBeLessThanOrEqual(historyKept);
    expect(after.history.slice(1).every(({ until }) => until !== undefined)).toBe(true);
  }));

test('last good is good, is not what it should get away from, and was not convicted afterwards', () =>
  always(({ after: { history } }) => {
    const now = serves(history);
    const found = lastGood(history, now);
    if (!found) return;
    expect(found.good).toBe(true);
    expect(found.version).not.toBe(now?.version);
    const since = history.filter(
      (entry) => entry.version === found.version && (entry.until ?? Infinity) >= (found.until ?? Infinity),
    );
    expect(since.filter(({ ended }) => ended === 'rolled-back' || ended === 'rejected')).toEqual([]);
  }));

test('a decision to go on is one the lifecycle allows', () =>
  fc.assert(
    fc.property(script, holder, fc.constantFrom(...versions), fc.boolean(), (steps, who, version, retry) => {
      const moment = play(steps).at(-1);
      if (!moment) return;
      const { after: record, now } = moment;
      const decision = rerunDecision(record, {
        operation: 'deploy-endpoint',
        version,
        planDigest: 'a'.repeat(64),
        retry,
        holder: who,
        now,
      });
      const next = release({ id: 'next', version, lease: { holder: who, until: now + 1000 } });
      if (decision.is === 'resume') expect(takeOver(record, { holder: who, now, leaseMs: 1000 }).is).toBe('taken');
      if (decision.is === 'new-attempt') expect(begin(record, next, now).is).toBe('begun');
      if (decision.is === 'held') expect(begin(record, next, now).is).toBe('held');
      if (retry) expect(decision.is).not.toBe('already-convicted');
    }),
  ));

test('every record survives its way through JSON and the schema', () =>
  fc.assert(
    fc.property(script, (steps) => {
      const text = JSON.stringify(play(steps).at(-1)?.after ?? newRecord(subject));
      expect(parseRecord(text)).toEqual(JSON.parse(text));
    }),
  ));
