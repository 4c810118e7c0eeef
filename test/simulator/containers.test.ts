import { describe, expect, test } from '@jest/globals';
import { readArchive } from '../../simulator/containers/archive.ts';
import type { Inference } from '../../simulator/containers/model-server.ts';
import { startFiles } from '../../simulator/containers/model-server.ts';
import type { Container } from '../../simulator/contracts.ts';
import { irisData, irisFixture } from '../../simulator/fixtures/fixtures.ts';

/** The forest of 1.1.0, served in another way. */
const served = (behaviour: Partial<Inference> = {}): Container => {
  const files = new Map(readArchive(irisFixture('1.1.0').artifact));
  const inference = JSON.parse(files.get('inference.json')?.toString() ?? '');
  return startFiles(files.set('inference.json', Buffer.from(JSON.stringify({ ...inference, ...behaviour }))));
};
const rows = irisData().rows.map((row) => Buffer.from(row.slice(0, 4).join(',')));
const answers = (container: Container, bodies: readonly Buffer[] = rows): string[] =>
  bodies.map((body) => container.invoke(body, 'text/csv').body.toString());

test('an artifact without inference.json behaves well; without a model it never becomes healthy', () => {
  const files = new Map(readArchive(irisFixture('1.1.0').artifact));
  files.delete('inference.json');
  const container = startFiles(files);
  expect(container.ping()).toBe(true);
  expect(answers(container)).toEqual(answers(served()));
  files.delete('model.json');
  expect(startFiles(files).ping()).toBe(false);
});

describe('nondeterministic serving', () => {
  const nondeterministic = { share: 0.2, seed: 7 };

  test('gives the same row another answer from time to time, in about the share of the rows', () => {
    const container = served({ nondeterministic });
    const usual = answers(served());
    const passes = Array.from({ length: 10 }, () => answers(container));
    const others = passes.flatMap((pass) => pass.filter((answer, index) => answer !== usual[index]));
    expect(others.length / (10 * rows.length)).toBeCloseTo(0.2, 1);
    expect(passes[0]).not.toEqual(passes[1]);
    // Not a property of the row: over ten passes nearly every row has had both answers.
    const wavered = usual.filter((answer, index) => passes.some((pass) => pass[index] !== answer));
    expect(wavered.length).toBeGreaterThan(0.8 * rows.length);
  });

  test('repeats after a new start, and does not depend on the rows', () => {
    expect(answers(served({ nondeterministic }))).toEqual(answers(served({ nondeterministic })));
    expect(answers(served({ nondeterministic: { share: 0.2, seed: 8 } }))).not.toEqual(
      answers(served({ nondeterministic })),
    );
    const usual = answers(served());
    const wavers = (bodies: readonly Buffer[], expected: readonly string[]): boolean[] =>
      answers(served({ nondeterministic }), bodies).map((answer, index) => answer !== expected[index]);
    expect(wavers(rows.toReversed(), usual.toReversed())).toEqual(wavers(rows, usual));
  });

  test('the label stays the class of the highest score, and the scores stay shares', () => {
    const container = served({ nondeterministic: { share: 1, seed: 1 } });
    const body = Buffer.from(JSON.stringify({ instances: [[5.1, 3.5, 1.4, 0.2]] }));
    const ask = () => JSON.parse(container.invoke(body, 'application/json').body.toString()).predictions[0];
    const seen = Array.from({ length: 20 }, ask);
    expect(new Set(seen.map((answer) => answer.predicted_label))).toEqual(new Set(['versicolor', 'virginica']));
    for (const { predicted_label, score, scores } of seen) {
      expect(scores[predicted_label]).toBe(score);
      expect(score).toBe(Math.max(...Object.values<number>(scores)));
      expect(Object.values<number>(scores).reduce((sum, value) => sum + value)).toBeCloseTo(1, 9);
    }
  });
});

test('slow by a factor: every request, the tail too, and the answers stay', () => {
  const tail = { tailShare: 0.5, tailMs: 100 };
  const [usual, slow] = [served(tail), served({ ...tail, slowdown: 2.5 })];
  for (const body of rows) {
    const [a, b] = [usual.invoke(body, 'text/csv'), slow.invoke(body, 'text/csv')];
    expect(b.body).toEqual(a.body);
    expect(Math.abs(b.latencyMs - 2.5 * a.latencyMs)).toBeLessThan(0.2);
  }
});

describe('the format of an answer', () => {
  const ask = (accept?: string) => served().invoke(Buffer.from('5.1,3.5,1.4,0.2'), 'text/csv; charset=utf-8', accept);

  test.each([
    [undefined, 'text/csv'],
    ['*/*', 'text/csv'],
    ['application/json', 'application/json'],
    ['application/jsonlines', 'application/jsonlines'],
    ['image/png, application/*;q=0.5', 'application/json'],
    ['text/*', 'text/csv'],
  ])('Accept %s: %s', (accept, contentType) => {
    expect(ask(accept)).toMatchObject({ status: 200, contentType });
  });

  test('a format that the container does not have is a 406', () => {
    expect(ask('image/png').status).toBe(406);
    expect(ask('image/png').body.toString()).toContain('no answer in image/png');
  });
});
