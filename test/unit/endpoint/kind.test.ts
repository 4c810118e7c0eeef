import { describe, expect, test } from '@jest/globals';
import {
  capacityOf,
  hardwareOf,
  hardwareOfVariant,
  kindOf,
  kinds,
  mayBecome,
  refuseUnusable,
  requestedKind,
} from '../../../src/endpoint/kind.ts';
import { type LiveEndpoint, observe } from '../../../src/endpoint/observe.ts';
import type { EndpointSpec } from '../../../src/manifest/manifest.ts';
import { Refusal } from '../../../src/operation.ts';
import { newRecord } from '../../../src/release/lifecycle.ts';
import type { EndpointKind, MechanismName } from '../../../src/release/record.ts';
import type { World } from '../../../src/world.ts';
import { recordOf } from '../../support/planning.ts';
import { subject } from '../../support/release.ts';

const weights = (given: Readonly<Record<string, number>>, more: object = {}) => ({
  ProductionVariants: Object.entries(given).map(([VariantName, CurrentWeight]) => ({
    VariantName,
    CurrentWeight,
    DesiredWeight: CurrentWeight,
    ...more,
  })),
});

/** As DescribeEndpoint shows it. */
const seen = async (described: object): Promise<LiveEndpoint> => {
  const describeEndpoint = async () => ({
    EndpointStatus: 'InService',
    EndpointConfigName: 'churn-dark',
    ...weights({ AllTraffic: 1 }),
    ...described,
  });
  const live = await observe({ read: { sagemaker: { describeEndpoint } } } as unknown as World, 'churn');
  return live ?? fail();
};
const fail = (): never => {
  throw new Error('the endpoint is there');
};

const serverless = weights({ AllTraffic: 1 }, { CurrentServerlessConfig: { MaxConcurrency: 5, MemorySizeInMB: 2048 } });
/** One of each, as far as one look and the record show it. */
const examples: Readonly<Record<EndpointKind, object>> = {
  instances: {},
  stepped: weights({ AllTraffic: 1, 'AllTraffic-next': 0 }),
  serverless,
  asynchronous: { AsyncInferenceConfig: { OutputConfig: {} } },
  shadowed: { ShadowProductionVariants: [{ VariantName: 'shadow' }] },
  'several-variants': weights({ AllTraffic: 0.9, 'AllTraffic-next': 0.1 }),
};
const each = Object.entries(examples) as readonly (readonly [EndpointKind, object])[];

describe('the kind of an endpoint', () => {
  test.each(each)('%s', async (kind, described) => {
    expect(kindOf(await seen(described), recordOf())).toBe(kind);
  });

  test('with two variants is a stepped rollout only when the record has it', async () => {
    expect(kindOf(await seen(examples.stepped), newRecord(subject))).toBe('several-variants');
    expect(kindOf(await seen(weights({ one: 1, two: 0 })), recordOf())).toBe('stepped');
  });

  test('that is asked for: without instances, with asynchronous requests, else on instances', () => {
    const requested = (spec: object): EndpointKind => requestedKind(spec as EndpointSpec);
    expect([
      requested({ serverless: {} }),
      requested({ instance: {}, async: {} }),
      requested({ instance: {} }),
    ]).toEqual(['serverless', 'asynchronous', 'instances']);
  });

  test('requests are counted by the one metric that it publishes for each of them', () => {
    const counted = each.map(([kind]) => [kind, kinds[kind].requests.metric]);
    expect(counted.filter(([, metric]) => metric !== 'Invocations')).toEqual([['asynchronous', 'ModelLatency']]);
    expect(kinds.asynchronous).toMatchObject({ failures: 'server-errors', judged: false });
  });
});

describe('an endpoint that no update can reach is refused', () => {
  const refusal = async (described: object, by: readonly MechanismName[] | 'restore'): Promise<string> => {
    const live = await seen(described);
    try {
      refuseUnusable('churn', live, kindOf(live, recordOf()), by);
      return 'goes on';
    } catch (error) {
      if (error instanceof Refusal) return error.message;
      throw error;
    }
  };
  const going = async (by: readonly MechanismName[] | 'restore') => {
    const found = await Promise.all(each.map(async ([kind, described]) => [kind, await refusal(described, by)]));
    return found.filter(([, reported]) => reported === 'goes on').map(([kind]) => kind);
  };

  test('by what its kind can do', async () => {
    expect(await going(['guardrail', 'replacement'])).toEqual(['instances', 'serverless', 'asynchronous']);
    expect(await going(['variants'])).toEqual(['instances', 'stepped']);
    // A candidate beside what serves, with or without traffic, is a good reason to go back.
    expect(await going('restore')).toEqual(each.map(([kind]) => kind).filter((kind) => kind !== 'shadowed'));
  });

  test.each([
    [{ EndpointStatus: 'Failed', FailureReason: 'no capacity' }, 'is Failed (no capacity): delete it'],
    [{ EndpointStatus: 'Deleting' }, 'is Deleting'],
    [{ EndpointStatus: 'OutOfService' }, 'is OutOfService'],
    [{ EndpointStatus: 'Creating' }, 'is being created outside of this release'],
    [examples.shadowed, 'has a shadow variant: end the shadow test first'],
    [examples.stepped, 'has 2 variants (AllTraffic, AllTraffic-next): end the traffic shift first'],
  ])('with the reason and the remedy: %j', async (described, words) => {
    expect(await refusal(described, ['guardrail'])).toContain(`endpoint churn ${words}`);
  });
});

describe('hardware', () => {
  test('is an instance type, or none', () => {
    const none = hardwareOfVariant(undefined);
    expect(hardwareOf({} as EndpointSpec)).toBe(none);
    expect([capacityOf({ instanceType: none }), capacityOf({ instanceType: 'ml.m5.large' })]).toEqual([
      'concurrency',
      'instances',
    ]);
  });

  test('with instances never becomes one without', () => {
    const [some, none] = [{ instanceType: 'ml.m5.large' }, { instanceType: hardwareOfVariant(undefined) }];
    expect([mayBecome(some, some), mayBecome(none, none), mayBecome(none, some), mayBecome(some, none)]).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });
});
