import { describe, expect, test } from '@jest/globals';
import { AnswerLost, Throttled } from '../../../src/aws/retry.ts';
import { seconds } from '../../../src/clock.ts';
import { confirmSubmission, submit } from '../../../src/mechanisms/submit.ts';
import type { GuardedUpdate, Release } from '../../../src/release/record.ts';
import type { World } from '../../../src/world.ts';
import { type Registry, registryOf } from '../../support/approval.ts';
import { awsError } from '../../support/stored.ts';
import { turnsOf } from '../../support/turns.ts';

const now = Date.UTC(2026, 0, 5, 9);
const release = {
  id: 'churn-1.4.0-1',
  operation: 'deploy-endpoint',
  version: '1.4.0',
  phase: 'preparing',
  startedAt: now - seconds(20),
  lease: { holder: 'me', until: now + seconds(600) },
  baseline: { endpointConfig: 'churn-old' },
  candidate: { endpointConfig: 'churn-new', packageVersion: 7 },
  submission: {
    mechanism: 'guardrail',
    kind: 'update',
    exclude: [],
    deployment: { AutoRollbackConfiguration: { Alarms: [{ AlarmName: 'errors' }] } },
  },
  alarms: ['errors'],
  commands: [],
  witnessed: {},
} as unknown as Release;

const refusal = (name: string, message: string) => awsError('sagemaker:UpdateEndpoint', message, name);

/** A turn over an endpoint that answers as told; saved patches are remembered in order. */
const turnOver = (far: {
  readonly update?: () => Promise<unknown>;
  readonly endpoint?: object;
  readonly configAgeSeconds?: number;
  readonly alarm?: string;
  /** Of the package, from the start. */
  readonly registry?: Partial<Registry>;
}) => {
  const { registry, read } = registryOf('1.4.0');
  Object.assign(registry, far.registry);
  const sent: object[] = [];
  const world = {
    clock: { now: () => now },
    account: { partition: 'aws', region: 'eu-west-1', id: '111122223333' },
    read: {
      ...read,
      sagemaker: {
        ...read.sagemaker,
        describeEndpoint: async () => ({
          EndpointStatus: 'InService',
          EndpointConfigName: 'churn-old',
          LastModifiedTime: new Date(now - seconds(9000)),
          ...far.endpoint,
        }),
        describeEndpointConfig: async () => {
          if (far.configAgeSeconds === undefined)
            throw refusal('ValidationException', 'Could not find endpoint configuration "churn-new".');
          return { CreationTime: new Date(now - seconds(far.configAgeSeconds)) };
        },
      },
      cloudwatch: {
        describeAlarms: async () => ({ MetricAlarms: [{ AlarmName: 'errors', StateValue: far.alarm ?? 'OK' }] }),
      },
    },
    write: {
      sagemaker: {
        updateEndpoint: async (input: object) => {
          sent.push(input);
          return far.update?.();
        },
      },
    },
  } as unknown as World;
  const { turn, saved } = turnsOf(release, { world });
  return { turn: turn(), saved, sent, registry };
};
const refusing = (name: string, message: string) => () => Promise.reject(refusal(name, message));

