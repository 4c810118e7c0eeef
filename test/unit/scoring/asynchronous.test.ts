import { describe, expect, test } from '@jest/globals';
import { minutes } from '../../../src/clock.ts';
import { collect, type Queue, send } from '../../../src/scoring/asynchronous.ts';
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

describe('requests of a piece', () => {
  const reading = { task: 'text', labels: 'text', form: { threshold: 0.5, prediction: 0 } } as const;
  const questions = ['a', 'b', 'c'].map((id) => ({ id, body: Buffer.from(id), sides: [], reading }));

  /** An endpoint that takes some requests, and takes ten minutes for each; S3 is a map. */
  const sending = () => {
    const clock = virtualClock();
    const objects = new Map<string, string>();
    const sent: string[] = [];
    let takes = Number.POSITIVE_INFINITY;
    const world = {
      ...worldOf({}),
      clock,
      signal: new AbortController().signal,
      read: {
        s3: {
          getObject: async ({ Key }: { readonly Key: string }) => {
            const text = objects.get(Key);
            if (text === undefined) throw Object.assign(new Error('absent'), { name: 'NoSuchKey' });
            return { text, etag: '"1"' };
          },
        },
      },
      write: {
        s3: {
          putObject: async ({ Key, Body }: { readonly Key: string; readonly Body: string | Buffer }) => {
            if (objects.has(Key)) throw Object.assign(new Error('there'), { name: 'PreconditionFailed' });
            objects.set(Key, Body.toString());
          },
        },
        runtime: {
          invokeEndpointAsync: async ({ InputLocation }: { readonly InputLocation: string }) => {
            if (sent.length >= takes) throw new Error('slow down');
            sent.push(objects.get(InputLocation.replace('s3://records/', '')) ?? '');
            await clock.sleepUntil(clock.now() + minutes(10));
            return { OutputLocation: `s3://answers/out-${sent.at(-1)}` };
          },
        },
      },
    } as unknown as World;
    return { world, objects, sent, take: (count: number) => (takes = count) };
  };

  test('that were sent are not sent again, where AWS took no more in the middle', async () => {
    const { world, sent, take, objects } = sending();
    take(2);
    await expect(send(world, queue, 0, questions, form)).rejects.toThrow('slow down');
    expect(await collect(world, queue, 0, questions, form)).toBeUndefined();
    take(9);
    await send(world, queue, 0, questions, form);
    await send(world, queue, 0, questions, form);
    expect(sent).toEqual(['a', 'b', 'c']);
    for (const id of sent) objects.set(`out-${id}`, `the answer to ${id}`);
    expect(await collect(world, queue, 0, questions, { ...form, accept: 'text/csv' })).toEqual(
      sent.map((id) => ({ prediction: `the answer to ${id}` })),
    );
  });

  test('have an hour each, from their own sending', async () => {
    const { world, objects } = sending();
    await send(world, queue, 0, questions, form);
    const ended = world.clock.now();
    // The first was sent twenty minutes before the last.
    await world.clock.sleepUntil(ended + minutes(59));
    expect(await collect(world, queue, 0, questions, form)).toBeUndefined();
    objects.set('out-c', 'late');
    expect(await collect(world, queue, 0, questions, { ...form, accept: 'text/csv' })).toEqual([
      null,
      null,
      { prediction: 'late' },
    ]);
  });
});
