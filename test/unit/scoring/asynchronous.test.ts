import { expect, test } from '@jest/globals';
import { collect, type Queue } from '../../../src/scoring/asynchronous.ts';
import type { World } from '../../../src/world.ts';
import { virtualClock } from '../../support/virtual-clock.ts';

const queue: Queue = {
  side: 'candidate',
  endpoint: { is: 'endpoint', name: 'churn', endpoint: 'churn', content: 'c0', asynchronous: true },
  folder: { bucket: 'records', prefix: 'churn/regression/1a2b/' },
  attempt: 1,
};
const sentKey = 'churn/regression/1a2b/1/async/candidate/000001.json';
const form = { contentType: 'text/csv', input: ['x'] };

/** Objects by their keys. */
const worldOf = (objects: Readonly<Record<string, string>>): World =>
  ({
    clock: virtualClock(),
    read: {
      s3: {
        getObject: async ({ Key }: { readonly Key: string }) => {
          const text = objects[Key];
          if (text === undefined) throw Object.assign(new Error('absent'), { name: 'NoSuchKey' });
          return { text, etag: '"1"' };
        },
      },
    },
  }) as unknown as World;

const sent = (clock: { now(): number }, id = 'a') =>
  JSON.stringify([{ id, sentAt: clock.now(), output: 's3://answers/out-a' }]);

test('an answer has the content type that was asked for: a JSON text is no cell of CSV', async () => {
  const world = worldOf({ [sentKey]: sent(virtualClock()), 'out-a': '"setosa"' });
  const reading = {
    task: 'multiclass-classification',
    labels: 'text',
    form: { threshold: 0.5, prediction: '$' },
  } as const;
  const answers = await collect(world, queue, 0, [{ reading }], { ...form, accept: 'application/json' });
  expect(answers).toEqual([{ prediction: 'setosa' }]);
});

test.each(['no JSON', '{"answers":[]}'])(
  'a list of sent requests that is %j is refused with the way out',
  async (text) => {
    const reading = { task: 'text', labels: 'text', form: { threshold: 0.5, prediction: 0 } } as const;
    await expect(collect(worldOf({ [sentKey]: text }), queue, 0, [{ reading }], form)).rejects.toMatchObject({
      reason: 'record-unavailable',
      message: expect.stringMatching(
        /^s3:\/\/records\/churn\/regression\/1a2b\/1\/async\/candidate\/000001\.json .*; delete it, then run regression-test again$/,
      ),
    });
  },
);