describe('submitting an update', () => {
  test('is announced first, and keeps the reason that showed before it', async () => {
    const { turn, saved } = turnOver({ endpoint: { FailureReason: 'last week' } });
    await submit(turn, {});
    expect(saved.map(({ phase }) => phase)).toEqual(['submitting', 'supervising']);
    expect(saved[0]?.witnessed).toEqual({
      submittedAt: now,
      modifiedAt: now - seconds(9000),
      staleFailureReason: 'last week',
    });
  });

  test('an update keeps every variant’s properties but those the plan excludes, and is watched by the plan’s alarms', async () => {
    const { turn, sent } = turnOver({});
    await submit(turn, {});
    const { deployment } = release.submission as GuardedUpdate;
    const DeploymentConfig = { DeploymentConfig: deployment };
    const names = { EndpointName: 'churn', EndpointConfigName: 'churn-new' };
    expect(sent).toEqual([{ ...names, RetainAllVariantProperties: true, ...DeploymentConfig }]);

    const again = turnOver({});
    const excluding = {
      ...release,
      submission: { ...release.submission, exclude: ['DesiredInstanceCount'] },
    } as Release;
    await submit(
      {
        ...again.turn,
        release: excluding,
        save: async (patch) => ({ ...again.turn, release: { ...excluding, ...patch } as Release }),
      },
      {},
    );
    expect(again.sent).toEqual([
      {
        ...names,
        RetainAllVariantProperties: true,
        ExcludeRetainedVariantProperties: [{ VariantPropertyType: 'DesiredInstanceCount' }],
        ...DeploymentConfig,
      },
    ]);
  });

  test.each([
    [
      'quota',
      'ResourceLimitExceeded',
      "The account-level service limit 'ml.m5.large' is 4 Instances",
      'quota-exceeded',
    ],
    ['permission', 'AccessDeniedException', 'is not authorized to perform: sagemaker:UpdateEndpoint', 'access-denied'],
    ['anything else', 'ValidationException', 'ManagedInstanceScaling is not supported.', 'aws-error'],
    [
      'a config that was deleted',
      'ValidationException',
      'Could not find endpoint configuration "x".',
      'config-missing',
    ],
  ])('a refusal for %s ends the release, so that everything is put back', async (_what, name, message, reason) => {
    const { turn, saved } = turnOver({ update: refusing(name, message) });
    await submit(turn, {});
    expect(saved.at(-1)).toMatchObject({ phase: 'settling', outcome: 'failed', reason });
    expect(saved.at(-2)).toEqual({ phase: 'preparing', witnessed: {} });
  });

  test.each([
    ['in progress', 'Cannot update in-progress endpoint "churn".', undefined],
    ['a configuration of five seconds ago that it cannot see', 'Could not find endpoint configuration "x".', 5],
  ])('is tried again later when SageMaker says %s', async (_what, message, configAgeSeconds) => {
    const { turn, saved } = turnOver({
      update: refusing('ValidationException', message),
      ...(configAgeSeconds === undefined ? {} : { configAgeSeconds }),
    });
    const step = await submit(turn, {});
    expect(step.notBefore).toBeGreaterThan(now);
    expect(saved.at(-1)).toEqual({ phase: 'preparing', witnessed: {} });
  });

  test('a configuration it still cannot see after 30 s is missing', async () => {
    const { turn, saved } = turnOver({
      update: refusing('ValidationException', 'Could not find endpoint configuration "x".'),
      configAgeSeconds: 30,
    });
    await submit(turn, {});
    expect(saved.at(-1)).toMatchObject({ reason: 'config-missing' });
  });

  test('throttling is passed on: it spends no failure budget', async () => {
    const throttled = new Throttled(now + seconds(30), new Error('Rate exceeded'));
    const { turn, saved } = turnOver({ update: () => Promise.reject(throttled) });
    await expect(submit(turn, {})).rejects.toBe(throttled);
    expect(saved.at(-1)).toEqual({ phase: 'preparing', witnessed: {} });
  });

  test('nothing is sent while an alarm is red', async () => {
    const { turn, saved, sent } = turnOver({ alarm: 'ALARM' });
    await submit(turn, {});
    expect(sent).toEqual([]);
    expect(saved).toMatchObject([{ phase: 'settling', reason: 'alarm-not-ready' }]);
  });

  describe('looks at approval and content again, last thing before it is announced', () => {
    test('once', async () => {
      const { turn, sent, registry } = turnOver({});
      await submit(turn, {});
      expect(sent).toHaveLength(1);
      expect(registry.looks).toBe(1);
    });

    test.each([
      ['rejected', { approval: 'Rejected' }, 'rejected', 'not-approved'],
      ['taken back to be decided', { approval: 'PendingManualApproval' }, 'rejected', 'not-approved'],
      ['edited', { environment: { THRESHOLD: '0' } }, 'rejected', 'content-changed'],
      ['given another artifact', { artifact: 'b'.repeat(64) }, 'rejected', 'content-changed'],
    ] as const)('a package that was %s', async (_how, registry, outcome, reason) => {
      const { turn, saved, sent } = turnOver({ registry });
      await submit(turn, {});
      expect(sent).toEqual([]);
      expect(saved).toMatchObject([{ phase: 'settling', outcome, reason }]);
      expect(saved[0]?.because).toContain('nothing was submitted: ');
    });

    test.each(['Updating', 'SystemUpdating'])('and while the endpoint is %s', async (EndpointStatus) => {
      const { turn, saved } = turnOver({ endpoint: { EndpointStatus }, registry: { approval: 'Rejected' } });
      await submit(turn, {});
      expect(saved).toMatchObject([{ phase: 'settling', reason: 'not-approved' }]);
    });

    test('a registry that does not answer lets nothing pass', async () => {
      const refuses = refusal('AccessDeniedException', 'is not authorized to perform: sagemaker:DescribeModelPackage');
      const { turn, saved, sent } = turnOver({ registry: { refuses } });
      await expect(submit(turn, {})).rejects.toBe(refuses);
      expect([saved, sent]).toEqual([[], []]);
    });

    test('but going back does not: the version that is left may well be rejected', async () => {
      const { turn, sent, registry } = turnOver({ registry: { approval: 'Rejected' } });
      await submit({ ...turn, release: { ...release, operation: 'rollback' } }, {});
      expect(sent).toHaveLength(1);
      expect(registry.looks).toBe(0);
    });

    test('a record without the package is no approval', async () => {
      const { turn, sent, saved } = turnOver({});
      const candidate = { ...release.candidate };
      delete (candidate as { packageVersion?: number }).packageVersion;
      await submit({ ...turn, release: { ...release, candidate } }, {});
      expect(sent).toEqual([]);
      expect(saved).toMatchObject([{ reason: 'not-approved' }]);
    });
  });

  test('what an earlier submission with a lost answer started is followed, not repeated', async () => {
    const { turn, saved, sent } = turnOver({
      endpoint: { EndpointStatus: 'Updating', PendingDeploymentSummary: { EndpointConfigName: 'churn-new' } },
    });
    await submit(turn, {});
    expect(sent).toEqual([]);
    expect(saved).toMatchObject([{ phase: 'supervising' }]);
  });
});

