import { describe, expect, test } from '@jest/globals';
import { endOfWayBack, tasksToTakeBack } from '../../../src/delivery/take-back.ts';
import type { Tasks } from '../../../src/delivery/task.ts';
import type { Release } from '../../../src/release/record.ts';
import { configuration, guarded, release } from '../../support/release.ts';
import { awsError, worldAt } from '../../support/stored.ts';
import { turnsOf } from '../../support/turns.ts';

const why = 'churn_v1.1.0 is Rejected';
const withdrawn = release({
  phase: 'preparing',
  baseline: configuration('1.0.0'),
  takenBack: { because: why },
  commands: [{ command: 'abort', by: 'mina', why: 'lunch', at: 0 }],
});
const own: Tasks = { preparing: [], settling: [] };

test('a release that keeps its approval keeps its tasks', () => {
  expect(tasksToTakeBack(release(), own)).toBe(own);
});

test('a release that lost it settles as it would have', () => {
  expect(tasksToTakeBack(withdrawn, own).settling).toBe(own.settling);
});

describe('the end of the way back is the end of the release', () => {
  test.each([
    ['restored', 'x', 'approval-withdrawn', `${why}; 1.0.0 serves again, verified`],
    ['changed-by-others', 'it moved', 'changed-by-others', `${why}; while it was taken back, it moved`],
    ['endpoint-unusable', 'it moved', 'endpoint-unusable', `${why}; while it was taken back, it moved`],
    ['rollback-failed', 'it moved', 'rollback-failed', `${why}; while it was taken back, it moved`],
    ['verification-mismatch', 'it moved', 'verification-mismatch', `${why}; while it was taken back, it moved`],
    [
      'capacity-unavailable',
      'no machines',
      'withdrawn-too-late',
      `${why}; 1.1.0 still serves, because it could not be taken back: no machines`,
    ],
  ] as const)('%s', (reason, because, ends, sentence) => {
    expect(endOfWayBack(withdrawn, reason, because)).toEqual({ reason: ends, because: sentence });
  });

  test.each([
    [
      'restored',
      'x',
      'dark-checks-failed',
      'smoke: 3 of 60; the candidate is gone, and 1.0.0 serves as before, verified',
    ],
    ['changed-by-others', 'it moved', 'changed-by-others', 'smoke: 3 of 60; while it was taken back, it moved'],
    [
      'capacity-unavailable',
      'no machines',
      'dark-checks-failed',
      'smoke: 3 of 60; it is still up without traffic, because it could not be removed: no machines',
    ],
  ] as const)('%s, of a candidate that failed its smoke test', (reason, because, ends, sentence) => {
    const failed: Release = { ...withdrawn, takenBack: { because: 'smoke: 3 of 60', reason: 'dark-checks-failed' } };
    expect(endOfWayBack(failed, reason, because)).toEqual({ reason: ends, because: sentence });
  });

  test.each([
    ['restored', 'x', 'convicted', 'errors: 9 of 60; 1.0.0 serves again, verified'],
    ['rollback-failed', 'it moved', 'rollback-failed', 'errors: 9 of 60; while it was taken back, it moved'],
    [
      'capacity-unavailable',
      'no machines',
      'convicted-too-late',
      'errors: 9 of 60; 1.1.0 still serves, because it could not be taken back: no machines',
    ],
  ] as const)('%s, of a version that the judge convicted', (reason, because, ends, sentence) => {
    const failed: Release = { ...withdrawn, takenBack: { because: 'errors: 9 of 60', reason: 'convicted' } };
    expect(endOfWayBack(failed, reason, because)).toEqual({ reason: ends, because: sentence });
  });

  test('a configuration of others is named by its config', () => {
    const { version: _, ...others } = configuration('1.0.0');
    expect(endOfWayBack({ ...withdrawn, baseline: others }, 'restored', '').because).toBe(
      `${why}; churn-1-0-0 serves again, verified`,
    );
  });
});

/** The release after each save, and the requests to SageMaker, of one task on the way back. */
const goingBack = (given: Release, serving: string, status = 'InService') => {
  const sent: object[] = [];
  const world = worldAt(
    1000,
    { config: serving, status },
    {
      reads: {
        describeEndpointConfig: async () => ({}),
        describeModelPackage: async () => Promise.reject(awsError('sagemaker:DescribeModelPackage', 'not needed')),
      },
      writes: {
        updateEndpoint: async (request: object) => {
          sent.push(request);
        },
      },
    },
  );
  const { turn, saved } = turnsOf(given, { world });
  const tasks = tasksToTakeBack(given, own);
  const { phase } = given;
  const list = phase === 'ended' ? [] : (tasks[phase] ?? []);
  return { saved, sent, run: () => list.at(-1)?.(turn()) };
};

describe('on the way back', () => {
  test('the previous configuration is submitted as a rollback is: without guardrails, whatever was ordered of the delivery', async () => {
    const one = goingBack(withdrawn, 'churn-1-1-0');
    const step = await one.run();
    expect(one.sent).toEqual([
      { EndpointName: 'churn', EndpointConfigName: 'churn-1-0-0', RetainAllVariantProperties: true },
    ]);
    expect(one.saved.map(({ phase }) => phase)).toEqual(['submitting', 'supervising']);
    expect(one.saved[0]).not.toHaveProperty('candidate');
    expect(step?.because).toBe('submitted: updating churn from churn-1-1-0 to churn-1-0-0');
  });

  test('an arrival ends the release, not a rollback', async () => {
    const supervised = { ...withdrawn, phase: 'supervising', witnessed: { submittedAt: 0, updatingAt: 1 } } as const;
    const one = goingBack(supervised, 'churn-1-0-0');
    const step = await one.run();
    expect(one.saved.at(-1)).toMatchObject({
      phase: 'settling',
      outcome: 'rolled-back',
      reason: 'approval-withdrawn',
      because: `${why}; 1.0.0 serves again, verified`,
    });
    expect(step?.because).toBe(`rolled-back: ${why}; 1.0.0 serves again, verified`);
  });

  test('a look without an end is reported as it is', async () => {
    const supervised = { ...withdrawn, phase: 'supervising', witnessed: { submittedAt: 0, updatingAt: 1 } } as const;
    const one = goingBack(supervised, 'churn-1-1-0', 'Updating');
    const step = await one.run();
    expect(step?.because).not.toContain('rolled-back');
    expect(one.saved.some(({ reason }) => reason !== undefined)).toBe(false);
  });

  test('a candidate beside the old variant goes back to the old variant’s name', async () => {
    const dark = { ...withdrawn, submission: { ...guarded, variant: 'AllTraffic-next', canonical: 'AllTraffic' } };
    const one = goingBack(dark, 'churn-1-1-0');
    await one.run();
    expect(one.sent).toHaveLength(1);
  });

  test('a release without anything before it is a defect', async () => {
    const { baseline: _, ...first } = withdrawn;
    await expect(async () => goingBack(first, 'churn-1-1-0').run()).rejects.toThrow('has nothing to go back to');
  });
});
