import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { registerModel } from '../../src/operations/register-model.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { policyFor } from '../../src/permissions.ts';
import { rehearsedTeam, rollouts, rolloutText } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { place } from '../support/policy-place.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
  account.writeManifest(() => manifest);
});
afterEach(() => account.close());

const { model, account: id, region } = rehearsedTeam;
const rollout = rolloutText({ rollout: rollouts.unguarded, unwatched: true });
const environment = (name: string, endpoint: string, more = '') => `\
  ${name}:
    account: "${id}"
    region: ${region}
    role: model-deployer
    rollback-role: model-restorer${more}
    endpoint: { name: ${endpoint}, execution-role: iris-serving, instance: { type: ml.m5.large, count: 4 } }
    rollout: { ${rollout} }
`;
const manifest = `version: 1\nmodel: ${model}\nenvironments:\n${environment('staging', 'iris-staging')}${environment('production', 'iris', '\n    after: staging')}`;

const deliver = async (to: string, version: string, more: Readonly<Record<string, string>> = {}) => {
  const report = await account.run(deployEndpoint, { environment: to, version, ...more });
  const { reason, because = '' } = report?.result ?? {};
  return { ends: reason, because, notes: report?.result.plan?.notes ?? [] };
};
/** Requests that change something, for the production endpoint. */
const changes = (seen: ReturnType<TestAccount['watch']>): readonly string[] =>
  seen().flatMap(({ operation }) => (/^(Create|Update|Put|Delete)/.test(operation) ? [operation] : []));

describe('an environment that comes after another one', () => {
  test('takes a version that served there, and no other', async () => {
    await account.prepare('1.0.0');
    const seen = account.watch();
    const refused = await deliver('production', '1.0.0');
    expect(refused.ends).toBe('promotion-missing');
    expect(refused.because).toBe(
      'the content of iris_v1.0.0 has not served in staging, and production comes after it: deliver iris_v1.0.0, or a release candidate with the same content, to staging first',
    );
    expect(changes(seen)).toEqual([]);
    const planned = await deliver('production', '1.0.0', { 'dry-run': 'true' });
    expect(planned.ends).toBe('planned');
    expect(planned.notes).toContainEqual(
      expect.stringMatching(/has not served in staging, and production comes after it: deploy-endpoint would refuse;/),
    );

    expect(await deliver('staging', '1.0.0')).toMatchObject({ ends: 'delivered' });
    const delivered = await deliver('production', '1.0.0');
    expect(delivered.ends).toBe('delivered');
    expect(delivered.notes).toContainEqual(
      expect.stringMatching(/^the same content served well in staging since 20\d\d-/),
    );
    expect(await deliver('production', '1.0.0')).toMatchObject({ ends: 'already-delivered' });

    await account.prepare('1.1.0');
    expect(await deliver('production', '1.1.0')).toMatchObject({ ends: 'promotion-missing' });
  });

  test('takes the final version of a release candidate, whose content it has', async () => {
    await account.run(registerModel, { ...account.registration('1.1.0'), version: '1.1.0-rc.1' });
    await account.approve();
    expect(await deliver('staging', '1.1.0-rc.1')).toMatchObject({ ends: 'delivered' });
    await account.run(registerModel, { version: '1.1.0', from: '1.1.0-rc.1' });
    await account.approve();
    const { ends, notes } = await deliver('production', '1.1.0');
    expect(ends).toBe('delivered');
    expect(notes).toContainEqual(
      expect.stringMatching(/^the same content served well in staging as 1\.1\.0-rc\.1 since /),
    );
  });

  test('takes no version that was taken back there, and a version that was replaced', async () => {
    await account.prepare('1.0.0');
    await account.prepare('1.1.0');
    await deliver('staging', '1.0.0');
    await deliver('staging', '1.1.0');
    expect((await deliver('production', '1.0.0', { 'dry-run': 'true' })).notes).toContainEqual(
      expect.stringMatching(/^the same content served well in staging from 20.* to 20/),
    );
    await account.run(rollback, { environment: 'staging', because: 'wrong on Mondays' });
    const { ends, because } = await deliver('production', '1.1.0');
    expect(ends).toBe('promotion-missing');
    expect(because).toMatch(
      /^the content of iris_v1\.1\.0 served in staging from .* to .*, and did not serve well, and/,
    );
  });
});

describe('a role', () => {
  const role = `arn:aws:iam::${id}:role/model-deployer`;

  test('needs the policy `after` for the endpoint before, and no more', async () => {
    await account.prepare('1.0.0');
    await deliver('staging', '1.0.0');
    account.simulator.attachPolicy(role, policyFor('deploy-endpoint', place));
    const { ends, because } = await deliver('production', '1.0.0');
    expect(ends).toBe('promotion-missing');
    expect(because).toMatch(
      /^the release record of staging cannot be read, which has to show that the version served there: .*iris-staging\/record\.json.*policy `after` for the endpoint of staging$/,
    );
    account.simulator.attachPolicy(role, policyFor('after', { ...place, endpoint: 'iris-staging' }));
    expect(await deliver('production', '1.0.0')).toMatchObject({ ends: 'delivered' });
  });
});

test('a record that somebody else wrote proves nothing', async () => {
  await account.prepare('1.0.0');
  await deliver('staging', '1.0.0');
  const bucket = `model-delivery-${id}-${region}`;
  account.simulator.objects.put(bucket, 'iris-staging/record.json', Buffer.from('{"endpoint":"other"}'));
  const { ends, because } = await deliver('production', '1.0.0');
  expect(ends).toBe('promotion-missing');
  expect(because).toMatch(/^the release record of staging cannot be read/);
});
