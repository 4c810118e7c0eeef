import { describe, expect, test } from '@jest/globals';
import type { Desired } from '../../../src/endpoint/desired.ts';
import { publish } from '../../../src/mechanisms/publish.ts';
import type { World } from '../../../src/world.ts';
import { refusal } from '../../support/refusal.ts';
import { configuration, release } from '../../support/release.ts';
import { turnFrom } from '../../support/turns.ts';

const frozen = configuration('1.1.0');
/** Publishing over an account that has both already. */
const made = (ModelName: string, EndpointConfigName: string, candidate = frozen) => {
  const wanted = { model: { ModelName }, config: { EndpointConfigName } } as Desired;
  const sagemaker = { describeModel: async () => wanted.model, describeEndpointConfig: async () => wanted.config };
  const world = { read: { sagemaker } } as unknown as World;
  return publish(turnFrom({ world, endpoint: 'churn', release: release({ candidate }) }), wanted);
};

describe('the names of this run’s model and config', () => {
  test('are those of the plan', async () => {
    expect(await made('churn-1-1-0', 'churn-1-1-0')).toBeUndefined();
    const dark = {
      ...frozen,
      endpointConfig: 'churn-dark',
      beside: { candidate: 'churn-1-1-0', baseline: 'churn-1-0-0' },
    };
    expect(await made('churn-1-1-0', 'churn-1-1-0', dark)).toBeUndefined();
  });

  test.each([
    ['churn-other', 'churn-1-1-0'],
    ['churn-1-1-0', 'churn-other'],
  ])('are refused where they differ: %s, %s', async (model, config) => {
    expect(await refusal(made(model, config))).toMatch(
      /^plan-changed: the release record has churn-1-1-0 for churn-1\.1\.0-\S+, but this run makes churn-other of 1\.1\.0/,
    );
  });
});
