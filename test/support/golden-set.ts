import { irisData } from '../../simulator/fixtures/fixtures.ts';
import { regressionTest } from '../../src/operations/regression-test.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { releasesOf } from '../../src/release/location.ts';
import type { Report } from '../../src/report/result.ts';
import type { TestRecord } from '../../src/scoring/test-record.ts';
import type { Attempt, TestAccount } from './account.ts';

/** The iris rows as a golden set of the rehearsed team, and all that a regression test leaves in its account. */

export const columns = ['sepal_length', 'sepal_width', 'petal_length', 'petal_width'] as const;

export type GoldenRow = Readonly<Record<string, string | number>>;

export const goldenRows: readonly GoldenRow[] = irisData().rows.map(([a, b, c, d, label], at) => ({
  id: `flower-${at + 1}`,
  label,
  sepal_length: a,
  sepal_width: b,
  petal_length: c,
  petal_width: d,
}));

export const asJsonl = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

export const asCsv = (rows: readonly GoldenRow[]): string => {
  const names = Object.keys(rows[0] ?? {});
  return [names, ...rows.map((row) => names.map((name) => row[name]))].map((cells) => `${cells.join(',')}\n`).join('');
};

export const goldenSetAt = `s3://${team.bucket}/golden.jsonl`;

export const putGoldenSet = (
  { simulator }: Pick<TestAccount, 'simulator'>,
  rows: readonly object[] = goldenRows,
): void => simulator.objects.put(team.bucket, 'golden.jsonl', Buffer.from(asJsonl(rows)));

/** A hundred and fifty rows show no smaller margin than this. */
const usualRules = ['{ metric: accuracy, non-inferior: 0.1 }'];

export interface RegressionOptions {
  readonly dataset?: string;
  readonly rules?: readonly string[];
  /** Other keys, YAML on one line each; one of the same name replaces the usual one. */
  readonly keys?: readonly string[];
}

/** The `regression:` of a `delivery.yml`: CSV lines, one temporary endpoint. */
export const regressionText = ({
  dataset = goldenSetAt,
  rules = usualRules,
  keys = [],
}: RegressionOptions = {}): string => {
  const usual = [
    'task: multiclass-classification',
    `dataset: ${dataset}`,
    `rules: [${rules.join(', ')}]`,
    `request: { content-type: text/csv, input: [${columns.join(', ')}] }`,
  ];
  const nameOf = (line: string): string => line.slice(0, line.indexOf(':'));
  const replaced = new Set(keys.map(nameOf));
  return `regression:\n${[...usual.filter((line) => !replaced.has(nameOf(line))), ...keys].map((line) => `  ${line}\n`).join('')}`;
};

/** `version` is approved, and 1.1.0, a forest, serves. */
export const approved = async (
  account: TestAccount,
  version: '1.0.0' | '1.2.0' | '1.3.0' | '1.4.0' | '1.5.0',
): Promise<void> => {
  await account.inProduction('1.1.0');
  await account.prepare(version);
};

/** Writes the golden set and a manifest that names it. @param change of everything before `regression:` */
export const withRegression = (
  account: TestAccount,
  options: RegressionOptions = {},
  change: (text: string) => string = (text) => text,
): void => {
  putGoldenSet(account);
  account.writeManifest((text) => `${change(text)}${regressionText(options)}`);
};

export const regress = (
  account: TestAccount,
  version: string,
  inputs: Readonly<Record<string, string>> = {},
  attempt: Attempt = {},
): Promise<Report | undefined> => account.run(regressionTest, { version, ...inputs }, attempt);

/** The temporary endpoints, endpoint configs and models that there are. */
export const temporaries = async ({ simulator }: Pick<TestAccount, 'simulator'>): Promise<readonly string[]> => {
  const [endpoints, configs, models] = await Promise.all([
    simulator.call('sagemaker', 'ListEndpoints', { MaxResults: 100 }),
    simulator.call('sagemaker', 'ListEndpointConfigs', { MaxResults: 100 }),
    simulator.call('sagemaker', 'ListModels', { MaxResults: 100 }),
  ]);
  return [
    ...named(endpoints['Endpoints'], 'EndpointName', 'endpoint'),
    ...named(configs['EndpointConfigs'], 'EndpointConfigName', 'endpoint config'),
    ...named(models['Models'], 'ModelName', 'model'),
  ].filter((name) => name.includes(`${team.endpoint}-test-`));
};

const named = (found: unknown, member: string, kind: string): readonly string[] =>
  (found as readonly Readonly<Record<string, unknown>>[]).map((one) => `${kind} ${one[member]}`);

const releases = releasesOf({}, { partition: 'aws', region: team.region, id: team.account });

/** Objects of all regression tests of the endpoint, by their keys. */
export const testObjects = ({ simulator }: Pick<TestAccount, 'simulator'>): ReadonlyMap<string, string> =>
  new Map(
    simulator.objects
      .under(releases.bucket, `${releases.prefix}${team.endpoint}/regression/`)
      .map(({ key, body }) => [key, body.toString()] as const),
  );

/** The records of all regression tests of the endpoint. */
export const testRecords = (account: Pick<TestAccount, 'simulator'>): readonly TestRecord[] =>
  [...testObjects(account)]
    .filter(([key]) => key.endsWith('/test.json'))
    .map(([, text]) => JSON.parse(text) as TestRecord);

/** The entry of the package's metadata. */
export const namedVerdict = async (
  { simulator }: Pick<TestAccount, 'simulator'>,
  packageVersion: number,
): Promise<string | undefined> => {
  const { CustomerMetadataProperties } = await simulator.call('sagemaker', 'DescribeModelPackage', {
    ModelPackageName: `arn:aws:sagemaker:${team.region}:${team.account}:model-package/${team.model}/${packageVersion}`,
  });
  return (CustomerMetadataProperties as Readonly<Record<string, string>> | undefined)?.['regression-test'];
};
