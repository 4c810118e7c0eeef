import { describe, expect, test } from '@jest/globals';
import { loadRegression } from '../../../src/manifest/load.ts';
import type { RegressionSpec } from '../../../src/manifest/regression.ts';
import { predictionFiles } from '../../../src/scoring/predictions.ts';
import type { Serving } from '../../../src/scoring/served.ts';
import { wholeFiles } from '../../../src/whole-files.ts';
import type { World } from '../../../src/world.ts';

const regression = (candidate: string, baseline: string): RegressionSpec =>
  loadRegression(
    `task: regression
metrics: [mae]
request: { content-type: text/csv, input: [a] }
candidate: ${candidate}
baseline: ${baseline}
`,
    'p.yml',
  ) as RegressionSpec;

const account = { partition: 'aws', region: 'eu-west-1', id: '111122223333' };
const packageOf = (name: string, at = '111122223333') => `arn:aws:sagemaker:eu-west-1:${at}:model-package/${name}`;

/** A checkout with every file, and a registry whose packages are described as versions. */
const world = (read: string[]): World =>
  ({
    account,
    workspace: wholeFiles(async (path) => {
      read.push(path);
      return Buffer.from(path);
    }),
    read: {
      sagemaker: {
        describeModelPackage: async ({ ModelPackageName }: { readonly ModelPackageName: string }) => ({
          ModelPackageDescription: ModelPackageName.endsWith('/churn/7') ? 'churn_v1.3.0' : 'made by hand',
        }),
      },
    },
  }) as unknown as World;

const serving = (ModelPackageName?: string): Serving =>
  ({
    live: { variants: [{ name: 'main', weight: 1, desiredWeight: 1 }] },
    config: { ProductionVariants: [{ VariantName: 'main', ModelName: 'churn-1' }] },
    models: new Map([['churn-1', { PrimaryContainer: ModelPackageName === undefined ? {} : { ModelPackageName } }]]),
  }) as unknown as Serving;

const filesOf = async (
  spec: RegressionSpec,
  look: Serving | undefined,
): Promise<{ readonly names: readonly string[]; readonly read: readonly string[] }> => {
  const read: string[] = [];
  const files = await predictionFiles(world(read), {
    model: 'churn',
    regression: spec,
    registered: { version: '1.4.0' },
    look,
  });
  return { names: files.map(({ name }) => name), read };
};

const both = regression('{ predictions: "new/{version}-{version}.jsonl" }', '{ predictions: "old/{version}.jsonl" }');

describe('files of predictions', () => {
  test.each([
    [packageOf('churn/7'), 'old/1.3.0.jsonl'],
    [packageOf('Churn/8'), 'old/package-8.jsonl'],
  ])('are those of the version under test and of the one that serves: %s', async (arn, old) => {
    const files = await filesOf(both, serving(arn));
    expect(files).toEqual({ names: ['new/1.4.0-1.4.0.jsonl', old], read: ['new/1.4.0-1.4.0.jsonl', old] });
  });

  test('where nothing serves there is none of the version that serves', async () => {
    expect((await filesOf(both, undefined)).names).toEqual(['new/1.4.0-1.4.0.jsonl']);
  });

  test.each([
    ['no package', undefined],
    ['a package of another model', packageOf('iris/7')],
    ['a package of another registry', packageOf('churn/7', '999988887777')],
    ['a package without a group', packageOf('churn')],
  ])('a model of %s has no version', async (_name, arn) => {
    await expect(filesOf(both, serving(arn))).rejects.toThrow(
      'regression.baseline: old/{version}.jsonl has the version that serves in its name, and model churn-1, which serves, was made of no registered version of churn: name a file without {version}',
    );
  });

  test('a baseline without the version is that file, whatever serves', async () => {
    const fixed = regression('{ predictions: "{version}.jsonl" }', '{ predictions: old.jsonl }');
    expect((await filesOf(fixed, serving())).names).toEqual(['1.4.0.jsonl', 'old.jsonl']);
  });

  test('a model that answers has none', async () => {
    expect(await filesOf(regression('temporary', 'serving'), serving())).toEqual({ names: [], read: [] });
  });
});
