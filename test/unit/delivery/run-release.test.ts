import { describe, expect, test } from '@jest/globals';
import { minutes, seconds } from '../../../src/clock.ts';
import {
  type Opening,
  type ReleaseMemory,
  type ReleaseOperation,
  runRelease,
} from '../../../src/delivery/run-release.ts';
import { settlingTasks } from '../../../src/delivery/settle.ts';
import type { Tasks } from '../../../src/delivery/task.ts';
import type { Turn } from '../../../src/mechanisms/turn.ts';
import { type Plan, Refusal } from '../../../src/operation.ts';
import { newRecord } from '../../../src/release/lifecycle.ts';
import type { NewRelease, Release, ReleaseRecord } from '../../../src/release/record.ts';
import type { World } from '../../../src/world.ts';
import { registryOf, terms } from '../../support/approval.ts';
import { refusal } from '../../support/refusal.ts';
import { configuration, release, secondSwap, subject, unchanged } from '../../support/release.ts';
import { stepping } from '../../support/stepping.ts';
import { awsError, type StoredRelease, storedRelease, worldAt } from '../../support/stored.ts';

// One turn of any operation that changes an endpoint, over a bucket in memory.

interface Outputs {
  readonly version: string;
}

const plan: Plan = {
  title: 'deploy churn 1.1.0',
  changes: [],
  notes: [],
  expectedSeconds: 60,
  peakInstances: {},
  permissions: [],
};
const begun: NewRelease = {
  id: 'churn-1.1.0-aaaaaaaa-1',
  operation: 'deploy-endpoint',
  version: '1.1.0',
  planDigest: 'a'.repeat(64),
  attempt: 1,
  candidate: configuration('1.1.0'),
  submission: unchanged,
};

interface Given {
  readonly record?: ReleaseRecord;
  readonly opening?: Opening<Outputs>;
  readonly tasks?: Tasks;
  readonly recognise?: () => void;
  readonly goesOn?: (release: Release) => boolean;
}

const operationOver = (stored: StoredRelease, { opening, tasks, recognise, goesOn }: Given) => {
  const planned: ReleaseRecord[] = [];
  const operation: ReleaseOperation<Outputs> = {
    store: stored.store,
    approval: terms,
    notify: undefined,
    plan: async (record) => {
      planned.push(record);
      return opening ?? { is: 'begin', plan, release: begun };
    },
    recognise: recognise ?? (() => undefined),
    tasks: () => tasks ?? {},
    ...(goesOn ? { goesOn } : {}),
    outputs: ({ version }) => ({ version }),
  };
  return { operation, planned };
};

const turn = async (world: World, given: Given, memory?: ReleaseMemory) => {
  const stored = storedRelease(given.record);
  const { operation, planned } = operationOver(stored, given);
  const progress = await runRelease(world, memory, operation);
  return { progress, stored, planned };
};

const recordWith = (live: Release | undefined, ...ended: readonly Release[]): ReleaseRecord => ({
  ...newRecord(subject),
  epoch: 4,
  ...(live ? { live } : {}),
  ended,
});
const held = (more: Partial<Release> = {}) =>
  release({ lease: { holder: 'run-1', until: minutes(10) }, submission: unchanged, ...more });
const over = (more: Partial<Release> = {}) =>
  release({ phase: 'ended', outcome: 'succeeded', reason: 'delivered', because: 'verified', ...more });
const otherId = 'churn-1.2.0-cccccccc-2';
const leftId = 'churn-1.0.5-bbbbbbbb-3';
const mine: ReleaseMemory = { v: 1, release: begun.id };
const one = worldAt(0, { config: 'churn-1-0-0' });

