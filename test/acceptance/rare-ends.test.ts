import { expect, test } from '@jest/globals';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rollback } from '../../src/operations/rollback.ts';
import type { Outcome } from '../../src/outcome.ts';
import type { ReasonCode } from '../../src/reason-codes.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import type { Report } from '../../src/report/result.ts';
import { openAccount, type TestAccount } from '../support/account.ts';

interface End {
  readonly outcome: Outcome;
  readonly reason: ReasonCode;
  readonly says: RegExp;
  /** DescribeEndpoint's status afterwards; undefined where there is no endpoint. */
  readonly status: string | undefined;
  /** Sets the stage, does harm, and runs the operation. */
  readonly play: (account: TestAccount) => Promise<Report | undefined>;
}

const deploy = async (account: TestAccount, version: '1.0.0' | '1.1.0' | '1.5.0'): Promise<Report | undefined> => {
  await account.prepare(version);
  return account.run(deployEndpoint, { version });
};

/** The name that a plan gives to a model or an endpoint config. */
const plannedName = (report: Report | undefined, kind: string): string => {
  const created = report?.result.plan?.changes.find(({ object }) => object.startsWith(`${kind} `));
  if (created === undefined) throw new Error(`the plan creates no ${kind}`);
  return created.object.slice(kind.length + 1);
};

const ends: Readonly<Record<string, End>> = {
  'a first deployment that gets no instances': {
    outcome: 'failed',
    reason: 'capacity-unavailable',
    says: /Unable to provision requested ML compute capacity/,
    status: 'Failed',
    play: async (account) => {
      account.simulator.harm.failCapacity(1);
      return deploy(account, '1.0.0');
    },
  },
  'a first deployment whose model never passes its health check': {
    outcome: 'failed',
    reason: 'creation-failed',
    says: /^iris could not be created: .*health check/,
    status: 'Failed',
    play: (account) => deploy(account, '1.5.0'),
  },
  'an update that gets no instances': {
    outcome: 'rolled-back',
    reason: 'capacity-rolled-back',
    says: /1\.0\.0 serves$/,
    status: 'InService',
    play: async (account) => {
      await account.inProduction('1.0.0');
      account.simulator.harm.failCapacity(1);
      return deploy(account, '1.1.0');
    },
  },
  'a version that never passes its health check': {
    outcome: 'rolled-back',
    reason: 'health-check',
    says: /1\.0\.0 serves$/,
    status: 'InService',
    play: async (account) => {
      await account.inProduction('1.0.0');
      return deploy(account, '1.5.0');
    },
  },
  'a version that SageMaker took back without a reason, again': {
    outcome: 'rejected',
    reason: 'not-repeated',
    says: /1\.1\.0 was taken back for a cause that is not known .*; that convicts no version; set retry: true/,
    status: 'InService',
    play: async (account) => {
      await account.inProduction('1.0.0');
      account.simulator.harm.silentRollback(team.endpoint);
      expect((await deploy(account, '1.1.0'))?.result.reason).toBe('cause-unknown');
      return account.run(deployEndpoint, { version: '1.1.0' });
    },
  },
  'a rollback that gets no instances': {
    outcome: 'failed',
    reason: 'restore-failed',
    says: /1\.1\.0 still serves$/,
    status: 'InService',
    play: async (account) => {
      await account.inProduction('1.0.0');
      await account.inProduction('1.1.0');
      account.simulator.harm.failCapacity(1);
      return account.run(rollback, {});
    },
  },
  'a model of other content under the name that the version needs': {
    outcome: 'failed',
    reason: 'name-taken',
    says: /^model iris-\S+ exists with content that does not match its name/,
    status: undefined,
    play: async (account) => {
      await account.prepare('1.0.0');
      const planned = await account.run(deployEndpoint, { version: '1.0.0', 'dry-run': 'true' });
      await account.simulator.call('sagemaker', 'CreateModel', {
        ModelName: plannedName(planned, 'model'),
        ExecutionRoleArn: `arn:aws:iam::${team.account}:role/iris-serving`,
        PrimaryContainer: { Image: team.image, ModelDataUrl: `s3://${team.bucket}/training/iris-1.0.0/model.tar.gz` },
      });
      return account.run(deployEndpoint, { version: '1.0.0' });
    },
  },
};

test.each(Object.entries(ends))('%s', async (_name, { outcome, reason, says, status, play }) => {
  const account = await openAccount();
  try {
    const report = await play(account);
    expect(report?.result).toMatchObject({ outcome, reason, because: expect.stringMatching(says) });
    const shown = await account.simulator
      .call('sagemaker', 'DescribeEndpoint', { EndpointName: team.endpoint })
      .catch(() => ({ EndpointStatus: undefined }));
    expect(shown['EndpointStatus']).toBe(status);
  } finally {
    await account.close();
  }
});
