import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { irisData } from '../../simulator/fixtures/fixtures.ts';
import { regressionTest } from '../../src/operations/regression-test.ts';
import { openAccount, type TestAccount } from '../support/account.ts';

let account: TestAccount;
beforeAll(async () => {
  account = await openAccount();
  await account.inProduction('1.1.0');
  await account.register('1.2.0');
});
afterAll(() => account.close());

const section = (datasets: readonly string[]): string => `
regression:
  task: multiclass-classification
  dataset: s3://ml-artifacts/now.jsonl
  ${datasets.length === 0 ? '' : `also: [${datasets.map((one) => `{ name: "set of ${one}", dataset: "s3://ml-artifacts/${one}.jsonl" }`).join(', ')}]`}
  metrics: [{ metric: accuracy }]
  rules: [{ metric: accuracy, non-inferior: 0.05 }]
  request: { content-type: text/csv, input: [a, b, c, d] }
`;

/** The stump never answers versicolor: it is as good as the forest on the other two. */
const rows = (of: (label: string) => boolean): Buffer =>
  Buffer.from(
    irisData()
      .rows.filter(([, , , , label]) => of(label))
      .map(([a, b, c, d, label], at) => JSON.stringify({ id: `r${at}`, label, a, b, c, d }))
      .join('\n'),
  );

const testWith = async (...datasets: readonly string[]) => {
  account.writeManifest((text) => text + section(datasets));
  return account.run(regressionTest, { version: '1.2.0' });
};

test('an older golden set that got worse fails the version, and its name is in the reason', async () => {
  account.simulator.objects.put(
    'ml-artifacts',
    'now.jsonl',
    rows((label) => label !== 'versicolor'),
  );
  account.simulator.objects.put(
    'ml-artifacts',
    'spring.jsonl',
    rows(() => true),
  );
  account.simulator.objects.put(
    'ml-artifacts',
    'autumn.jsonl',
    rows((label) => label !== 'versicolor'),
  );
  expect((await testWith())?.result).toMatchObject({ reason: 'regression-passed', outputs: { rows: '100' } });
  expect((await testWith('autumn'))?.result).toMatchObject({
    reason: 'regression-passed',
    because: expect.stringMatching(/; one older golden set passes too$|; 1 older golden set passes too$/),
    outputs: { rows: '200' },
  });
  const report = await testWith('autumn', 'spring');
  expect(report?.result).toMatchObject({
    reason: 'regression-failed',
    because: expect.stringMatching(/^golden set set of spring: accuracy is 66.7 % beside 97.3 %/),
    outputs: { rows: '350' },
    findings: {
      verdict: 'fail',
      also: [
        { name: 'set of autumn', verdict: 'pass', rows: { compared: 100 } },
        { name: 'set of spring', verdict: 'fail', rows: { compared: 150 } },
      ],
    },
  });
});

test('rows of an older set have the place of their own file in an error', async () => {
  account.simulator.objects.put('ml-artifacts', 'broken.jsonl', Buffer.from('{"id":"x","label":"setosa","a":1}'));
  expect((await testWith('broken'))?.result).toMatchObject({
    reason: 'invalid-input',
    because: expect.stringMatching(/^s3:\/\/ml-artifacts\/broken.jsonl: row "x" has no column "b"/),
  });
});