describe('the first turn', () => {
  test('plans from an empty record, and writes nothing', async () => {
    const { progress, stored, planned } = await turn(one, {});
    expect(planned).toEqual([newRecord(subject)]);
    expect(stored.record()).toBeNull();
    expect(progress).toEqual({
      is: 'waiting',
      memory: { v: 1, release: begun.id },
      notBefore: 0,
      percent: 1,
      because: plan.title,
      plan,
    });
  });

  test('plans from the record that is there', async () => {
    const { planned } = await turn(one, { record: recordWith(undefined, over()) });
    expect(planned).toMatchObject([{ epoch: 4, ended: [{ reason: 'delivered' }] }]);
  });

  test('ends a run that finds nothing to do, with the operation’s own end', async () => {
    const done = { is: 'done', outcome: 'succeeded', reason: 'already-delivered', outputs: {}, because: 'x' } as const;
    const { progress, stored } = await turn(one, { opening: { is: 'done', progress: done } });
    expect(progress).toEqual(done);
    expect(stored.record()).toBeNull();
  });

  test('of a dry run behind another release reports that it waits for it, without a release of its own', async () => {
    const { progress } = await turn(one, { opening: { is: 'behind', because: 'r-7 must settle first' } });
    expect(progress).toMatchObject({ is: 'waiting', memory: { release: '' }, because: 'r-7 must settle first' });
    expect(progress).not.toHaveProperty('plan');
  });

  test('continues a live release; its memory demands the check of approval and content', async () => {
    const live = held({ phase: 'supervising' });
    const { progress } = await turn(one, { record: recordWith(live), opening: { is: 'resume', release: live } });
    expect(progress).toMatchObject({
      memory: { v: 1, release: live.id, resumed: true },
      because: `going on with ${live.id} (supervising)`,
    });
  });

  test('reports a problem beside the release', async () => {
    const stored = storedRelease();
    const { operation } = operationOver(stored, {});
    stored.store.remark('tags were not updated');
    expect(await runRelease(one, undefined, operation)).toMatchObject({ remarks: ['tags were not updated'] });
  });

  test('refuses an endpoint whose tag names another record', async () => {
    const tagged = worldAt(
      0,
      { config: 'churn-1-0-0' },
      {
        reads: {
          listTags: async () => ({ Tags: [{ Key: 'model-delivery:releases', Value: 's3://elsewhere/record.json' }] }),
        },
      },
    );
    expect(await refusal(turn(tagged, {}))).toMatch(/^other-record: churn is delivered from/);
  });
});

describe('the second turn begins the release', () => {
  const actor = worldAt(seconds(5), { config: 'churn-1-0-0' }, { actor: 'mina' });

  test('with a lease, the run and its plan in the record and the journal', async () => {
    const { progress, stored } = await turn(actor, {}, mine);
    expect(progress).toMatchObject({ is: 'waiting', because: `began release ${begun.id}`, percent: 2, memory: mine });
    expect(stored.record().live).toEqual({
      ...begun,
      phase: 'preparing',
      startedAt: seconds(5),
      lease: { holder: 'run-1', until: seconds(5) + minutes(10) },
      run: { url: 'https://example.test/run/1', actor: 'mina', commit: 'c0ffee' },
      alarms: [],
      witnessed: {},
      commands: [],
    });
    expect(stored.journal()).toMatchObject([{ kind: 'plan', id: begun.id, version: '1.1.0' }]);
  });

  test('is refused while another holder’s lease runs', async () => {
    const other = held({ id: otherId, lease: { holder: 'run-2', until: minutes(1) } });
    expect(await refusal(turn(actor, { record: recordWith(other) }, mine))).toMatch(
      /^held-by-another-release: .*held by run-2/,
    );
  });

  test('reads again after a lost race, and keeps its place', async () => {
    const stored = storedRelease(recordWith(undefined));
    const { operation } = operationOver(stored, {});
    stored.beforeWrite(() => stored.overwrite({ ...recordWith(undefined), epoch: 9 }));
    expect(await runRelease(actor, mine, operation)).toMatchObject({
      is: 'waiting',
      memory: mine,
      percent: 1,
      notBefore: seconds(10),
      because: expect.stringMatching(/changed by another writer; it is at epoch 9; reading it again$/),
    });
    expect(stored.record().epoch).toBe(9);
  });
});

