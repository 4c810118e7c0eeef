import { describe, expect, test } from '@jest/globals';
import type { RegressionSpec } from '../../../src/manifest/regression.ts';
import { readingOf } from '../../../src/scoring/ask-piece.ts';
import { goldenSet, joined } from '../../../src/scoring/golden-set.ts';
import { requirePredictions } from '../../../src/scoring/require-predictions.ts';
import { type Answer, readAnswer } from '../../../src/scoring/response.ts';
import { rowsFile } from '../../../src/scoring/rows-file.ts';

const spec = (task: string, response: object = { prediction: '$.class', threshold: 0.5 }): RegressionSpec =>
  ({ task, asking: { response } }) as unknown as RegressionSpec;
const site = { name: 'endpoint churn' };

const rowsOf = async (name: string, text: string) => {
  const set = await goldenSet(rowsFile(name, Buffer.from(text)), {});
  return set.slice(0, set.size);
};
const labelled = (...labels: readonly unknown[]) =>
  rowsOf('golden.jsonl', labels.map((label, at) => `${JSON.stringify({ id: `r${at}`, label })}\n`).join(''));

const required = async (
  regression: RegressionSpec,
  labels: readonly unknown[],
  answers: readonly Answer[],
): Promise<void> => {
  const rows = await labelled(...labels);
  requirePredictions(
    regression,
    'candidate',
    site,
    rows.flatMap((row, at) => (answers[at] ? [{ row, answer: answers[at] }] : [])),
  );
};
const predicted = (...predictions: readonly unknown[]): readonly Answer[] =>
  predictions.map((prediction) => ({ prediction }));

describe('predictions of a kind that no label has are refused, with both kinds and the way out', () => {
  test.each<[string, readonly unknown[], readonly unknown[], RegExp]>([
    ['multiclass-classification', [0, 1, 2], ['a', 'b', 'c'], /are numbers, and every .* is a text: .*as texts$/],
    ['binary-classification', [true, false], ['true', 'false'], /are booleans, and every .* is a text: .*as texts$/],
    ['multiclass-classification', ['0', '1'], [0, 1], /are texts, and every .* is a number: .*as numbers$/],
    ['binary-classification', [0, 1], [true, false], /are numbers, and every .* is a boolean: .*as booleans$/],
    ['multiclass-classification', ['a', 1], [true], /are texts and numbers, and every .* is a boolean/],
  ])('%s, labels %j, predictions %j', async (task, labels, predictions, because) => {
    const refused = required(spec(task), labels, predicted(...predictions));
    await expect(refused).rejects.toThrow(because);
    await expect(refused).rejects.toThrow(
      /^regression\.response: the labels of golden\.jsonl .* of the candidate \(endpoint churn\)/,
    );
  });

  test('the greatest score decides a text: its classes may be listed as the labels have them', async () => {
    const byScores = spec('multiclass-classification', { score: '$.scores', threshold: 0.5 });
    await expect(required(byScores, [0, 1], predicted('0', '1'))).rejects.toThrow(
      /as texts, or list the classes in response\.classes as the labels have them$/,
    );
  });
});

test.each<[string, readonly unknown[], readonly Answer[]]>([
  ['one prediction of the kind suffices', [0, 1], predicted('none', 1)],
  ['errors have no kind', [0, 1], [{ error: 'the model answered with status 500' }]],
  ['no answer has none', [0, 1], []],
])('%s', async (_name, labels, answers) => {
  await expect(required(spec('multiclass-classification'), labels, answers)).resolves.toBeUndefined();
});

test('labels of CSV fit every kind, and so does the task without classes', async () => {
  const rows = await rowsOf('golden.csv', 'id,label\na,1\n');
  const answered = rows.map((row) => ({ row, answer: { prediction: 1 } }));
  expect(() => requirePredictions(spec('multiclass-classification'), 'baseline', site, answered)).not.toThrow();
  await expect(required(spec('regression'), ['1'], predicted(1))).resolves.toBeUndefined();
});

test('an answer is read as the labels of its own golden set are written', async () => {
  const files = {
    'now.jsonl': '{"id":"a","label":1}',
    'spring.jsonl': '{"id":"a","label":"1"}',
    'old.csv': 'id,label\na,1\n',
  };
  const sets = await Promise.all(
    Object.entries(files).map(async ([name, text]) => ({
      set: await goldenSet(rowsFile(name, Buffer.from(text)), {}),
    })),
  );
  const regression = spec('multiclass-classification', { prediction: 0, threshold: 0.5 });
  const { golden } = joined(sets);
  const answers = (await golden?.slice(0, golden.size))?.map((row) =>
    readAnswer({ body: Buffer.from('1\n'), contentType: 'text/csv' }, readingOf(regression, row)),
  );
  expect(answers).toEqual([{ prediction: 1 }, { prediction: '1' }, { prediction: '1' }]);
});
