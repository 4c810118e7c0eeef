import { describe, expect, test } from '@jest/globals';
import type { LiveEndpoint, LiveVariant } from '../../../src/endpoint/observe.ts';
import { setCount, setShare, shareOf } from '../../../src/endpoint/weights.ts';
import type { Turn } from '../../../src/mechanisms/turn.ts';

const weighing = (...weights: readonly number[]): LiveEndpoint => ({
  status: 'InService',
  endpointConfig: 'churn-dark',
  createdAt: 0,
  modifiedAt: 0,
  shadowed: false,
  variants: weights.map(
    (weight, index): LiveVariant => ({
      name: index === 0 ? 'AllTraffic' : 'AllTraffic-next',
      weight,
      desiredWeight: weight,
      current: 1,
      desired: 1,
      imageDigests: [],
    }),
  ),
});

test('a share is a weight beside the sum of all', () => {
  expect(shareOf(weighing(3, 1), 'AllTraffic-next')).toBe(0.25);
  // 32-bit floats, as SageMaker reports them.
  expect(shareOf(weighing(Math.fround(0.95), Math.fround(0.05)), 'AllTraffic-next')).toBeCloseTo(0.05, 3);
  expect(shareOf(weighing(0, 0), 'AllTraffic-next')).toBe(0);
  expect(shareOf(weighing(1), 'AllTraffic-next')).toBe(0);
});

describe('one call', () => {
  const recording = () => {
    const sent: unknown[] = [];
    const updateEndpointWeightsAndCapacities = async (input: unknown) => sent.push(input);
    const turn = { endpoint: 'churn', world: { write: { sagemaker: { updateEndpointWeightsAndCapacities } } } };
    return { sent, turn: turn as unknown as Turn };
  };

  test('moves both weights', async () => {
    const { sent, turn } = recording();
    await setShare(turn, 'AllTraffic', 'AllTraffic-next', 0.25);
    expect(sent).toEqual([
      {
        EndpointName: 'churn',
        DesiredWeightsAndCapacities: [
          { VariantName: 'AllTraffic', DesiredWeight: 0.75 },
          { VariantName: 'AllTraffic-next', DesiredWeight: 0.25 },
        ],
      },
    ]);
  });

  test('changes the capacity of one variant and no weight', async () => {
    const { sent, turn } = recording();
    await setCount(turn, 'AllTraffic-next', 6);
    expect(sent).toEqual([
      {
        EndpointName: 'churn',
        DesiredWeightsAndCapacities: [{ VariantName: 'AllTraffic-next', DesiredInstanceCount: 6 }],
      },
    ]);
  });
});