describe('the course of a run', () => {
  test('is that of its own release as the turn left it, with the verdict of the turn', async () => {
    const task = async (turn: Turn) => {
      await turn.save({ phase: 'supervising', witnessed: { submittedAt: 0 } });
      turn.witness({ at: 0, buckets: [], verdict: { decision: 'continue', because: 'too few' } });
      return { because: 'looked', percent: 20 };
    };
    const { progress } = await turn(one, { record: recordWith(held()), tasks: { preparing: [task] } }, mine);
    expect(progress.course).toEqual({ phase: 'updating', shares: [], verdict: 'continue: too few', minutes: [] });
  });

  test('is never that of another release', async () => {
    const record = recordWith(undefined, over({ id: otherId }));
    expect((await turn(one, { record })).progress.course).toBeUndefined();
  });
});

describe('the following turns', () => {
  test('run the next unfinished task, under a lease that the save renews', async () => {
    const { progress, stored } = await turn(
      worldAt(minutes(3), { config: 'churn-1-0-0' }),
      {
        record: recordWith(held()),
        tasks: {
          preparing: [
            async () => undefined,
            async ({ save }) => {
              await save({ alarms: ['a'] });
              return { because: 'made an alarm', percent: 5, notBefore: 7 };
            },
            async () => ({ because: 'too early', percent: 6 }),
          ],
        },
      },
      mine,
    );
    expect(progress).toMatchObject({ is: 'waiting', because: 'made an alarm', percent: 5, notBefore: 7, memory: mine });
    expect(stored.record().live).toMatchObject({ alarms: ['a'], lease: { holder: 'run-1', until: minutes(13) } });
    expect(stored.journal()).toMatchObject([{ kind: 'command', alarms: ['a'] }]);
  });

  test('a release without an unfinished task is a defect, never a silent wait', async () => {
    await expect(turn(one, { record: recordWith(held()), tasks: { preparing: [] } }, mine)).rejects.toThrow(
      'has no task left in phase preparing',
    );
  });

  test.each([
    ['expired', { holder: 'run-1', until: 0 }],
    ['of a dead run', { holder: 'run-0', until: 0 }],
  ])('a lease that is %s is taken over before anything is done', async (_how, lease) => {
    const { progress, stored } = await turn(one, { record: recordWith(held({ lease })) }, mine);
    expect(progress).toMatchObject({ because: `took ${begun.id} over from ${lease.holder}`, percent: 2 });
    expect(progress).not.toHaveProperty('memory.resumed');
    expect(stored.record().live?.lease).toEqual({ holder: 'run-1', until: minutes(10) });
  });

  test('taking over keeps the order to check approval and content', async () => {
    const lease = { holder: 'run-0', until: 0 };
    const { progress } = await turn(one, { record: recordWith(held({ lease })) }, { ...mine, resumed: true });
    expect(progress).toMatchObject({ memory: { resumed: true } });
  });

  test('a release that another run holds is left to it', async () => {
    const record = recordWith(held({ lease: { holder: 'run-2', until: minutes(1) } }));
    expect(await refusal(turn(one, { record }, mine))).toMatch(/^held-by-another-release: .*held by run-2/);
  });

  test('a release of the memory’s name that another run holds is for the plan to judge, which may wait for it', async () => {
    const record = recordWith(held({ lease: { holder: 'run-2', until: minutes(1) } }));
    const { planned, progress } = await turn(
      one,
      { record, opening: { is: 'behind', because: 'run-2 goes on' } },
      mine,
    );
    expect(planned).toEqual([record]);
    expect(progress).toMatchObject({ is: 'waiting', because: 'run-2 goes on' });
  });

  test.each([
    ['Approved', 'made an alarm'],
    ['Rejected', 'rejected: nothing was submitted: churn_v1.1.0'],
  ] as const)('a run that goes on with a release checks approval and content first: %s', async (approval, because) => {
    const { registry, read } = registryOf('1.1.0');
    registry.approval = approval;
    const base = worldAt(0, { config: 'churn-1-0-0' }, { reads: read.sagemaker });
    const world = { ...base, read: { ...base.read, s3: read.s3, ecr: read.ecr } } as unknown as World;
    const record = recordWith(held({ candidate: { ...configuration('1.1.0'), packageVersion: 7 } }));
    const tasks: Tasks = { preparing: [async () => ({ because: 'made an alarm', percent: 5 })] };
    const { progress } = await turn(world, { record, tasks }, { ...mine, resumed: true });
    expect(progress.because).toContain(because);
    expect(registry.looks).toBe(1);
  });

  test('a release that is not the memory’s is planned anew', async () => {
    const again = await turn(
      one,
      { record: recordWith(held({ id: otherId })), opening: { is: 'behind', because: 'x' } },
      mine,
    );
    expect(again.planned).toHaveLength(1);
  });

  test('a release with another plan is refused', async () => {
    const recognise = () => {
      throw new Refusal('plan-changed', 'another plan');
    };
    expect(await refusal(turn(one, { record: recordWith(held()), recognise }, mine))).toBe(
      'plan-changed: another plan',
    );
  });

  test('the last task reports the end of the release', async () => {
    const record = recordWith(
      held({ phase: 'settling', outcome: 'succeeded', reason: 'delivered', because: 'verified' }),
    );
    const { progress, stored } = await turn(
      worldAt(5, { config: 'churn-1-1-0' }),
      { record, tasks: { settling: settlingTasks } },
      mine,
    );
    expect(progress).toEqual({
      is: 'done',
      outcome: 'succeeded',
      reason: 'delivered',
      outputs: { version: '1.1.0' },
      because: 'verified',
      course: { phase: 'ended', shares: [] },
    });
    expect(stored.record()).toMatchObject({
      ended: [{ serving: 'candidate', endedAt: 5, phase: 'ended' }],
      history: [{ endpointConfig: 'churn-1-1-0', good: true }],
    });
    expect(stored.record()).not.toHaveProperty('live');
    expect(stored.journal()).toMatchObject([{ kind: 'end', outcome: 'succeeded', serving: 'candidate' }]);
  });

  test('a release that only cleared the way does not end the operation', async () => {
    const record = recordWith(held({ phase: 'settling', outcome: 'succeeded', reason: 'delivered', because: 'x' }));
    const { progress } = await turn(
      worldAt(5, { config: 'churn-1-1-0' }),
      { record, tasks: { settling: settlingTasks }, goesOn: () => true },
      mine,
    );
    expect(progress).toMatchObject({ is: 'waiting', percent: 100 });
  });

  test('a later turn of the run that ended it reports the same end, and plans nothing', async () => {
    const ended = over({ lease: { holder: 'run-1', until: 0 } });
    const { progress, planned } = await turn(one, { record: recordWith(undefined, ended) }, mine);
    expect(progress).toMatchObject({ is: 'done', reason: 'delivered', because: 'verified' });
    expect(planned).toEqual([]);
  });
});

