import { describe, expect, test } from '@jest/globals';
import { minutes, seconds } from '../../../src/clock.ts';
import { supervise } from '../../../src/mechanisms/guardrail/supervise.ts';
import type { AlarmSpec } from '../../../src/metrics/alarms.ts';
import type { Release, Witnessed } from '../../../src/release/record.ts';
import type { World } from '../../../src/world.ts';
import { registryOf } from '../../support/approval.ts';
import { turnsOf } from '../../support/turns.ts';

const submittedAt = Date.UTC(2026, 0, 5, 9);
const own = { AlarmName: 'churn-new-errors' } as AlarmSpec;
const variant = { VariantName: 'AllTraffic', CurrentWeight: 1, DesiredWeight: 1 };
/** The new configuration after both bakes, a quarter of an hour. */
const settledOn = (EndpointConfigName: string, FailureReason?: string) => ({
  EndpointStatus: 'InService',
  EndpointConfigName,
  LastModifiedTime: new Date(submittedAt + minutes(EndpointConfigName === 'churn-new' ? 20 : 5)),
  ProductionVariants: [{ ...variant, CurrentInstanceCount: 4, DesiredInstanceCount: 4 }],
  ...(FailureReason ? { FailureReason } : {}),
});
const updating = (FailureReason?: string) => ({
  ...settledOn('churn-old', FailureReason),
  EndpointStatus: 'Updating',
  PendingDeploymentSummary: { EndpointConfigName: 'churn-new', ProductionVariants: [variant] },
});

/** Supervises one look after another, ten minutes in; what was decided, what was put. */
const watching = async (
  looks: readonly object[],
  options: {
    readonly witnessed?: Witnessed;
    readonly alarms?: readonly string[];
    readonly at?: number;
    /** In ALARM at the look of that number. */
    readonly redAt?: number;
    /** Minutes after the submission at which the candidate got a request. */
    readonly requestAt?: number;
    readonly minimumRequests?: number;
  } = {},
) => {
  const put: string[] = [];
  const existing = new Set(options.alarms ?? [own.AlarmName, 'team']);
  let now = submittedAt + (options.at ?? minutes(10));
  let look: object = {};
  const world = {
    clock: { now: () => now },
    account: { partition: 'aws', region: 'eu-west-1', id: '111122223333' },
    read: {
      sagemaker: {
        ...registryOf('1.4.0').read.sagemaker,
        describeEndpoint: async () => look,
        describeEndpointConfig: async () => ({ CreationTime: new Date(submittedAt - seconds(10)) }),
      },
      cloudwatch: {
        describeAlarms: async () => ({
          MetricAlarms: [...existing].map((AlarmName) => ({
            AlarmName,
            StateValue: looks.indexOf(look) === options.redAt ? 'ALARM' : 'OK',
          })),
        }),
        describeAlarmHistory: async ({ StartDate }: { readonly StartDate: Date }) => ({
          AlarmHistoryItems:
            options.redAt !== undefined && StartDate.getTime() <= submittedAt + minutes(10)
              ? [{ HistoryData: '{"newState":{"stateValue":"ALARM"}}' }]
              : [],
        }),
        getMetricData: async ({ EndTime }: { readonly EndTime: Date }) => ({
          MetricDataResults:
            options.requestAt === undefined || submittedAt + minutes(options.requestAt) >= EndTime.getTime()
              ? []
              : [{ Id: 'requests', Timestamps: [new Date(submittedAt + minutes(options.requestAt))], Values: [1] }],
        }),
      },
    },
    write: {
      cloudwatch: {
        putMetricAlarm: async ({ AlarmName }: AlarmSpec) => {
          put.push(AlarmName);
          existing.add(AlarmName);
        },
      },
    },
  } as unknown as World;
  const begun = {
    id: 'churn-1.4.0-1',
    operation: 'deploy-endpoint',
    startedAt: submittedAt - seconds(20),
    lease: { holder: 'me', until: now + minutes(60) },
    baseline: { endpointConfig: 'churn-old', version: '1.3.0' },
    version: '1.4.0',
    candidate: { endpointConfig: 'churn-new', version: '1.4.0', packageVersion: 7 },
    submission: {
      mechanism: 'guardrail',
      kind: 'update',
      variant: 'AllTraffic',
      minimumRequests: options.minimumRequests ?? 0,
      bakeSeconds: 600,
      finalBakeSeconds: 300,
      timeoutSeconds: 3600,
      expectedSeconds: 1200,
      deployment: { AutoRollbackConfiguration: { Alarms: [{ AlarmName: own.AlarmName }, { AlarmName: 'team' }] } },
    },
    alarms: [own.AlarmName],
    commands: [],
    witnessed: { submittedAt, ...options.witnessed },
  } as unknown as Release;
  const { turn, release } = turnsOf(begun, { world, witness: () => {} });
  for (look of looks) {
    await supervise(turn(), [own]);
    now += seconds(30);
  }
  const { reason, because, witnessed } = release();
  return { reason, because, put, witnessed };
};

const ping = 'The primary container for production variant AllTraffic did not pass the ping health check.';

