import { expect, test } from '@jest/globals';
import { minutes, seconds } from '../../../../src/clock.ts';
import { lookAtVersions, movesOf } from '../../../../src/mechanisms/codedeploy/judge.ts';
import type { Turn } from '../../../../src/mechanisms/turn.ts';

const nine = Date.UTC(2026, 0, 5, 9);

test('the minutes around each shift are no evidence, and none before the first has requests to the candidate', () => {
  expect(movesOf('CodeDeployDefault.LambdaCanary10Percent5Minutes', nine)).toEqual([
    { from: nine, until: nine + seconds(30), share: 0.1 },
    { from: nine + minutes(5) - seconds(30), until: nine + minutes(5) + seconds(30), share: 1 },
  ]);
  expect(movesOf('model-delivery.LambdaLinear50PercentEvery3Minutes', nine).map(({ share }) => share)).toEqual([
    0.5, 1,
  ]);
});

/** A turn of a judged deployment; `began`: how CodeDeploy answers about the beginning of the shift. */
const looked = async (began: () => unknown) => {
  const asked: string[] = [];
  const saved: unknown[] = [];
  const turn = {
    world: {
      clock: { now: () => nine + minutes(1) },
      read: {
        codedeploy: {
          listDeploymentTargets: async () => began(),
          getDeploymentTarget: async () => ({
            deploymentTarget: { lambdaTarget: { lifecycleEvents: [{ lifecycleEventName: 'BeforeAllowTraffic' }] } },
          }),
        },
        cloudwatch: { getMetricData: async () => void asked.push('metrics') },
      },
    },
    release: {
      submission: {
        mechanism: 'codedeploy',
        kind: 'deployment',
        config: 'CodeDeployDefault.LambdaCanary10Percent5Minutes',
        judged: {},
      },
      witnessed: {},
    },
    save: async (patch: unknown) => void saved.push(patch),
  } as unknown as Turn;
  const { convicts } = await lookAtVersions(turn, { deploymentId: 'd-1' }, { version: '1' });
  return { asked, saved, convicts };
};

test.each<[string, () => unknown]>([
  [
    'has not begun',
    () => {
      throw Object.assign(new Error(), { name: 'DeploymentNotStartedException' });
    },
  ],
  ['has no target yet', () => ({ targetIds: [] })],
  ['waits for its hook', () => ({ targetIds: ['churn:live'] })],
])('a deployment that %s is not judged', async (_name, began) => {
  expect(await looked(began)).toEqual({ asked: [], saved: [], convicts: undefined });
});

test('another refusal is not taken for a beginning', async () => {
  const denied = looked(() => {
    throw Object.assign(new Error('not authorized'), { name: 'AccessDeniedException' });
  });
  await expect(denied).rejects.toThrow('not authorized');
});
