import { expect, test } from '@jest/globals';
import { mechanisms } from '../../../src/mechanisms/all.ts';
import type { PlanRequest } from '../../../src/mechanisms/mechanism.ts';
import type { EndpointMechanism } from '../../../src/release/record.ts';
import type { World } from '../../../src/world.ts';
import { none, requestOf, served } from '../../support/delivery-plans.ts';
import { asking, planningWorld, recordOf } from '../../support/planning.ts';
import { servingWorld } from '../../support/serving.ts';

type Calls = Readonly<Record<string, (input: object) => Promise<object>>>;

/** A world that notes each read of SageMaker and of Application Auto Scaling. */
const noting = (world: World): { readonly world: World; readonly reads: readonly string[] } => {
  const reads: string[] = [];
  const noted = (client: object): object =>
    Object.fromEntries(
      Object.entries(client as Calls).map(([call, read]) => [
        call,
        (input: object) => {
          reads.push(`${call} ${JSON.stringify(input)}`);
          return read(input);
        },
      ]),
    );
  const { sagemaker, autoscaling } = world.read;
  const read = { ...world.read, sagemaker: noted(sagemaker), autoscaling: noted(autoscaling) };
  return { world: { ...world, read } as unknown as World, reads };
};

const dark = { AllTraffic: 1, 'AllTraffic-next': 0 };
const steps = asking('1.1.0');
/** Two configs may have the same model: each is read with its own. */
const shared = ['describeModel {"ModelName":"churn-1-0-0"}'];

test.each<[string, EndpointMechanism, World, PlanRequest, again?: readonly string[]]>([
  ['of a first delivery', 'guardrail', servingWorld(none), requestOf()],
  ['of an update', 'guardrail', servingWorld(served), requestOf()],
  ['that removes a candidate first', 'guardrail', planningWorld(dark), requestOf({ record: recordOf() }), shared],
  [
    'of a dark candidate',
    'variants',
    planningWorld({ AllTraffic: 1 }, { config: 'churn-1-0-0' }),
    { ...requestOf(), requested: steps },
  ],
  ['of the first candidate', 'variants', servingWorld(none), { ...requestOf(), requested: steps }],
  [
    'of steps',
    'variants',
    planningWorld(dark),
    { operation: 'shift-traffic', requested: steps, record: recordOf() },
    shared,
  ],
])('a plan %s reads the endpoint and each config once', async (_plan, mechanism, given, request, again = []) => {
  const { world, reads } = noting(given);
  await mechanisms[mechanism].plan(world, request);
  expect(reads.length).toBeGreaterThan(0);
  expect(reads.filter((read, index) => reads.indexOf(read) < index)).toEqual(again);
});
