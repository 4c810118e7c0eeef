import { describe, expect, test } from '@jest/globals';
import type { ReasonCode } from '../../../src/reason-codes.ts';
import { lastGood, serves } from '../../../src/release/history.ts';
import {
  advance,
  begin,
  type Decision,
  end,
  leave,
  newRecord,
  type Request,
  renew,
  rerunDecision,
  takeOver,
} from '../../../src/release/lifecycle.ts';
import type { Release, ReleaseRecord } from '../../../src/release/record.ts';
import { configuration, release, subject } from '../../support/release.ts';

const begun = (record: ReleaseRecord, next: Release, now = 0): ReleaseRecord => {
  const result = begin(record, next, now);
  if (result.is === 'held') throw new Error(result.because);
  return result.record;
};

/** Delivers, or fails to deliver, `next` over whatever serves. */
const released = (
  record: ReleaseRecord,
  next: Release,
  reason: ReasonCode,
  at: number,
  serving: 'candidate' | 'baseline' | 'unknown' = reason === 'delivered' || reason === 'restored'
    ? 'candidate'
    : 'baseline',
): ReleaseRecord => {
  const outcome = serving === 'candidate' ? 'succeeded' : 'rolled-back';
  const baseline = serves(record.history);
  const over = begun(record, baseline ? { ...next, baseline } : next, at);
  return end(over, { outcome, reason, because: 'test', at, serving });
};

const request = (overrides: Partial<Request> = {}): Request => ({
  operation: 'deploy-endpoint',
  version: '1.1.0',
  planDigest: 'a'.repeat(64),
  retry: false,
  holder: 'run-1',
  now: 500,
  ...overrides,
});

const requested = (record: ReleaseRecord, overrides: Partial<Request> = {}): Decision['is'] =>
  rerunDecision(record, request(overrides)).is;

const fresh = newRecord(subject);

describe('a release that is live', () => {
  const live = begun(fresh, release());

  test('keeps others out until its lease ends, and says everything about itself', () => {
    const other = release({ id: 'other', lease: { holder: 'run-2', until: 2000 } });
    const held = begin(live, other, 999);
    expect(held).toMatchObject({ is: 'held', by: { id: 'churn-1.1.0-aaaaaaaa-1' } });
    expect('because' in held && held.because).toBe(
      'deploy-endpoint of 1.1.0 (churn-1.1.0-aaaaaaaa-1) is live since 1970-01-01T00:00:00Z, held by run-1 until 1970-01-01T00:00:01Z, https://example.test/run/1',
    );
    expect(takeOver(live, { holder: 'run-2', now: 999, leaseMs: 100 }).is).toBe('held');
    expect(takeOver(live, { holder: 'run-2', now: 1000, leaseMs: 100 })).toMatchObject({
      is: 'taken',
      record: { live: { lease: { holder: 'run-2', until: 1100 } } },
    });
  });

  test('that its run left is free at once, and has a run again when one takes it over', () => {
    const left = leave(live, { holder: 'run-1', now: 500, until: 9000 });
    expect(left).toMatchObject({
      epoch: live.epoch + 1,
      live: { lease: { holder: 'run-1', until: 500 }, leftUntil: 9000 },
    });
    const taken = takeOver(left, { holder: 'run-2', now: 500, leaseMs: 100 });
    expect(taken).toMatchObject({ is: 'taken', record: { live: { lease: { holder: 'run-2', until: 600 } } } });
    expect(taken.is === 'taken' && taken.record.live).not.toHaveProperty('leftUntil');
  });

  test('is renewed by its holder only, even after somebody else’s lease ran out', () => {
    expect(renew(live, { holder: 'run-1', now: 5000, leaseMs: 100 })).toMatchObject({
      record: { live: { lease: { until: 5100 } } },
    });
    expect(renew(live, { holder: 'run-2', now: 5000, leaseMs: 100 }).is).toBe('held');
  });

  test('left behind, it is ended as abandoned by whoever begins next', () => {
    const next = begun(live, release({ id: 'next', version: '1.2.0', lease: { holder: 'run-2', until: 3000 } }), 1000);
    expect(next.live?.id).toBe('next');
    expect(next.ended[0]).toMatchObject({
      reason: 'abandoned',
      outcome: 'inconclusive',
      phase: 'ended',
      endedAt: 1000,
    });
    expect(next.history).toEqual([]);
  });

  test('names who started it where that is known, and gives no address where there is none', () => {
    const other = release({ id: 'other', lease: { holder: 'run-2', until: 2000 } });
    const started = (run: Release['run']) => {
      const held = begin(begun(fresh, release({ run })), other, 1);
      return held.is === 'held' ? held.because.split(', ').slice(1) : [];
    };
    const holder = 'held by run-1 until 1970-01-01T00:00:01Z';
    expect(started({})).toEqual([holder]);
    expect(started({ actor: 'mina' })).toEqual([holder, 'started by mina']);
    expect(started({ actor: 'mina', url: 'https://x.test' })).toEqual([holder, 'started by mina', 'https://x.test']);
  });

  test('advance changes, adds and takes away', () => {
    const on = advance(live, { phase: 'submitting', alarms: ['a'], baseline: configuration('1.0.0') });
    expect(on).toMatchObject({ epoch: 2, live: { phase: 'submitting', alarms: ['a'] } });
    const off = advance(on, { baseline: undefined });
    expect(off.live && 'baseline' in off.live).toBe(false);
    expect(() => advance(fresh, { phase: 'settling' })).toThrow('no release of churn is live');
  });
});

