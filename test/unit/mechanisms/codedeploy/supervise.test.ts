import { describe, expect, test } from '@jest/globals';
import type { DeploymentInfo } from '../../../../src/aws/codedeploy.ts';
import { revisionOf } from '../../../../src/mechanisms/codedeploy/app-spec.ts';
import { deploymentOf, isOver } from '../../../../src/mechanisms/codedeploy/deployment.ts';
import { causeOf, shortShift } from '../../../../src/mechanisms/codedeploy/supervise.ts';
import type { Turn } from '../../../../src/mechanisms/turn.ts';

const submission = {
  mechanism: 'codedeploy',
  kind: 'deployment',
  ...{
    function: 'churn',
    variant: 'live',
    application: 'churn',
    deploymentGroup: 'live',
    from: '6',
    to: '7',
    alarms: [],
  },
} as const;
const own: DeploymentInfo = {
  ...{ applicationName: 'churn', deploymentGroupName: 'live', deploymentId: 'd-OWN', description: 'live-1.4.0-x-1' },
  ...{ creator: 'user', status: 'Failed' },
  revision: { appSpecContent: { sha256: revisionOf(submission).appSpecContent.sha256 } },
};
const asked: object[] = [];
/** @param deployments of the group */
const turn = (deployments: readonly DeploymentInfo[], witnessed: object = {}): Turn =>
  ({
    world: {
      read: {
        codedeploy: {
          getDeployment: async ({ deploymentId }: { readonly deploymentId: string }) => ({
            deploymentInfo: deployments.find((one) => one.deploymentId === deploymentId),
          }),
          getDeploymentGroup: async () => ({ deploymentGroupInfo: { computePlatform: 'Lambda' } }),
          listDeployments: async (input: object) => {
            asked.push(input);
            return { deployments: deployments.flatMap(({ deploymentId }) => deploymentId ?? []) };
          },
        },
      },
    },
    release: { id: 'live-1.4.0-x-1', operation: 'deploy-endpoint', submission, startedAt: 7_200_000, witnessed },
  }) as unknown as Turn;

describe('the deployment of a release', () => {
  const others: readonly [string, DeploymentInfo][] = [
    ['the one that CodeDeploy took it back by', { ...own, deploymentId: 'd-BACK', creator: 'codeDeployRollback' }],
    [
      'one with another revision',
      { ...own, deploymentId: 'd-AGAIN', revision: { appSpecContent: { sha256: 'f'.repeat(64) } } },
    ],
    ['one of another group', { ...own, deploymentId: 'd-OTHER', deploymentGroupName: 'other' }],
    ['one with another description', { ...own, deploymentId: 'd-TEXT', description: 'by hand' }],
  ];
  test.each(others)('is not %s', async (_name, other) => {
    expect(await deploymentOf(turn([other, own]))).toBe(own);
    expect(await deploymentOf(turn([other, own], { deployment: other.deploymentId }))).toBe(own);
  });

  test('is looked for around its submission only, so that many later ones do not hide it', async () => {
    asked.length = 0;
    await deploymentOf(turn([], { submittedAt: 7_300_000, unansweredAt: 7_330_000 }));
    expect(asked).toEqual([
      {
        applicationName: 'churn',
        deploymentGroupName: 'live',
        createTimeRange: { start: 6_700, end: 7_930 },
      },
    ]);
  });

  test('has not ended in a state that this suite does not know', () => {
    expect(isOver({ status: 'Draining' } as unknown as DeploymentInfo)).toBe(false);
  });
});

test.each([
  { shiftingAt: undefined, completeTime: 1_570, says: undefined },
  {
    shiftingAt: undefined,
    completeTime: 1_569,
    says: 'd-OWN ended 569 s after its start, but its shifts alone take 600 s',
  },
  // It waited for its traffic for an hour.
  { shiftingAt: 4_600_000, completeTime: 5_170, says: undefined },
  {
    ...{ shiftingAt: 4_600_000, completeTime: 5_169 },
    says: 'd-OWN ended 569 s after its shift began, but its shifts alone take 600 s',
  },
])('a shift that began at $shiftingAt and ended at $completeTime: $says', ({ shiftingAt, completeTime, says }) => {
  const { release } = turn([], shiftingAt === undefined ? {} : { shiftingAt });
  const shifting = { ...release, submission: { ...submission, shiftSeconds: 600 } } as unknown as typeof release;
  expect(shortShift(shifting, { ...own, startTime: 1_000, completeTime })).toBe(says);
});

test.each([
  ['ALARM_ACTIVE', 'alarm'],
  ['MANUAL_STOP', 'aborted-by-hand'],
  ['TIMEOUT', 'deployment-timeout'],
  ['IAM_ROLE_PERMISSIONS', 'access-denied'],
  ['RESOURCE_LIMIT_EXCEEDED', 'quota-exceeded'],
  ['THROTTLED', 'aws-error'],
  ['INTERNAL_ERROR', 'aws-error'],
  ['SOMETHING_NEW', 'cause-unknown'],
])('%s means %s', async (code, reason) => {
  const failed = { ...own, errorInformation: { code, message: 'because' } };
  const cause = await causeOf(turn([failed]));
  expect(cause.reason).toBe(reason);
  expect(cause.because).toBe(`d-OWN is Failed: ${code} because; version 6 serves again, verified`);
});
