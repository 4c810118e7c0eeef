import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { loadManifest, loadRegression } from '../../../src/manifest/load.ts';
import type { RegressionSpec } from '../../../src/manifest/regression.ts';
import { bodyOf } from '../../../src/scoring/request.ts';
import { type Reading, readAnswer } from '../../../src/scoring/response.ts';

const read = (name: string): string => readFileSync(`examples/regression/${name}`, 'utf8');

/** `# …: {row}` and the body and the answer, as the comments of an example quote them. */
const quoted = (text: string, after: string): string => text.split(after)[1]?.split('\n')[0] ?? '';

const askedWith = (name: string): RegressionSpec => loadRegression(read(name), name) as RegressionSpec;

const readings = {
  'csv.yml': { labels: 'numbers', positive: 1, negative: 0 },
  'json.yml': { labels: 'text' },
  'json-lines.yml': { labels: 'text' },
} as const;

describe.each([
  ['csv.yml', 'the answer ', 'text/csv', { prediction: 1, score: 0.8312 }],
  [
    'json.yml',
    '# of ',
    'application/json',
    { prediction: 'setosa', score: { setosa: 0.98, versicolor: 0.02, virginica: 0 } },
  ],
  ['json-lines.yml', '# of ', 'application/jsonlines', { prediction: '4711' }],
] as const)('examples/regression/%s', (name, beforeAnswer, contentType, expected) => {
  const text = read(name);
  const { asking, task } = askedWith(name);
  const row = JSON.parse(quoted(text, 'A golden row: '));

  it('makes the request that it quotes', () => {
    if (asking.request === undefined) throw new Error('no request');
    const body = bodyOf(row, asking.request).toString().trim();
    expect(body.length).toBeGreaterThan(3);
    expect(text).toContain(`${name === 'csv.yml' ? 'the line ' : '# '}${body}\n`);
  });

  it('reads the answer that it quotes', () => {
    if (asking.response === undefined) throw new Error('no response');
    const answer = quoted(text, beforeAnswer).split(';')[0] ?? '';
    const reading: Reading = { task, form: asking.response, ...readings[name] };
    expect(readAnswer({ body: Buffer.from(`${answer}\n`), contentType, latencyMs: 5 }, reading)).toMatchObject(
      expected,
    );
  });
});

describe('examples/regression-test.yml', () => {
  it('asks as the example of CSV does', () => {
    const { regression } = loadManifest(readFileSync('examples/regression-test.yml', 'utf8'), 'delivery.yml');
    const { request, response } = askedWith('csv.yml').asking;
    expect(regression?.asking).toMatchObject({ request, response });
  });
});