describe('rerunDecision', () => {
  const delivered = released(fresh, release(), 'delivered', 10);

  test('live: resume, plan-changed, held; after the lease, others may go on', () => {
    const live = begun(fresh, release());
    expect(requested(live)).toBe('resume');
    expect(requested(live, { planDigest: 'b' })).toBe('plan-changed');
    expect(requested(live, { holder: 'run-2' })).toBe('held');
    expect(requested(live, { holder: 'run-2', planDigest: 'b' })).toBe('held');
    expect(requested(live, { holder: 'run-2', now: 1000 })).toBe('resume');
    expect(requested(live, { holder: 'run-2', now: 1000, planDigest: 'b' })).toBe('plan-changed');
    expect(rerunDecision(live, request({ holder: 'run-2', now: 1000, version: '1.2.0' }))).toMatchObject({
      is: 'new-attempt',
      attempt: 1,
      abandons: { version: '1.1.0' },
    });
    expect(rerunDecision(live, request({ operation: 'rollback', version: '1.0.0' }))).toMatchObject({
      is: 'new-attempt',
      abandons: { version: '1.1.0' },
    });
  });

  test.each(['cancelled', 'deadline-passed'] as const)(
    'a run that died over its own end, %s, is put back first and reports nothing to the next one',
    (reason) => {
      const live = begun(fresh, release());
      const settling = advance(live, { phase: 'settling', outcome: 'cancelled', reason });
      expect(requested(settling)).toBe('stopping');
      expect(requested(settling, { holder: 'run-2' })).toBe('held');
      const abort = { command: 'abort', by: 'mina', why: 'the run ended', at: 5, reason } as const;
      expect(requested(advance(live, { phase: 'stepping', commands: [abort] }))).toBe('stopping');
    },
  );

  test('stopped by a person or taken back by a verdict, a live release is gone on with and reported', () => {
    const live = begun(fresh, release());
    expect(requested(advance(live, { phase: 'settling', outcome: 'rolled-back', reason: 'alarm' }))).toBe('resume');
    const abort = { command: 'abort', by: 'mina', why: 'lunch', at: 5 } as const;
    expect(requested(advance(live, { phase: 'stepping', commands: [abort] }))).toBe('resume');
    // The reason of another command ends nothing.
    const paused = { ...abort, command: 'pause', reason: 'cancelled' } as const;
    expect(requested(advance(live, { phase: 'stepping', commands: [paused] }))).toBe('resume');
    // Its reason came from the verdict, and the release had not been ended yet.
    expect(requested(advance(live, { phase: 'settling' }))).toBe('resume');
    const harmed = { ...abort, reason: 'access-denied' as const };
    expect(requested(advance(live, { phase: 'stepping', commands: [harmed] }))).toBe('resume');
  });

  test('succeeded and serving: nothing to do; with another plan, or replaced since: once more', () => {
    expect(requested(delivered)).toBe('no-op');
    expect(rerunDecision(delivered, request({ planDigest: 'b' }))).toEqual({ is: 'new-attempt', attempt: 1 });
    const replaced = released(delivered, release({ id: 'r2', version: '1.2.0' }), 'delivered', 20);
    expect(rerunDecision(replaced, request())).toEqual({ is: 'new-attempt', attempt: 2 });
  });

  test('succeeded and serving, with a release of another version left behind over it: that one is settled first', () => {
    const live = begun(delivered, release({ id: 'r2', version: '1.2.0' }), 20);
    expect(rerunDecision(live, request())).toMatchObject({
      is: 'new-attempt',
      attempt: 1,
      abandons: { id: 'r2', version: '1.2.0' },
    });
  });

  test('succeeded and serving, with an attempt of another plan left behind since: still nothing to do', () => {
    const live = begun(delivered, release({ id: 'r2', planDigest: 'b' }), 20);
    const next = begun(live, release({ id: 'r3', version: '1.3.0' }), 30);
    const over = end(next, { outcome: 'failed', reason: 'aws-error', because: 'x', at: 40, serving: 'baseline' });
    expect(over.ended.map(({ reason }) => reason)).toEqual(['aws-error', 'abandoned', 'delivered']);
    expect(requested(over)).toBe('no-op');
  });

  test.each<[ReasonCode, Decision['is']]>([
    ['alarm', 'already-convicted'],
    ['health-check', 'already-convicted'],
    ['aborted-by-hand', 'already-convicted'],
    ['cause-unknown', 'already-convicted'],
    ['capacity-rolled-back', 'new-attempt'],
    ['capacity-unavailable', 'new-attempt'],
    ['quota-exceeded', 'new-attempt'],
    ['insufficient-traffic', 'new-attempt'],
    ['deployment-timeout', 'new-attempt'],
    ['deadline-passed', 'new-attempt'],
    ['cancelled', 'new-attempt'],
    ['aws-error', 'new-attempt'],
  ])('ended with %s → %s', (reason, expected) => {
    const record = released(delivered, release({ id: 'r2', version: '1.2.0' }), reason, 20);
    const decision = rerunDecision(record, request({ version: '1.2.0' }));
    expect(decision.is).toBe(expected);
    if (decision.is === 'new-attempt') expect(decision.attempt).toBe(2);
    expect(rerunDecision(record, request({ version: '1.2.0', retry: true }))).toEqual({
      is: 'new-attempt',
      attempt: 2,
    });
  });

  test('a conviction holds under another plan, and for no other version', () => {
    const record = released(delivered, release({ id: 'r2', version: '1.2.0' }), 'alarm', 20);
    expect(requested(record, { version: '1.2.0', planDigest: 'b' })).toBe('already-convicted');
    expect(requested(record, { version: '1.3.0' })).toBe('new-attempt');
    expect(requested(record)).toBe('no-op');
  });

  test('another plan after one that failed is another attempt, so that no name is used twice', () => {
    const starved = released(delivered, release({ id: 'r2', version: '1.2.0' }), 'insufficient-traffic', 20);
    const lowered = request({ version: '1.2.0', planDigest: 'b' });
    expect(rerunDecision(starved, lowered)).toEqual({ is: 'new-attempt', attempt: 2 });
    // Where one succeeded, a plan that differs in its rollout alone finds the configuration it made.
    const changed = request({ planDigest: 'b' });
    expect(rerunDecision(delivered, changed)).toEqual({ is: 'new-attempt', attempt: 1 });
  });

  test('a conviction outlives a retry that proved nothing, and ends with one that succeeded', () => {
    const convicted = released(delivered, release({ id: 'r2', version: '1.2.0' }), 'alarm', 20);
    const retried = released(convicted, release({ id: 'r3', version: '1.2.0' }), 'capacity-rolled-back', 30);
    expect(requested(retried, { version: '1.2.0' })).toBe('already-convicted');
    expect(requested(retried, { version: '1.2.0', retry: true })).toBe('new-attempt');
    const acquitted = released(retried, release({ id: 'r4', version: '1.2.0' }), 'delivered', 40);
    expect(requested(acquitted, { version: '1.2.0' })).toBe('no-op');
  });

  test('a dark candidate acquits of nothing: it had no request', () => {
    const convicted = released(delivered, release({ id: 'r2', version: '1.2.0' }), 'convicted', 20);
    const beside = { candidate: 'churn-1-2-0', baseline: 'churn-1-1-0' };
    const next = release({ id: 'r3', version: '1.2.0', candidate: { ...configuration('1.2.0', '-dark'), beside } });
    const dark = released(convicted, next, 'candidate-dark', 30, 'candidate');
    expect(dark.ended[0]).toMatchObject({ outcome: 'succeeded', reason: 'candidate-dark' });
    expect(rerunDecision(dark, request({ version: '1.2.0' }))).toMatchObject({
      is: 'already-convicted',
      release: { id: 'r2' },
    });
    expect(requested(dark, { operation: 'shift-traffic', version: '1.2.0' })).toBe('already-convicted');
  });

  test('taken back because the registry rejected it: not convicted, and no longer a way back', () => {
    const two = released(delivered, release({ id: 'r2', version: '1.2.0' }), 'delivered', 20);
    const way = release({ id: 'b1', operation: 'rollback', version: '1.1.0', rejected: true });
    const back = released(two, way, 'restored', 30);
    expect(back.history.find(({ version }) => version === '1.2.0')).toMatchObject({ good: true, ended: 'rejected' });
    expect(requested(back, { version: '1.2.0' })).toBe('new-attempt');
    expect(lastGood(back.history, configuration('1.1.0'))).toBeUndefined();
  });

  test('taken back by hand after it had succeeded: convicted; a rollback may go anywhere', () => {
    const two = released(delivered, release({ id: 'r2', version: '1.2.0' }), 'delivered', 20);
    const back = released(two, release({ id: 'b1', operation: 'rollback', version: '1.1.0' }), 'restored', 30);
    expect(serves(back.history)?.version).toBe('1.1.0');
    expect(back.history.find(({ version }) => version === '1.2.0')).toMatchObject({
      good: false,
      ended: 'rolled-back',
    });
    expect(requested(back, { version: '1.2.0' })).toBe('already-convicted');
    expect(requested(back, { operation: 'rollback', version: '1.2.0' })).toBe('new-attempt');
    expect(requested(back, { operation: 'rollback' })).toBe('no-op');
    // The version that serves again was delivered before; nothing to do for it either.
    expect(requested(back)).toBe('no-op');
  });

  describe('with a candidate beside the version that serves', () => {
    const two = released(delivered, release({ id: 'r2', version: '1.2.0' }), 'delivered', 20);
    const beside = { candidate: 'churn-1-3-0', baseline: 'churn-1-2-0' };
    const made = { ...configuration('1.3.0', '-dark'), beside };
    const dark = released(
      two,
      release({ id: 'r3', version: '1.3.0', candidate: made }),
      'candidate-dark',
      30,
      'candidate',
    );
    const back = (over: Partial<Release>): ReleaseRecord => {
      const taken = begun(dark, release({ id: 'b1', operation: 'rollback', ...over }), 40);
      return end(taken, { outcome: 'succeeded', reason: 'restored', because: 'x', at: 50, serving: 'candidate' });
    };
    const shown = { ...configuration('1.2.0', '-dark'), endpointConfig: made.endpointConfig, beside };

    test('its removal convicts neither', () => {
      const record = back({ version: '1.2.0', baseline: shown, withdraws: '1.3.0' });
      expect(record.history[0]).toMatchObject({ version: '1.2.0', release: 'r2', good: true });
      expect(lastGood(record.history, configuration('1.2.0'))?.version).toBe('1.1.0');
      expect(requested(record, { version: '1.3.0' })).toBe('new-attempt');
      expect(requested(record, { version: '1.2.0' })).toBe('no-op');
    });

    test('a candidate that lost its approval on the way up says nothing about the version that serves', () => {
      const next = release({ id: 'r3', version: '1.3.0', candidate: made, baseline: configuration('1.2.0') });
      const ending = {
        outcome: 'rejected',
        reason: 'not-approved',
        because: 'x',
        at: 30,
        serving: 'candidate',
      } as const;
      const record = end(begun(two, next, 30), ending);
      expect(record.history[0]).toMatchObject({ version: '1.2.0', release: 'r2', good: true, beside });
      expect(lastGood(record.history, configuration('1.3.0'))?.endpointConfig).toBe(made.endpointConfig);
      // Nor does one that came up acquit it.
      const mismatched = begun(delivered, release({ id: 'r2', version: '1.2.0' }), 15);
      const broken = end(mismatched, { ...ending, outcome: 'failed', reason: 'verification-mismatch', at: 20 });
      const up = released(broken, { ...next, id: 'r4' }, 'candidate-dark', 30, 'candidate');
      expect(up.history[0]).toMatchObject({ version: '1.2.0', good: false });
    });

    test('a way back past both convicts the version that served', () => {
      const record = back({ version: '1.1.0', baseline: shown });
      expect(requested(record, { version: '1.2.0' })).toBe('already-convicted');
      expect(requested(record, { version: '1.3.0' })).toBe('new-attempt');
    });

    test('a way back from a candidate with traffic convicts the candidate', () => {
      const record = back({ version: '1.2.0', baseline: made, candidate: configuration('1.2.0') });
      expect(record.history.map(({ version, ended }) => `${version} ${ended ?? 'serves'}`).slice(0, 3)).toEqual([
        '1.2.0 serves',
        '1.3.0 rolled-back',
        '1.2.0 replaced',
      ]);
      expect(requested(record, { version: '1.3.0' })).toBe('already-convicted');
      expect(requested(record, { version: '1.2.0' })).toBe('no-op');
    });

    test('a way back from a candidate that was rejected does not', () => {
      const record = back({ version: '1.2.0', baseline: made, candidate: configuration('1.2.0'), rejected: true });
      expect(record.history[1]).toMatchObject({ version: '1.3.0', ended: 'rejected', good: false });
      expect(requested(record, { version: '1.3.0' })).toBe('new-attempt');
    });

    test('records of older versions name the release of the candidate where the version before it served', () => {
      const record = back({ version: '1.1.0', baseline: shown });
      const older = {
        ...record,
        history: record.history.map((entry) => (entry.beside ? { ...entry, release: 'r3' } : entry)),
      };
      expect(requested(older, { version: '1.3.0' })).toBe('new-attempt');
    });
  });

  test('what was abandoned says nothing about the version', () => {
    const live = begun(delivered, release({ id: 'r2', version: '1.2.0' }), 20);
    const left = begun(live, release({ id: 'r3', version: '1.3.0', lease: { holder: 'run-2', until: 9000 } }), 2000);
    const over = end(left, { outcome: 'failed', reason: 'aws-error', because: 'x', at: 2100, serving: 'baseline' });
    expect(rerunDecision(over, request({ version: '1.2.0' }))).toEqual({ is: 'new-attempt', attempt: 2 });
  });
});

