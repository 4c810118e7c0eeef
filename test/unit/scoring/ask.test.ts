import { describe, expect, test } from '@jest/globals';
import { Throttled } from '../../../src/aws/retry.ts';
import { ask, type Question, sides } from '../../../src/scoring/ask.ts';
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
const options = (concurrency: number) => ({ form: { contentType: 'text/csv', input: ['x'] }, concurrency });
const questions = (count: number): readonly Question[] =>
  Array.from({ length: count }, (_, at) => ({ id: `q${at}`, body: Buffer.from(`${at}`), sides, reading }));
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
    const { answers } = await asked;
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
    expect((await ask(world, questions(1), both, options(1))).answers).toMatchObject([
      { candidate: { error: 'the model answered with status 500' }, baseline: { prediction: 'old 0' } },
    ]);
  });

  test('that get no answer have none, and are no error of the model', async () => {
    const world = worldOf(async (input) => {
      if (String(input.Body) === '1' && input.EndpointName === 'new') throw throttled();
      return echoed(input);
    });
    const { answers, lost } = await ask(world, questions(3), both, options(2));
    expect(lost).toBeInstanceOf(Throttled);
    expect(answers.map(({ candidate }) => candidate && 'prediction' in candidate)).toEqual([true, null, true]);
  });

  test('of which none is answered lose no word of the reason', async () => {
    const world = worldOf(async () => {
      throw throttled();
    });
    const { answers, lost, failure } = await ask(world, questions(3), both, options(2));
    expect(answers.map(({ candidate, baseline }) => [candidate, baseline])).toEqual([
      [null, null],
      [null, null],
      [null, null],
    ]);
    expect(lost?.message).toBe('slow down');
    expect(failure).toBeUndefined();
  });

  test('go to the models that each names', async () => {
    const seen: string[] = [];
    const world = worldOf(async (input) => {
      seen.push(`${input.EndpointName} ${input.Body}`);
      return echoed(input);
    });
    const [one, two] = questions(2);
    if (one === undefined || two === undefined) throw new Error('two questions');
    const only = { ...two, sides: ['baseline'] as const };
    const { answers } = await ask(world, [one, only], both, options(1));
    expect(seen).toEqual(['new 0', 'old 0', 'old 1']);
    expect(answers[1]).not.toHaveProperty('candidate');
  });

  test('end with any other error of AWS: none is sent after it, and the answers that were had stay', async () => {
    const denied = Object.assign(new Error('no'), { name: 'AccessDeniedException' });
    const seen: string[] = [];
    const world = worldOf(async (input) => {
      seen.push(String(input.Body));
      if (String(input.Body) === '1' && input.EndpointName === 'new') throw denied;
      return echoed(input);
    });
    const { answers, failure } = await ask(world, questions(5), both, options(1));
    expect(failure?.error).toBe(denied);
    expect(seen).toEqual(['0', '0', '1', '1']);
    expect(answers.slice(0, 2)).toMatchObject([
      { candidate: { prediction: 'new 0' }, baseline: { prediction: 'old 0' } },
      { baseline: { prediction: 'old 1' } },
    ]);
    // It was not asked to the end: that is no try without an answer.
    expect(answers[1]).not.toHaveProperty('candidate');
    expect(answers[2]).toEqual({ id: 'q2' });
  });

  test('go to the candidate alone where nothing serves', async () => {
    const {
      answers: [answer],
    } = await ask(
      worldOf(async (input) => echoed(input)),
      questions(1),
      { candidate: site('new') },
      options(1),
    );
    expect(answer).not.toHaveProperty('baseline');
  });
});