describe('a refusal before the submission', () => {
  const refusing = (error: Error): Tasks => ({
    preparing: [
      async () => {
        throw error;
      },
    ],
  });

  test.each([
    ['by this suite', new Refusal('name-taken', 'the name is taken'), 'name-taken', 'the name is taken'],
    [
      'by AWS',
      awsError('sagemaker:CreateModel', 'is not authorized to perform: sagemaker:CreateModel', 'AccessDeniedException'),
      'access-denied',
      'sagemaker:CreateModel',
    ],
  ])('%s ends the release, so that its preparations are undone', async (_who, error, reason, words) => {
    const { progress, stored } = await turn(one, { record: recordWith(held()), tasks: refusing(error) }, mine);
    expect(progress).toMatchObject({ is: 'waiting', percent: 92 });
    expect(stored.record().live).toMatchObject({ phase: 'settling', reason, because: expect.stringContaining(words) });
  });

  test('on the way back is the end of the way back', async () => {
    const live = held({ takenBack: { because: '1.1.0 is Rejected' }, baseline: configuration('1.0.0') });
    const foreign = worldAt(
      0,
      { config: 'churn-1-1-0' },
      {
        reads: {
          describeEndpointConfig: async () => {
            throw awsError('sagemaker:DescribeEndpointConfig', 'Could not find endpoint configuration "x".');
          },
          describeModel: async () => ({}),
        },
      },
    );
    const { stored } = await turn(foreign, { record: recordWith(live) }, mine);
    expect(stored.record().live).toMatchObject({
      phase: 'settling',
      reason: 'withdrawn-too-late',
      because: expect.stringMatching(
        /^1\.1\.0 is Rejected; 1\.1\.0 still serves, because it could not be taken back: /,
      ),
    });
  });

  test.each([
    ['a defect', new TypeError('x')],
    ['an answer that time cures', awsError('sagemaker:CreateModel', 'Rate exceeded', 'ThrottlingException')],
  ])('%s is no refusal: the release stays as it is', async (_what, error) => {
    const stored = storedRelease(recordWith(held()));
    const { operation } = operationOver(stored, { tasks: refusing(error) });
    await expect(runRelease(one, mine, operation)).rejects.toBe(error);
    expect(stored.record()).toEqual(recordWith(held()));
  });

  test('after the submission the release stays live: an update may be on its way', async () => {
    const live = held({ phase: 'supervising' });
    const stored = storedRelease(recordWith(live));
    const error = new Refusal('endpoint-unusable', 'x');
    const tasks: Tasks = { supervising: refusing(error).preparing ?? [] };
    const { operation } = operationOver(stored, { tasks });
    await expect(runRelease(one, mine, operation)).rejects.toBe(error);
    expect(stored.record().live).toEqual(live);
  });

  test.each([
    ['another run has taken the release meanwhile', held({ lease: { holder: 'run-2', until: minutes(9) } })],
    ['it is another release by now', held({ id: otherId })],
    ['it has ended', undefined],
  ])('is not recorded when %s', async (_what, now) => {
    const stored = storedRelease(recordWith(held()));
    const error = new Refusal('name-taken', 'x');
    const { operation } = operationOver(stored, {
      tasks: {
        preparing: [
          async () => {
            stored.overwrite(recordWith(now));
            throw error;
          },
        ],
      },
    });
    await expect(runRelease(one, mine, operation)).rejects.toBe(error);
    expect(stored.record()).toEqual(recordWith(now));
  });
});