describe('history', () => {
  test('keeps the newest fifty, and the newest twenty ended releases', () => {
    let record = fresh;
    for (let n = 1; n <= 60; n++)
      record = released(record, release({ id: `r${n}`, version: `1.${n}.0` }), 'delivered', n);
    expect(record.history).toHaveLength(50);
    expect(record.history.at(-1)?.version).toBe('1.11.0');
    expect(record.ended).toHaveLength(20);
    expect(record.ended.at(-1)?.version).toBe('1.41.0');
  });

  test('says what served, from when until when, and how it ended', () => {
    const one = released(fresh, release(), 'delivered', 10);
    const two = released(one, release({ id: 'r2', version: '1.2.0', witnessed: { submittedAt: 15 } }), 'alarm', 20);
    const three = released(two, release({ id: 'r3', version: '1.3.0' }), 'delivered', 30);
    expect(
      three.history.map(({ version, from, until, good, ended }) => ({ version, from, until, good, ended })),
    ).toEqual([
      { version: '1.3.0', from: 30, until: undefined, good: true, ended: undefined },
      { version: '1.1.0', from: 10, until: 30, good: true, ended: 'replaced' },
      { version: '1.2.0', from: 15, until: 20, good: false, ended: 'rolled-back' },
    ]);
    expect(lastGood(three.history, configuration('1.3.0'))?.version).toBe('1.1.0');
    expect(lastGood(three.history)?.version).toBe('1.3.0');
  });

  test('a baseline the suite did not deploy is somewhere to go back to', () => {
    const { version: _version, ...foreign } = configuration('legacy');
    const over = begun(fresh, release({ baseline: foreign, startedAt: 5 }), 5);
    const record = end(over, { outcome: 'succeeded', reason: 'delivered', because: 'x', at: 10, serving: 'candidate' });
    expect(lastGood(record.history, configuration('1.1.0'))).toMatchObject({
      endpointConfig: 'churn-legacy',
      from: 5,
      until: 10,
    });
  });

  test('what serves unproven is not good, and what nobody knows leaves the history alone', () => {
    const one = released(fresh, release(), 'delivered', 10);
    const live = begun(one, release({ id: 'r2', version: '1.2.0', baseline: configuration('1.1.0') }), 20);
    const unproven = end(live, {
      outcome: 'inconclusive',
      reason: 'unproven-traffic',
      because: 'x',
      at: 30,
      serving: 'candidate',
    });
    expect(serves(unproven.history)).toMatchObject({ version: '1.2.0', good: false });
    expect(lastGood(unproven.history)?.version).toBe('1.1.0');
    const unknown = end(live, {
      outcome: 'failed',
      reason: 'rollback-failed',
      because: 'x',
      at: 30,
      serving: 'unknown',
    });
    expect(unknown.history).toBe(live.history);
  });

  test('a version that was good once and convicted later is not gone back to', () => {
    const one = released(fresh, release({ id: 'r0', version: '1.0.0' }), 'delivered', 5);
    const two = released(one, release(), 'delivered', 10);
    const three = released(two, release({ id: 'r3', version: '1.2.0' }), 'delivered', 20);
    const second = { id: 'r4', candidate: configuration('1.1.0', '-2') };
    const again = released(three, release({ ...second, witnessed: { submittedAt: 25 } }), 'alarm', 30);
    expect(lastGood(again.history, configuration('1.2.0'))?.version).toBe('1.0.0');
    const unsubmitted = released(three, release(second), 'aborted-by-hand', 30);
    expect(unsubmitted.history).toEqual(three.history);
    expect(lastGood(unsubmitted.history, configuration('1.2.0'))?.version).toBe('1.1.0');
  });

  test('a version convicted under another configuration while it served well is', () => {
    const one = released(fresh, release(), 'delivered', 10);
    const bigger = released(
      one,
      release({ id: 'r2', planDigest: 'b', candidate: configuration('1.1.0', '-b') }),
      'health-check',
      20,
    );
    const two = released(bigger, release({ id: 'r3', version: '1.2.0' }), 'delivered', 30);
    expect(lastGood(two.history, configuration('1.2.0'))?.endpointConfig).toBe('churn-1-1-0');
  });

  test('a version that was rejected after it had served well is not gone back to, and a rejection is not a rollback', () => {
    const zero = released(fresh, release({ id: 'r0', version: '1.0.0' }), 'delivered', 5);
    const one = released(zero, release(), 'delivered', 10);
    const two = released(one, release({ id: 'r2', version: '1.2.0' }), 'delivered', 20);
    const again = release({ id: 'r3', candidate: configuration('1.1.0', '-2'), witnessed: { submittedAt: 25 } });
    const rejected = released(two, again, 'approval-withdrawn', 30);
    expect(rejected.history[1]).toMatchObject({ version: '1.1.0', until: 30, good: false, ended: 'rejected' });
    expect(lastGood(rejected.history, configuration('1.2.0'))?.version).toBe('1.0.0');
    // The registry alone decides whether it is tried once more.
    expect(requested(rejected)).toBe('new-attempt');
  });

  test('a version that was taken back first and served well later is gone back to', () => {
    const zero = released(fresh, release({ id: 'r0', version: '1.0.0' }), 'delivered', 5);
    const failed = released(zero, release({ witnessed: { submittedAt: 8 } }), 'alarm', 10);
    expect(lastGood(failed.history, configuration('1.0.0'))).toBeUndefined();
    const retried = released(failed, release({ id: 'r2', candidate: configuration('1.1.0', '-2') }), 'delivered', 20);
    const two = released(retried, release({ id: 'r3', version: '1.2.0' }), 'delivered', 30);
    expect(lastGood(two.history, configuration('1.2.0'))?.endpointConfig).toBe('churn-1-1-0-2');
  });

  test('a release that was taken back to the configuration it had itself leaves that one good', () => {
    const one = released(fresh, release(), 'delivered', 10);
    const same = released(one, release({ id: 'r2', witnessed: { submittedAt: 15 } }), 'aborted-by-hand', 20);
    expect(same.history).toEqual(one.history);
    expect(lastGood(same.history)?.version).toBe('1.1.0');
  });

  test('a configuration that others deployed has no version, so its name says whether it is the one to leave', () => {
    const { version: _version, ...legacy } = configuration('legacy');
    const { version: _other, ...older } = configuration('older');
    const history = [
      { ...legacy, from: 20, good: true },
      { ...older, from: 10, until: 20, good: true },
    ];
    expect(lastGood(history, legacy)?.endpointConfig).toBe('churn-older');
    expect(lastGood(history)?.endpointConfig).toBe('churn-legacy');
  });
});
