import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { registerModel } from '../../src/operations/register-model.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

const theirs = '999988887777';
const s3Calls = () =>
  account.simulator.requests
    .filter(({ service }) => service === 's3')
    .map(({ operation, input }) => ({ operation, input: input as Readonly<Record<string, unknown>> }));

describe('whose bucket it is', () => {
  test('is said with every call', async () => {
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    await account.run(deployEndpoint, { version: '1.1.0' });
    await account.run(rollback, {});
    const calls = s3Calls();
    expect(new Set(calls.map(({ operation }) => operation))).toEqual(
      new Set(['HeadObject', 'GetObject', 'PutObject', 'CopyObject']),
    );
    for (const { operation, input } of calls)
      expect({ operation, owner: input['ExpectedBucketOwner'] }).toEqual({ operation, owner: team.account });
    for (const { input } of calls.filter(({ operation }) => operation === 'CopyObject'))
      expect(input['ExpectedSourceBucketOwner']).toBe(team.account);
  });

  test('a bucket that another account has taken is refused, with what to do; named in the manifest it is used', async () => {
    account.simulator.objects.lend('ml-taken', theirs);
    const releases = (text: string): string =>
      text.replace('    endpoint:\n', '    releases: s3://ml-taken/\n    endpoint:\n');
    account.writeManifest(releases);
    const refused = await account.run(registerModel, account.registration('1.0.0'));
    expect(refused?.result).toMatchObject({ outcome: 'failed', reason: 'access-denied' });
    expect(refused?.result.because).toMatch(
      /bucket ml-taken does not belong to the account ending in 3333: then name its owner under `bucket-owners` in the manifest/,
    );
    account.writeManifest((text) =>
      releases(text).replace('    endpoint:\n', `    bucket-owners: { ml-taken: "${theirs}" }\n    endpoint:\n`),
    );
    await account.prepare('1.0.0');
    expect((await account.run(deployEndpoint, { version: '1.0.0' }))?.result.reason).toBe('delivered');
    expect(account.simulator.objects.get('ml-taken', 'iris/record.json')).toBeDefined();
  });

  test('so is a training bucket of another account, on both sides of the copy', async () => {
    const registration = account.registration('1.0.0');
    account.simulator.objects.lend(team.bucket, theirs);
    expect((await account.run(registerModel, registration))?.result.because).toMatch(
      /bucket ml-artifacts does not belong/,
    );
    account.writeManifest((text) =>
      text.replace('    endpoint:\n', `    bucket-owners: { ${team.bucket}: "${theirs}" }\n    endpoint:\n`),
    );
    expect((await account.run(registerModel, registration))?.result.reason).toBe('registered');
  });
});