describe('a release that was left behind', () => {
  const left = (more: Partial<Release> = {}) =>
    held({ id: leftId, version: '1.0.5', lease: { holder: 'run-0', until: 0 }, ...more });
  const abandoning = (live: Release): Given => ({
    record: recordWith(live),
    opening: { is: 'begin', plan, release: begun, abandons: live },
  });

  test('is announced in the plan; nothing is written', async () => {
    const { progress, stored } = await turn(one, abandoning(left()));
    expect(progress).toMatchObject({ because: `${leftId} was left behind and is settled first`, percent: 1, plan });
    expect(stored.record().live).toEqual(left());
  });

  test('is taken over first', async () => {
    const { progress, stored } = await turn(one, abandoning(left()), mine);
    expect(progress).toMatchObject({
      because: `took ${leftId}, which was left behind, over from run-0`,
    });
    expect(stored.record().live).toMatchObject({ id: leftId, lease: { holder: 'run-1' } });
  });

  test('ends as abandoned when nothing was submitted', async () => {
    const live = left({ lease: { holder: 'run-1', until: minutes(9) } });
    const { progress, stored } = await turn(one, abandoning(live), mine);
    expect(progress).toMatchObject({
      percent: 1,
      because: expect.stringMatching(/^churn-1\.0\.5-bbbbbbbb-3, which was left behind: /),
    });
    expect(stored.record().live).toMatchObject({ phase: 'settling', reason: 'abandoned' });
  });

  test('ends as stopped by hand when it got that command', async () => {
    const command = { command: 'abort', by: 'mina', why: 'lunch', at: 0 } as const;
    const live = left({ lease: { holder: 'run-1', until: minutes(9) }, commands: [command] });
    const { stored } = await turn(one, abandoning(live), mine);
    expect(stored.record().live).toMatchObject({ reason: 'aborted-by-hand' });
  });

  test('that moved traffic itself takes it back: nothing judges it', async () => {
    const live = left({
      operation: 'shift-traffic',
      phase: 'stepping',
      baseline: configuration('1.0.0'),
      submission: secondSwap,
      stepping: stepping(),
      lease: { holder: 'run-1', until: minutes(9) },
    });
    const { stored } = await turn(one, abandoning(live), mine);
    expect(stored.record().live).toMatchObject({ reason: 'abandoned', stepping: { state: { is: 'returned' } } });
    expect(stored.record().live?.because).toContain('its run ended and its steps have no supervisor');
  });

  test('settles, and the record is free', async () => {
    const live = left({
      lease: { holder: 'run-1', until: minutes(9) },
      phase: 'settling',
      outcome: 'inconclusive',
      reason: 'abandoned',
      because: 'x',
    });
    const { progress, stored } = await turn(one, abandoning(live), mine);
    expect(progress).toMatchObject({ is: 'waiting', memory: mine });
    expect(stored.record().live).toBeUndefined();
    expect(stored.record().ended).toMatchObject([{ id: leftId, reason: 'abandoned' }]);
  });
});