describe('an answer that was lost', () => {
  const lost = { phase: 'submitting', lease: release.lease } as const;
  const confirm = (witnessed: Release['witnessed'], endpoint = {}) => {
    const { turn, saved } = turnOver({ endpoint });
    return confirmSubmission({ ...turn, release: { ...turn.release, ...lost, witnessed } }).then(() => saved.at(-1));
  };
  const before = { submittedAt: now - seconds(90), modifiedAt: now - seconds(9000) };

  test('is written down when it is given up, and the minute in which it may still show is counted from then', async () => {
    const { turn, saved } = turnOver({
      update: () => Promise.reject(new AnswerLost('sagemaker:UpdateEndpoint', new Error('socket hang up'))),
    });
    await submit(turn, {});
    expect(saved.at(-1)?.witnessed).toMatchObject({ submittedAt: now, unansweredAt: now });
    expect(await confirm({ ...before, unansweredAt: now - seconds(55) })).toBeUndefined();
    expect(await confirm({ ...before, unansweredAt: now - seconds(60) })).toEqual({
      phase: 'preparing',
      witnessed: {},
    });
  });

  test('had arrived when the endpoint changed, by its own clock', async () => {
    const LastModifiedTime = new Date(now - seconds(8000));
    expect(await confirm({ ...before, unansweredAt: now }, { LastModifiedTime })).toEqual({ phase: 'supervising' });
  });
});
