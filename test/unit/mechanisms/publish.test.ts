import { describe, expect, test } from '@jest/globals';
import { minutes } from '../../../src/clock.ts';
import type { Desired } from '../../../src/endpoint/desired.ts';
import { publishConfig } from '../../../src/mechanisms/publish.ts';
import type { Turn } from '../../../src/mechanisms/turn.ts';

const now = minutes(1);
const desired = { config: { EndpointConfigName: 'churn-1-4-0-aaaaaaaa' } } as unknown as Desired;
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
