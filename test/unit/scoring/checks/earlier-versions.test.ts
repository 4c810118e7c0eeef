import { describe, expect, test } from '@jest/globals';
import { loadRegression } from '../../../../src/manifest/load.ts';
import type { RegressionSpec } from '../../../../src/manifest/regression.ts';
import { earlierVersions, goldenMark } from '../../../../src/scoring/checks/earlier-versions.ts';
import { keepEnded, packageMark } from '../../../../src/scoring/ended-tests.ts';
import { rowsFile } from '../../../../src/scoring/rows-file.ts';
import type { Standing } from '../../../../src/scoring/standing.ts';
import { type Subject, subjectId } from '../../../../src/scoring/subject.ts';
import { objectsInMemory } from '../../../support/objects-in-memory.ts';

const releases = { bucket: 'b', prefix: 'p/' };
const arnOf = (version: number): string => `arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/${version}`;

const spec = (...lines: readonly string[]): RegressionSpec =>
  loadRegression(
    ['task: regression', 'metrics: [mae]', 'request: { content-type: text/csv, input: [a] }', ...lines].join('\n'),
    'p.yml',
  ) as RegressionSpec;

const parts = (text = 'rows') => [{ from: 0, set: { rows: [], file: rowsFile('g', Buffer.from(text)) } }];

/** The version under test is number 0. */
const scene = () => {
  const { world, objects } = objectsInMemory();
  const at = {
    ...{ world, releases, regression: spec(), parts: parts() },
    ...{ subject: { endpoint: 'churn' }, registered: { arn: arnOf(0) } },
  } as unknown as Standing;
  let time = 0;
  const ended = async (version: number, value: number | null, changes: object = {}, golden = goldenMark(at)) => {
    time += 1000;
    const of: Subject = {
      endpoint: 'churn',
      ...{
        package: 'aa'.repeat(32),
        dataset: 'bb'.repeat(32),
        policy: String(time).padStart(64, '0'),
        baseline: 'none',
      },
    };
    const evaluation = { model_delivery: { cells: [{ metric: 'mae', candidate: value }] } };
    objects.set(`p/churn/regression/${subjectId(of)}/1/evaluation.json`, JSON.stringify(evaluation));
    await keepEnded(world, releases, of, {
      ...{ verdict: 'pass', ofServing: false, attempt: 1, decidedAt: time, golden },
      ...{ tag: `churn_v${version}`, version: String(version), package: packageMark(arnOf(version)) },
      ...changes,
    });
  };
  const found = async (most: number) => {
    const { known, unknown } = await earlierVersions(at, most, 'mae');
    return [known.map(({ tag, value, sameRows }) => [tag, value, sameRows]), unknown];
  };
  return { at, objects, ended, found };
};

describe('the earlier versions of an endpoint', () => {
  test('are the last that passed, each once, without the one under test', async () => {
    const { ended, found } = scene();
    for (const version of [1, 2, 3, 2]) await ended(version, version);
    await ended(0, 0.5);
    await ended(4, 4, { verdict: 'fail' });
    await ended(5, 5, { verdict: 'inconclusive' });
    expect(await found(2)).toEqual([
      [
        ['churn_v2', 2, true],
        ['churn_v3', 3, true],
      ],
      0,
    ]);
    expect(await found(20)).toEqual([[expect.anything(), expect.anything(), ['churn_v1', 1, true]], 0]);
  });

  test('have the last test of each on the same rows, or else its last one', async () => {
    const { ended, found } = scene();
    await ended(1, 10);
    await ended(1, 11, {}, 'f'.repeat(16));
    await ended(2, 20, {}, 'e'.repeat(16));
    await ended(2, 21, {}, 'f'.repeat(16));
    expect(await found(2)).toEqual([
      [
        ['churn_v2', 21, false],
        ['churn_v1', 10, true],
      ],
      0,
    ]);
  });

  test.each([
    ['no value', '{"model_delivery":{"cells":[{"metric":"mae","candidate":null}]}}'],
    ['a value in a slice alone', '{"model_delivery":{"cells":[{"metric":"mae","slice":"a = b","candidate":1}]}}'],
    ['another metric', '{"model_delivery":{"cells":[{"metric":"rmse","candidate":1}]}}'],
    ['no JSON', 'x'],
    ['another form', '{"model_delivery":{"cells":[{"metric":"mae","candidate":"1"}]}}'],
  ])('are counted where their evaluation.json has %s', async (_, text) => {
    const { ended, found, objects } = scene();
    await ended(1, 1);
    for (const key of objects.keys()) if (key.endsWith('evaluation.json')) objects.set(key, text);
    expect(await found(5)).toEqual([[], 1]);
  });
});

test('other rows, another request and another reading of the answers are other questions; another rule is not', () => {
  const of = (text: string, ...lines: readonly string[]) =>
    goldenMark({ regression: spec(...lines), parts: parts(text) } as unknown as Standing);
  const same = of('rows');
  expect(of('rows', 'rules: [{ metric: mae, ceiling: 3 }]', 'concurrency: 9')).toBe(same);
  expect(of('other')).not.toBe(same);
  expect(of('rows', 'response: { prediction: 1 }')).not.toBe(same);
});
