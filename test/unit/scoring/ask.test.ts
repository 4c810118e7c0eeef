import { describe, expect, test } from '@jest/globals';
import { Throttled } from '../../../src/aws/retry.ts';
import { ask } from '../../../src/scoring/ask.ts';
import type { Reading } from '../../../src/scoring/response.ts';
import type { Endpoint } from '../../../src/scoring/site.ts';
import type { World } from '../../../src/world.ts';
import { virtualClock } from '../../support/virtual-clock.ts';

interface Input {
  readonly EndpointName: string;
  readonly TargetVariant?: string;
  readonly Accept?: string;
  readonly Body: Buffer;
}
const clock = virtualClock();
const worldOf = (invokeEndpoint: (input: Input) => Promise<object>): World =>
  ({ clock, write: { runtime: { invokeEndpoint } } }) as unknown as World;
const site = (endpoint: string, variant?: string): Endpoint => ({
  is: 'endpoint',
  name: endpoint,
  endpoint,
  content: 'c0',
  ...(variant === undefined ? {} : { variant }),
});
const reading: Reading = { task: 'text', form: { prediction: 0, threshold: 0.5 }, labels: 'text' };
const options = (concurrency: number) => ({ form: { contentType: 'text/csv', input: ['x'] }, reading, concurrency });
const questions = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ id: `q${at}`, body: Buffer.from(`${at}`) }));
const both = { candidate: site('new'), baseline: site('old', 'AllTraffic') };
const echoed = ({ EndpointName, Body }: Input) => ({
  Body: Buffer.from(`${EndpointName} ${Body}`),
  ContentType: 'text/csv',
});
const throttled = (): Throttled => new Throttled(clock.now() + 30_000, new Error('slow down'));

describe('questions to both models', () => {
  test('are answered in their order, however the answers come', async () => {
    const waiting: (() => void)[] = [];
    const world = worldOf(async (input) => {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
      });
      return echoed(input);
    });
    const asked = ask(world, questions(7), both, options(3));
    let most = 0;
    while (waiting.length > 0) {
      most = Math.max(most, waiting.length);
      // The last one first.
      waiting.pop()?.();
      for (let tick = 0; tick < 20; tick++) await Promise.resolve();
    }
    const answers = await asked;
    expect(answers.map(({ id }) => id)).toEqual(questions(7).map(({ id }) => id));
    expect(answers[4]).toMatchObject({ candidate: { prediction: 'new 4' }, baseline: { prediction: 'old 4' } });
    // Three at a time to each.
    expect(most).toBe(6);
  });

  test('name the variant of the one and no variant of the other', async () => {
    const seen: Input[] = [];
    const world = worldOf(async (input) => {
      seen.push(input);
      return echoed(input);
    });
    await ask(world, questions(1), both, options(1));
    expect(seen.map(({ EndpointName, TargetVariant }) => [EndpointName, TargetVariant])).toEqual([
      ['new', undefined],
      ['old', 'AllTraffic'],
    ]);
  });

  test('that the model answers with an error have it as an answer, without the words, which may quote the row', async () => {
    const failing = Object.assign(new Error('Received server error (500) with message "row 7 of Mrs Smith"'), {
      name: 'ModelError',
      OriginalStatusCode: 500,
    });
    const world = worldOf(async (input) => {
      if (input.EndpointName === 'new') throw failing;
      return echoed(input);
    });
    expect(await ask(world, questions(1), both, options(1))).toMatchObject([
      { candidate: { error: 'the model answered with status 500' }, baseline: { prediction: 'old 0' } },
    ]);
  });

  test('that get no answer have none, and are no error of the model', async () => {
    const world = worldOf(async (input) => {
      if (String(input.Body) === '1' && input.EndpointName === 'new') throw throttled();
      return echoed(input);
    });
    const answers = await ask(world, questions(3), both, options(2));
    expect(answers.map(({ candidate }) => candidate && 'prediction' in candidate)).toEqual([true, null, true]);
  });

  test('of which none is answered end the turn', async () => {
    const world = worldOf(async () => {
      throw throttled();
    });
    await expect(ask(world, questions(3), both, options(2))).rejects.toThrow(Throttled);
  });

  test('end with any other error of AWS', async () => {
    const denied = Object.assign(new Error('no'), { name: 'AccessDeniedException' });
    const world = worldOf(async () => {
      throw denied;
    });
    await expect(ask(world, questions(3), both, options(2))).rejects.toBe(denied);
  });

  test('go to the candidate alone where nothing serves', async () => {
    const [answer] = await ask(
      worldOf(async (input) => echoed(input)),
      questions(1),
      { candidate: site('new') },
      options(1),
    );
    expect(answer).not.toHaveProperty('baseline');
  });
});