describe('why an update came back', () => {
  test('a reason that showed before the update and never went is not its cause', async () => {
    const { reason } = await watching([updating(ping), settledOn('churn-old', ping)], {
      witnessed: { staleFailureReason: ping },
    });
    expect(reason).toBe('cause-unknown');
  });

  test('the same words after the old ones were gone are its cause', async () => {
    const { reason } = await watching([updating(), settledOn('churn-old', ping)], {
      witnessed: { staleFailureReason: ping },
    });
    expect(reason).toBe('health-check');
  });

  test('a reason that was seen once is remembered', async () => {
    const { reason } = await watching([updating(), updating(ping), settledOn('churn-old')]);
    expect(reason).toBe('health-check');
  });
});

describe('alarms deleted while they watch', () => {
  test("the release's own are put back", async () => {
    const { put, reason } = await watching([updating(), settledOn('churn-new')], { alarms: ['team'] });
    expect(put).toEqual([own.AlarmName]);
    expect(reason).toBe('delivered');
  });

  test("the team's own cannot be put back, and are missed aloud", async () => {
    const { put, reason, because } = await watching([updating(), settledOn('churn-new')], { alarms: [own.AlarmName] });
    expect(put).toEqual([]);
    expect(reason).toBe('alarm-gone');
    expect(because).toContain('team was deleted');
  });

  test('one that is missing when the update has ended did not watch to the end', async () => {
    const { reason } = await watching([settledOn('churn-new')], { alarms: ['team'] });
    expect(reason).toBe('alarm-gone');
  });
});

describe('a read that is late', () => {
  test('says nothing: the update was accepted and nothing shows it yet', async () => {
    const before = { ...settledOn('churn-old'), LastModifiedTime: new Date(submittedAt - minutes(600)) };
    const witnessed = { modifiedAt: before.LastModifiedTime.getTime() };
    expect((await watching([before], { witnessed, at: minutes(2) })).reason).toBeUndefined();
    expect((await watching([before], { witnessed, at: minutes(10) })).reason).toBe('cause-unknown');
  });

  test('but what changed since and is old again came back, whatever our clock says', async () => {
    const witnessed = { modifiedAt: submittedAt - minutes(600) };
    const ahead = { ...settledOn('churn-old'), LastModifiedTime: new Date(submittedAt - seconds(90)) };
    expect((await watching([ahead], { witnessed, at: minutes(7) })).reason).toBe('cause-unknown');
  });
});

describe('an alarm that goes off', () => {
  const baking = {
    ...updating(),
    PendingDeploymentSummary: {
      EndpointConfigName: 'churn-new',
      ProductionVariants: [
        { ...variant, VariantStatus: [{ Status: 'Baking', StartTime: new Date(submittedAt + minutes(8)) }] },
      ],
    },
  };

  test('while the instances start is not what took a candidate without traffic back', async () => {
    expect((await watching([updating(), settledOn('churn-old', ping)], { redAt: 0 })).reason).toBe('health-check');
  });

  test('during a bake is', async () => {
    expect((await watching([baking, settledOn('churn-old')], { redAt: 0 })).reason).toBe('alarm');
  });

  test('while nobody watched is when the candidate had requests by then', async () => {
    expect((await watching([settledOn('churn-old')], { redAt: 9, requestAt: 9 })).reason).toBe('alarm');
    expect((await watching([settledOn('churn-old')], { redAt: 9, requestAt: 11 })).reason).toBe('cause-unknown');
    expect((await watching([settledOn('churn-old')], { redAt: 9 })).reason).toBe('cause-unknown');
  });
});

describe('bakes that nobody watched', () => {
  const unwatched = (at: number, requestAt?: number) =>
    watching([settledOn('churn-new')], { at, minimumRequests: 1, ...(requestAt === undefined ? {} : { requestAt }) });

  test('are counted when the metrics of the last one are complete', async () => {
    expect((await unwatched(minutes(22))).reason).toBeUndefined();
    expect((await unwatched(minutes(23))).reason).toBe('unproven-traffic');
    expect((await unwatched(minutes(23), 4)).reason).toBe('delivered');
  });

  test('are proven by no request after the end of the update', async () => {
    expect((await unwatched(minutes(40), 30)).reason).toBe('unproven-traffic');
    expect((await unwatched(minutes(40), 4)).reason).toBe('delivered');
  });
});

describe('an endpoint that does not serve any more', () => {
  test.each([
    ['Failed', /^churn is Failed since its update to churn-new, and must be deleted: disk/],
    ['OutOfService', /^churn is OutOfService with churn-old: disk/],
  ])('%s after an update is told as that', async (EndpointStatus, says) => {
    const { reason, because } = await watching([{ ...settledOn('churn-old', 'disk'), EndpointStatus }]);
    expect(reason).toBe('endpoint-unusable');
    expect(because).toMatch(says);
  });

  test('serves a mix of both versions when the rollback of an update fails too', async () => {
    const mixed = { ...settledOn('churn-old', 'no instances'), EndpointStatus: 'UpdateRollbackFailed' };
    const { reason, because } = await watching([mixed]);
    expect(reason).toBe('rollback-failed');
    expect(because).toBe('the update and its rollback both failed: no instances');
  });

  test('OutOfService with what nobody here published is somebody else’s', async () => {
    const { reason } = await watching([{ ...settledOn('churn-theirs'), EndpointStatus: 'OutOfService' }]);
    expect(reason).toBe('changed-by-others');
  });
});
