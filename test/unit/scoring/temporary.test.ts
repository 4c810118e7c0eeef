import { describe, expect, test } from '@jest/globals';
import { regressionTest } from '../../../src/operations/regression-test.ts';
import { testOf } from '../../../src/scoring/progress.ts';
import { ensureTemporary, removeTemporary, temporaryName, temporaryTag } from '../../../src/scoring/temporary.ts';
import type { World } from '../../../src/world.ts';
import { virtualClock } from '../../support/virtual-clock.ts';

const name = temporaryName('churn', { attempt: 1 });
const absent = (): Error => Object.assign(new Error('Could not find'), { name: 'ResourceNotFound' });

/** A model of this name, which reads show for as long as `lagMs` after it was deleted. */
const worldOf = (lagMs: number): { readonly world: World; readonly deleted: number[] } => {
  const clock = virtualClock();
  const deleted: number[] = [];
  const none = async () => {
    throw absent();
  };
  const world = {
    clock,
    account: { partition: 'aws', region: 'eu-west-1', id: '111122223333' },
    read: {
      sagemaker: {
        describeEndpoint: none,
        describeEndpointConfig: none,
        describeModel: async () => {
          const [first] = deleted;
          if (first !== undefined && clock.now() >= first + lagMs) throw absent();
          return { ModelName: name };
        },
        listTags: async () => ({ Tags: [{ Key: temporaryTag, Value: '2026-01-05T15:00:00Z' }] }),
      },
    },
    write: {
      sagemaker: {
        deleteModel: async () => {
          deleted.push(clock.now());
          if (deleted.length > 50) throw new Error('deleted again and again');
          if (deleted.length > 1) throw absent();
        },
      },
    },
  } as unknown as World;
  return { world, deleted };
};

test('a removal that reads show at once is followed by the next step at once', async () => {
  const { world } = worldOf(0);
  expect(await removeTemporary(world, name)).toEqual({ because: `removed temporary model ${name}` });
  expect(await removeTemporary(world, name)).toBeUndefined();
});

test('a removal that reads do not show yet waits for them', async () => {
  const { world, deleted } = worldOf(45_000);
  let steps = 0;
  for (let step = await removeTemporary(world, name); step !== undefined; step = await removeTemporary(world, name)) {
    steps++;
    expect(step.because).toBe(`removed temporary model ${name}, which can still be read`);
    await world.clock.sleepUntil(step.notBefore ?? world.clock.now());
  }
  expect(steps).toBe(2);
  expect(deleted).toHaveLength(2);
});

test('nor does the end of a run delete the same thing again and again', async () => {
  const { world, deleted } = worldOf(45_000);
  const given = {
    manifest: { model: 'churn', environments: { production: { endpoint: { name: 'churn' } } } },
    environment: 'production',
    version: '1.4.0',
    again: false,
  } as unknown as Parameters<typeof regressionTest.abort>[0];
  const memory = {
    v: 1,
    of: '0123456789abcdef',
    test: testOf({ ...given, version: '1.4.0' }),
    attempt: 1,
    temporary: name,
  } as const;
  const ended = await regressionTest.abort(given, memory, 'cancelled', world);
  expect(ended).toMatchObject({
    is: 'waiting',
    because: `removed temporary model ${name}, which can still be read; the rest is removed after that`,
  });
  expect(deleted).toHaveLength(1);
});

describe('two runs of one test that end at the same time', () => {
  const refused = (message: string): Error => Object.assign(new Error(message), { name: 'ValidationException' });
  const tags = { Tags: [{ Key: temporaryTag, Value: '2026-01-05T15:00:00Z' }] };
  const account = { partition: 'aws', region: 'eu-west-1', id: '111122223333' };
  const live = { EndpointName: name, EndpointConfigName: name, ProductionVariants: [] };
  const none = async () => {
    throw refused(`Could not find model "arn:aws:sagemaker:eu-west-1:111122223333:model/${name}".`);
  };

  test('may both delete the endpoint', async () => {
    let status = 'InService';
    const world = {
      clock: virtualClock(),
      account,
      read: {
        sagemaker: {
          describeEndpoint: async () => ({ ...live, EndpointStatus: status }),
          listTags: async () => tags,
        },
      },
      write: {
        sagemaker: {
          deleteEndpoint: async () => {
            status = 'Deleting';
            throw refused(`Cannot update in-progress endpoint "endpoint/${name}".`);
          },
        },
      },
    } as unknown as World;
    expect(await removeTemporary(world, name)).toMatchObject({ notBefore: expect.any(Number) });
    expect((await removeTemporary(world, name))?.because).toBe(`temporary endpoint ${name} is Deleting`);
  });

  test('may find a part without its tags, since the other one has just deleted it', async () => {
    const world = {
      clock: virtualClock(),
      account,
      read: {
        sagemaker: {
          describeEndpoint: none,
          describeEndpointConfig: async () => ({ EndpointConfigName: name }),
          describeModel: none,
          listTags: async () => {
            throw refused(`Could not find resource "endpoint-config/${name}".`);
          },
        },
      },
      write: { sagemaker: {} },
    } as unknown as World;
    expect(await removeTemporary(world, name)).toBeUndefined();
  });

  const model = { ModelName: name, ExecutionRoleArn: 'r', Containers: [{ Image: 'i' }] };
  const config = { EndpointConfigName: name, ProductionVariants: [{ VariantName: 'v', ModelName: name }] };
  test.each([
    ['the model', none, `Could not find model "model/${name}".`],
    ['the config', async () => config, `Could not find endpoint configuration "endpoint-config/${name}".`],
  ])('may miss %s that it saw', async (_part, describeEndpointConfig, message) => {
    const creation = async () => {
      throw refused(message);
    };
    const world = {
      clock: virtualClock(),
      account,
      read: { sagemaker: { describeModel: async () => model, describeEndpointConfig, describeEndpoint: none } },
      write: { sagemaker: { createEndpointConfig: creation, createEndpoint: creation } },
    } as unknown as World;
    expect(await ensureTemporary(world, { model, config })).toMatchObject({
      is: 'working',
      because: expect.stringMatching(/lost a part that another run of this test removed$/),
      notBefore: expect.any(Number),
    });
  });
});