describe('another release that must settle first', () => {
  const other = held({ id: otherId, lease: { holder: 'run-2', until: minutes(9) } });
  const command = { command: 'abort', why: 'rolled back' } as const;
  const stopping = (live: Release, ordered: boolean): Given => ({
    record: recordWith(live),
    opening: { is: 'stop-first', release: live, ...(ordered ? { command } : {}) },
  });

  test.each([
    [true, `${otherId} is live and gets a command to stop first`],
    [false, `${otherId} was left behind and is settled first`],
  ])('in the plan (command: %s)', async (ordered, because) => {
    const { progress, stored } = await turn(one, stopping(other, ordered));
    expect(progress).toMatchObject({ because, percent: 1, memory: { release: '' } });
    expect(stored.record().live).toEqual(other);
  });

  test('gets the command once, with its author', async () => {
    const world = worldAt(5, { config: 'churn-1-0-0' }, { actor: 'mina' });
    const { progress, stored } = await turn(world, stopping(other, true), { v: 1, release: '' });
    expect(progress).toMatchObject({ because: `sent ${otherId} a command to stop`, percent: 1 });
    expect(stored.record().live?.commands).toEqual([{ ...command, by: 'mina', at: 5 }]);
    const ordered = { ...other, commands: [{ ...command, by: 'mina', at: 5 }] };
    const next = await turn(world, stopping(ordered, true), { v: 1, release: '' });
    expect(next.progress).toMatchObject({ because: `waiting for ${otherId} to stop` });
    expect(next.progress).toHaveProperty('notBefore');
    expect((next.progress as { notBefore: number }).notBefore).toBeGreaterThanOrEqual(5 + seconds(30));
    expect(next.stored.record()).toEqual(recordWith(ordered));
  });

  test('a command by a run without an actor names the run', async () => {
    const { stored } = await turn(one, stopping(other, true), { v: 1, release: '' });
    expect(stored.record().live?.commands[0]?.by).toBe('run-1');
  });

  test('is settled in its supervisor’s place once its lease has run out', async () => {
    const dead = { ...other, lease: { holder: 'run-2', until: 0 }, commands: [{ ...command, by: 'mina', at: 0 }] };
    const { progress } = await turn(one, stopping(dead, true), { v: 1, release: '' });
    expect(progress).toMatchObject({ because: `took ${otherId}, which was left behind, over from run-2` });
  });

  test('is settled at once when it is this run’s own', async () => {
    const own = {
      ...other,
      lease: { holder: 'run-1', until: minutes(9) },
      commands: [{ ...command, by: 'mina', at: 0 }],
    };
    const { stored } = await turn(one, stopping(own, true), { v: 1, release: '' });
    expect(stored.record().live).toMatchObject({ phase: 'settling', reason: 'aborted-by-hand' });
  });

  test('without a command no run is left that could stop it: it is settled', async () => {
    const dead = { ...other, lease: { holder: 'run-2', until: 0 } };
    const { progress } = await turn(one, stopping(dead, false), { v: 1, release: '' });
    expect(progress).toMatchObject({ because: `took ${otherId}, which was left behind, over from run-2` });
  });
});
