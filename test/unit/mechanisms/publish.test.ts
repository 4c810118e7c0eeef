import { describe, expect, test } from '@jest/globals';
import { minutes } from '../../../src/clock.ts';
import type { Desired } from '../../../src/endpoint/desired.ts';
import { publishConfig, publishModel } from '../../../src/mechanisms/publish.ts';
import type { Turn } from '../../../src/mechanisms/turn.ts';

const now = minutes(1);
const desired = { config: { EndpointConfigName: 'churn-1-4-0-aaaaaaaa' } } as unknown as Desired;
const model = { ModelName: 'churn-1-4-0-bbbbbbbb', PrimaryContainer: { ModelPackageName: 'arn:churn/7' } };
const error = (message: string) => Object.assign(new Error(message), { name: 'ValidationException' });

/** A far side that shows nothing yet; whether the name is taken all the same. */
const turn = (isTaken: boolean) =>
  ({
    world: {
      clock: { now: () => now },
      read: {
        sagemaker: {
          describeEndpointConfig: () => Promise.reject(error('Could not find endpoint configuration "x".')),
        },
      },
      write: {
        sagemaker: {
          createEndpointConfig: async () => {
            if (isTaken) throw error('Cannot create already existing endpoint configuration "x".');
          },
        },
      },
    },
  }) as unknown as Turn;

describe('publishing a configuration', () => {
  test('one that is not there is created, and the next turn follows at once', async () => {
    expect(await publishConfig(turn(false), desired)).toEqual({
      because: `created endpoint config churn-1-4-0-aaaaaaaa`,
      percent: 6,
    });
  });

  test('one that exists and cannot be read yet is looked for again, not at once', async () => {
    expect((await publishConfig(turn(true), desired))?.notBefore).toBeGreaterThan(now);
  });
});

describe('a name that is taken', () => {
  /** Exists already, as given; whatever is created would be the second. */
  const standing = (existing: object) =>
    ({
      world: {
        clock: { now: () => now },
        read: { sagemaker: { describeModel: async () => existing, describeEndpointConfig: async () => existing } },
      },
    }) as unknown as Turn;
  const wanted = { ...desired, model } as unknown as Desired;

  test('by what it stands for is used', async () => {
    expect(await publishModel(standing({ ...model, CreationTime: new Date(0) }), wanted)).toBeUndefined();
    expect(await publishConfig(standing(desired.config), wanted)).toBeUndefined();
  });

  test('by another model or config is refused: a name alone is not the content', async () => {
    const foreign = { ...model, PrimaryContainer: { ModelPackageName: 'arn:churn/6' } };
    await expect(publishModel(standing(foreign), wanted)).rejects.toMatchObject({
      reason: 'name-taken',
      message: expect.stringContaining('model churn-1-4-0-bbbbbbbb exists with content that does not match its name'),
    });
    const config = { ...desired.config, ProductionVariants: [{ ModelName: 'churn-1-4-0-bbbbbbbb' }] };
    await expect(
      publishConfig(standing(desired.config), { ...wanted, config } as unknown as Desired),
    ).rejects.toMatchObject({ reason: 'name-taken' });
  });
});
