import { describe, expect, test } from '@jest/globals';
import { writeArchive } from '../../simulator/containers/archive.ts';
import { type Inference, startContainer } from '../../simulator/containers/model-server.ts';
import { fixture } from '../../simulator/fixtures/fixtures.ts';

const inference: Inference = { healthy: true, failingShare: 0, baseMs: 1, spreadMs: 0 };
const container = (model: object, more: Partial<Inference> = {}) =>
  startContainer(
    writeArchive(
      new Map([
        ['model.json', Buffer.from(JSON.stringify(model))],
        ['inference.json', Buffer.from(JSON.stringify({ ...inference, ...more }))],
      ]),
    ),
  );
const ask = (of: ReturnType<typeof container>, body: string, type: string, accept?: string) => {
  const { status, body: answer, contentType } = of.invoke(Buffer.from(body), type, accept);
  return { status, contentType, answer: answer.toString('utf8') };
};

describe('a model of words', () => {
  const words = { kind: 'words', classes: ['bad', 'good'], intercept: -1, weights: { fine: 3, poor: -2, être: 4 } };
  const served = container(words);
  const goodness = (text: string): number => JSON.parse(ask(served, text, 'text/plain').answer.trimEnd()).scores.good;
  const sigmoid = (sum: number): number => 1 / (1 + Math.exp(-sum));

  test.each([
    ['a word that it knows', 'fine', 2],
    ['in any case, and once however often it stands there', 'Fine, FINE fine!', 2],
    ['several, and others that count nothing', 'fine but poor weather', 0],
    ['none, and no member of an object either', 'constructor toString', -1],
    ['letters of other languages', 'ÊTRE', 3],
  ])('the probability is that of the weights: %s', (_, text, sum) => {
    expect(goodness(text)).toBeCloseTo(sigmoid(sum), 12);
  });

  test('the class is the more probable one, and the probabilities of both add up to 1', () => {
    const { status, contentType, answer } = ask(served, 'fine', 'text/plain; charset=utf-8');
    expect([status, contentType]).toEqual([200, 'application/jsonlines']);
    const { predicted_label, score, scores } = JSON.parse(answer);
    expect(predicted_label).toBe('good');
    expect(score).toBe(scores.good);
    expect(scores.bad + scores.good).toBeCloseTo(1, 12);
    expect(JSON.parse(ask(served, 'poor', 'text/plain').answer).predicted_label).toBe('bad');
  });

  test('plain text, JSON Lines and JSON carry the same answers', () => {
    const plain = ask(served, 'fine\npoor\n', 'text/plain').answer;
    expect(ask(served, '{"source":"fine"}\n"poor"\n', 'application/jsonlines').answer).toBe(plain);
    const { predictions } = JSON.parse(
      ask(served, '{"instances":["fine",{"source":"poor"}]}', 'application/json').answer,
    );
    expect(predictions).toEqual(
      plain
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    );
  });

  test('a caller who accepts JSON or CSV gets it', () => {
    const { predictions } = JSON.parse(ask(served, 'fine', 'text/plain', 'application/json').answer);
    expect(predictions).toMatchObject([{ predicted_label: 'good' }]);
    expect(ask(served, 'fine\npoor', 'text/plain', 'text/csv').answer).toBe('good\nbad\n');
  });

  test.each([
    ['text/csv', 'fine,poor', 415],
    ['application/octet-stream', 'fine', 415],
    ['text/plain', '\n', 400],
    ['application/jsonlines', '{"text":"fine"}', 400],
    ['application/json', '{"instances":[5.1]}', 400],
    ['application/json', '{"instances":[]}', 400],
    ['application/json', 'fine', 400],
  ])('a body of %s that is not understood: %s → %d', (type, body, status) => {
    expect(ask(served, body, type).status).toBe(status);
  });
});

describe('serving code that takes numbers for another unit', () => {
  const [good, skewed] = (['1.1.0', '1.8.0'] as const).map((version) =>
    startContainer(fixture('iris', version).artifact),
  );
  const label = (of: typeof good, row: readonly number[]): string =>
    of
      ?.invoke(Buffer.from(row.join(',')), 'text/csv')
      .body.toString('utf8')
      .trim() ?? '';

  test('the model sees ten times the numbers', () => {
    const row = [5.1, 3.5, 1.4, 0.2];
    expect([label(good, row), label(skewed, row)]).toEqual(['setosa', 'virginica']);
    expect(
      label(
        skewed,
        row.map((value) => value / 10),
      ),
    ).toBe('setosa');
    expect(
      label(
        good,
        row.map((value) => value * 10),
      ),
    ).toBe('virginica');
  });
});

test('a tree whose leaves have no shares gives its class the probability 1', () => {
  const leaf = (of: number) => ({ class: of });
  const split = { feature: 0, threshold: 1, below: leaf(0), above: leaf(1) };
  const tree = container({ kind: 'tree', features: ['x'], classes: ['low', 'high'], trees: [split] });
  expect(JSON.parse(ask(tree, '[2]', 'application/jsonlines').answer)).toEqual({
    predicted_label: 'high',
    score: 1,
    scores: { low: 0, high: 1 },
  });
});
