import { describe, expect, test } from '@jest/globals';
import type { Rollout } from '../../../src/manifest/manifest.ts';
import { mechanismFor, mechanismOf, mechanisms } from '../../../src/mechanisms/all.ts';
import type { PlanRequest } from '../../../src/mechanisms/mechanism.ts';
import { releaseAlarmsOf } from '../../../src/mechanisms/release-alarms.ts';
import { Refusal } from '../../../src/operation.ts';
import type { RegisteredVersion } from '../../../src/registry/registered-version.ts';
import { newRecord } from '../../../src/release/lifecycle.ts';
import type { EndpointMechanism, Release } from '../../../src/release/record.ts';
import type { World } from '../../../src/world.ts';
import { asking, planningWorld } from '../../support/planning.ts';
import { configuration, guarded, release, secondSwap, subject } from '../../support/release.ts';
import { turnFrom, turnsOf } from '../../support/turns.ts';

const record = newRecord(subject);
const [from, to] = [configuration('1.1.0'), configuration('1.0.0')];
const requests: Readonly<Record<PlanRequest['operation'], PlanRequest>> = {
  'deploy-endpoint': {
    operation: 'deploy-endpoint',
    requested: asking('1.1.0'),
    record,
    registered: { packageVersion: 7 } as RegisteredVersion,
    attempt: 1,
    tags: {},
  },
  'shift-traffic': { operation: 'shift-traffic', requested: asking('1.1.0'), record },
  rollback: { operation: 'rollback', record, from, to, variant: 'AllTraffic', because: 'wrong prices' },
};
/** What each of them plans. */
const planned: Readonly<Record<keyof typeof mechanisms, readonly PlanRequest['operation'][]>> = {
  guardrail: ['deploy-endpoint'],
  variants: ['deploy-endpoint', 'shift-traffic'],
  replacement: ['rollback'],
};
const names = Object.keys(planned) as readonly EndpointMechanism[];

describe('a mechanism', () => {
  test.each(
    names.flatMap((name) =>
      Object.values(requests)
        .filter(({ operation }) => !planned[name].includes(operation))
        .map((request) => [name, request.operation, request] as const),
    ),
  )('%s refuses to plan %s, which it does not do', async (name, operation, request) => {
    const refused = mechanisms[name].plan({} as World, request);
    await expect(refused).rejects.toBeInstanceOf(Refusal);
    await expect(refused).rejects.toMatchObject({
      reason: 'infeasible-rollout',
      message: expect.stringContaining(`${operation} on churn: `),
    });
  });

  test.each(names)('%s is found by the name that the record has for it', (mechanism) => {
    const submission = { ...(mechanism === 'guardrail' ? guarded : secondSwap), mechanism } as Release['submission'];
    expect(mechanismOf(release({ submission }))).toBe(mechanisms[mechanism]);
  });

  test('is picked by the strategy', () => {
    const picked: Readonly<Record<Rollout['strategy'], EndpointMechanism>> = {
      'all-at-once': 'guardrail',
      canary: 'guardrail',
      linear: 'guardrail',
      rolling: 'guardrail',
      steps: 'variants',
    };
    for (const [strategy, name] of Object.entries(picked))
      expect(mechanismFor({ strategy } as Rollout)).toBe(mechanisms[name]);
  });
});

describe('going back', () => {
  test('publishes what exists, all at once and watched by nothing', async () => {
    const { release: back, plan } = await mechanisms.replacement.plan(planningWorld({}), requests.rollback);
    expect(back).toMatchObject({
      operation: 'rollback',
      version: '1.0.0',
      baseline: from,
      candidate: to,
      submission: { mechanism: 'replacement', kind: 'update', variant: 'AllTraffic', exclude: [] },
    });
    expect(plan.title).toBe('roll churn back from 1.1.0 to 1.0.0: wrong prices');
    expect(plan.peakInstances).toEqual({ 'ml.m5.large': 4 });
  });

  test('from two variants gives the one that stays all of the weight', async () => {
    const beside = { candidate: 'churn-1-1-0', baseline: 'churn-1-0-0' };
    const request = { ...requests.rollback, from: { ...from, beside } } as PlanRequest;
    const { release: back } = await mechanisms.replacement.plan(planningWorld({}), request);
    expect(back.submission).toMatchObject({ exclude: ['DesiredWeight'] });
  });
});

test('a release makes alarms only where SageMaker obeys them', () => {
  const rollout = { strategy: 'canary', alarms: { errors: 0.01, named: [] } } as unknown as Rollout;
  const armed = (submission: Release['submission']) =>
    releaseAlarmsOf(turnFrom({ world: {} as World, endpoint: 'churn', release: release({ submission }) }), rollout);
  expect(armed(guarded).map(({ AlarmName }) => AlarmName)).toEqual([
    expect.stringMatching(/^churn-1-1-0-errors-/),
    expect.stringMatching(/^churn-1-1-0-abort-/),
  ]);
  // From serverless to instances all requests go at once, whatever the manifest has for the versions to come.
  expect(armed({ ...secondSwap, mechanism: 'replacement' })).toEqual([]);
});

describe('stopping', () => {
  const stopping = async (mechanism: EndpointMechanism, submission: Release['submission']) => {
    const put: string[] = [];
    const putMetricData = async ({ Namespace }: { readonly Namespace: string }) => void put.push(Namespace);
    const world = { clock: { now: () => 5000 }, write: { cloudwatch: { putMetricData } } } as unknown as World;
    const { turn } = turnsOf(release({ submission }), { world });
    const step = await mechanisms[mechanism].stop(turn(), 'convicted', 'it is worse');
    return { reported: step?.because, put };
  };

  test('an update under guardrails turns its own alarm red', async () => {
    expect(await stopping('guardrail', { ...guarded, abortAlarm: 'churn-abort' })).toEqual({
      reported: 'stopping the update: it is worse',
      put: ['ModelDelivery'],
    });
  });

  test('there is no lever without that alarm, and none for a plain replacement', async () => {
    const nothing = { reported: undefined, put: [] };
    expect(await stopping('guardrail', guarded)).toEqual(nothing);
    expect(await stopping('replacement', { ...secondSwap, mechanism: 'replacement' })).toEqual(nothing);
  });
});
