import { expect, test } from '@jest/globals';
import { irisData } from '../../simulator/fixtures/fixtures.ts';
import { regressionTest } from '../../src/operations/regression-test.ts';
import { openAccount } from '../support/account.ts';

const asynchronous = (text: string): string =>
  text.replace(/( +)(instance: )/, '$1async: { output: "s3://ml-artifacts/async/" }\n$1$2');

const section = `
regression:
  task: multiclass-classification
  dataset: s3://ml-artifacts/golden.jsonl
  metrics: [accuracy]
  request: { content-type: text/csv, input: [a, b, c, d] }
`;

const golden = (): string =>
  irisData()
    .rows.map(([a, b, c, d, label], at) => JSON.stringify({ id: `r${at}`, label, a, b, c, d }))
    .join('\n');

const counted = (calls: readonly string[], name: string): number => calls.filter((one) => one === name).length;

test('asynchronous endpoints get their requests through S3, and the answers are waited for', async () => {
  const account = await openAccount();
  try {
    account.writeManifest(asynchronous);
    await account.inProduction('1.1.0');
    await account.register('1.2.0');
    account.simulator.objects.put('ml-artifacts', 'golden.jsonl', Buffer.from(golden()));
    account.writeManifest((text) => asynchronous(text) + section);
    const requested: string[] = [];
    const report = await account.run(regressionTest, { version: '1.2.0' }, { requested });
    expect(report?.result).toMatchObject({
      outcome: 'rejected',
      reason: 'regression-failed',
      because: expect.stringMatching(/^accuracy is 66.7 % beside 97.3 %/),
      outputs: { rows: '150' },
    });
    // Both models, every row, once: an asynchronous answer takes minutes.
    expect(counted(requested, 'runtime.invokeEndpointAsync')).toBe(300);
    expect(counted(requested, 'runtime.invokeEndpoint')).toBe(0);
    expect(counted(requested, 'sagemaker.deleteEndpoint')).toBe(1);
  } finally {
    await account.close();
  }
});
