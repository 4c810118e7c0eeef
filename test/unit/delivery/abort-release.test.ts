import { describe, expect, test } from '@jest/globals';
import { minutes } from '../../../src/clock.ts';
import { abortRelease } from '../../../src/delivery/abort-release.ts';
import type { ReleaseMemory, ReleaseOperation } from '../../../src/delivery/run-release.ts';
import type { AbortReason } from '../../../src/operation.ts';
import { newRecord } from '../../../src/release/lifecycle.ts';
import type { Release, ReleaseRecord } from '../../../src/release/record.ts';
import { terms } from '../../support/approval.ts';
import { configuration, release, secondSwap, subject, unchanged } from '../../support/release.ts';
import { stepping } from '../../support/stepping.ts';
import { storedRelease, worldAt } from '../../support/stored.ts';

const now = minutes(3);
const held = (more: Partial<Release> = {}): Release =>
  release({ lease: { holder: 'run-1', until: minutes(10) }, submission: unchanged, ...more });
const recordWith = (live: Release | undefined, ...ended: readonly Release[]): ReleaseRecord => ({
  ...newRecord(subject),
  epoch: 4,
  ...(live ? { live } : {}),
  ended,
});
const mine: ReleaseMemory = { v: 1, release: 'churn-1.1.0-aaaaaaaa-1' };
const nothing = 'the run ended before it had begun a release';

const abort = async (
  record: ReleaseRecord | undefined,
  {
    why = 'cancelled',
    memory = mine,
  }: {
    readonly why?: AbortReason;
    readonly memory?: ReleaseMemory | 'none';
  } = {},
) => {
  const stored = storedRelease(record);
  const operation: ReleaseOperation<{ version: string }> = {
    store: stored.store,
    approval: terms,
    notify: undefined,
    plan: () => Promise.reject(new Error('an abort plans nothing')),
    recognise: () => undefined,
    tasks: () => ({}),
    outputs: ({ version }) => ({ version }),
  };
  const progress = await abortRelease(
    worldAt(now, { config: 'churn-1-0-0' }),
    memory === 'none' ? undefined : memory,
    why,
    operation,
  );
  return { progress, stored };
};

describe('a run that has no release', () => {
  test('without memory reads nothing, and ends as it was ended', async () => {
    const { progress } = await abort(recordWith(held()), { memory: 'none' });
    expect(progress).toEqual({ is: 'done', outcome: 'cancelled', reason: 'cancelled', outputs: {}, because: nothing });
  });

  test.each<readonly [string, ReleaseRecord | undefined]>([
    ['no record is there', undefined],
    ['no release is live', recordWith(undefined)],
    ['another release is live', recordWith(held({ id: 'churn-1.2.0-cccccccc-2' }))],
    ['another run has taken the release', recordWith(held({ lease: { holder: 'run-2', until: minutes(9) } }))],
  ])('changes nothing when %s', async (_what, record) => {
    const { progress, stored } = await abort(record, { why: 'timed-out' });
    expect(progress).toEqual({
      is: 'done',
      outcome: 'timed-out',
      reason: 'deadline-passed',
      outputs: {},
      because: nothing,
    });
    expect(stored.record()).toEqual(record ?? null);
    expect(stored.journal()).toEqual([]);
  });

  test('whose release has ended reports that end', async () => {
    const ended = release({ phase: 'ended', outcome: 'rolled-back', reason: 'alarm', because: 'it went off' });
    const { progress } = await abort(recordWith(undefined, ended));
    expect(progress).toMatchObject({ outcome: 'rolled-back', reason: 'alarm', because: 'it went off' });
  });
});

describe('a run with a live release', () => {
  test('that does not wait gives up its lease, and does nothing else', async () => {
    const live = held({ phase: 'supervising' });
    const { progress, stored } = await abort(recordWith(live), { why: 'handed-over' });
    expect(progress).toMatchObject({ is: 'done', because: `${live.id} waits for the run that goes on with it` });
    expect(progress).toHaveProperty('outputs', { version: '1.1.0' });
    expect(stored.record().live).toEqual({ ...live, lease: { holder: 'run-1', until: now } });
    expect(stored.journal()).toEqual([]);
  });

  test('that has submitted nothing undoes its preparations and ends', async () => {
    const { progress, stored } = await abort(recordWith(held()));
    expect(progress).toMatchObject({
      is: 'done',
      outcome: 'cancelled',
      reason: 'cancelled',
      because: 'the run ended before anything was submitted to the endpoint',
    });
    expect(stored.record().live).toBeUndefined();
    expect(stored.journal().map(({ kind }) => kind)).toEqual(['command', 'end']);
  });

  test('that settles finishes that, with the outcome that it has', async () => {
    const live = held({ phase: 'settling', outcome: 'succeeded', reason: 'delivered', because: 'verified' });
    const { progress } = await abort(recordWith(live));
    expect(progress).toMatchObject({ is: 'done', outcome: 'succeeded', reason: 'delivered', because: 'verified' });
  });

  test.each(['submitting', 'supervising'] as const)('leaves the update to SageMaker in phase %s', async (phase) => {
    const { progress, stored } = await abort(recordWith(held({ phase })));
    expect(progress).toMatchObject({
      is: 'done',
      outcome: 'cancelled',
      because: 'the update to churn-1-1-0 goes on without this run, under its alarms; run again to follow it',
    });
    expect(stored.record().live).toMatchObject({ phase, lease: { holder: 'run-1', until: now } });
  });

  test.each(['preparing', 'supervising'] as const)(
    'on its way back in phase %s says that it is not over',
    async (phase) => {
      const live = held({ phase, takenBack: { because: '1.1.0 is Rejected' }, baseline: configuration('1.0.0') });
      const { progress, stored } = await abort(recordWith(live));
      expect(progress).toMatchObject({
        is: 'done',
        because: '1.1.0 is being taken back (1.1.0 is Rejected); run again to finish it',
      });
      expect(stored.record().live).toMatchObject({ phase, lease: { until: now } });
    },
  );

  test('that moves traffic itself first takes it back, and is not over before that', async () => {
    const live = held({
      operation: 'shift-traffic',
      phase: 'stepping',
      baseline: configuration('1.0.0'),
      submission: secondSwap,
      stepping: stepping({ state: { is: 'baking', index: 0, since: now } }),
    });
    const { progress, stored } = await abort(recordWith(live));
    expect(progress).toMatchObject({ is: 'waiting', memory: mine });
    expect(stored.record().live).toMatchObject({
      phase: 'settling',
      outcome: 'cancelled',
      reason: 'cancelled',
      stepping: { state: { is: 'returned' } },
    });
  });
});
