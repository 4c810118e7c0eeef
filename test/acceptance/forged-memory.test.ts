import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { openAccount, type TestAccount } from '../support/account.ts';

// A resume token is a hint: whatever it names, the run ends as it would without it.

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
  await account.inProduction('1.0.0');
});
afterEach(() => account.close());

const tokenOf = (release: string | undefined): string => JSON.stringify({ v: 1, release });

test('the token of another version’s release does not make a version delivered', async () => {
  await account.prepare('1.1.0');
  const token = tokenOf(account.record()?.ended[0]?.id);
  const report = await account.run(deployEndpoint, { version: '1.1.0', 'resume-token': token });
  expect(report?.result).toMatchObject({ reason: 'delivered', outputs: { version: '1.1.0' } });
  expect(account.record()?.ended[0]).toMatchObject({ version: '1.1.0' });
});

test('the token of a release that another run ended does not replace the look at the endpoint', async () => {
  const token = tokenOf(account.record()?.ended[0]?.id);
  const seen = account.watch();
  const report = await account.run(deployEndpoint, { version: '1.0.0', 'resume-token': token }, { runId: '2' });
  expect(report?.result).toMatchObject({ outcome: 'succeeded', reason: 'already-delivered' });
  expect(seen().some(({ operation }) => operation === 'DescribeEndpoint')).toBe(true);
});

test('a watchdog brought nothing to rest because a token says so', async () => {
  const report = await account.run(
    rollback,
    { 'only-expired': 'true', 'resume-token': tokenOf('never') },
    { runId: '3' },
  );
  expect(report?.result).toMatchObject({ outcome: 'succeeded', reason: 'nothing-expired' });
});

test.each(['{"v":1}', '{"v":1,"release":7}', '{"v":1,"release":{"length":1}}', '{"v":1,"release":""}'])(
  'memory without a release is none: %s',
  async (token) => {
    const report = await account.run(deployEndpoint, { version: '1.0.0', 'resume-token': token }, { runId: '4' });
    expect(report?.result).toMatchObject({ outcome: 'succeeded', reason: 'already-delivered' });
  },
);
