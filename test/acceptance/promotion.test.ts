import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { IrisVersion } from '../../simulator/fixtures/fixtures.ts';
import { approveGate } from '../../src/operations/approve-gate.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { registerModel } from '../../src/operations/register-model.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { policyFor } from '../../src/permissions.ts';
import { rehearsedTeam, rollouts, rolloutText } from '../../src/rehearsal/manifest.ts';
import type { ReleaseRecord } from '../../src/release/record.ts';
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

describe('a record of staging', () => {
  const place = { bucket: `model-delivery-${id}-${region}`, key: 'iris-staging/record.json' } as const;
  /** Its entries as somebody else, or an older version of this suite, would have written them. */
  const change = (entry: (one: Record<string, unknown>) => Record<string, unknown>): void => {
    const record = JSON.parse(account.simulator.objects.get(place.bucket, place.key)?.body.toString() ?? '{}');
    const changed = { ...record, history: record.history.map(entry) };
    account.simulator.objects.put(place.bucket, place.key, Buffer.from(JSON.stringify(changed)));
  };

  test('without digests of the content shows the package', async () => {
    await account.prepare('1.0.0');
    await account.prepare('1.1.0');
    await deliver('staging', '1.0.0');
    change(({ contentDigest: _, ...entry }) => entry);
    expect(await deliver('production', '1.1.0')).toMatchObject({ ends: 'promotion-missing' });
    expect(await deliver('production', '1.0.0')).toMatchObject({ ends: 'delivered' });
  });

  test('of a content that was left because it was rejected promotes nothing', async () => {
    await account.prepare('1.0.0');
    await deliver('staging', '1.0.0');
    change((entry) => ({ ...entry, until: Number(entry['from']) + 1, ended: 'rejected' }));
    expect(await deliver('production', '1.0.0')).toMatchObject({
      ends: 'promotion-missing',
      because: expect.stringMatching(/, and was rejected, and production comes after it/),
    });
  });
});

describe('a delivery that an event starts', () => {
  test('leaves a version alone that was replaced, or taken back, since it served', async () => {
    await account.prepare('1.0.0');
    await account.prepare('1.1.0');
    const once = { once: 'true' };
    expect(await deliver('staging', '1.0.0', once)).toMatchObject({ ends: 'delivered' });
    expect(await deliver('staging', '1.0.0', once)).toMatchObject({ ends: 'already-delivered' });
    expect(await deliver('staging', '1.1.0', once)).toMatchObject({ ends: 'delivered' });
    const seen = account.watch();
    const again = await deliver('staging', '1.0.0', once);
    expect(again).toMatchObject({
      ends: 'served-before',
      because: expect.stringMatching(
        /^iris_v1\.0\.0 served here until 20.*, and is delivered once; deploy it without once to bring it back$/,
      ),
    });
    expect(await deliver('staging', '1.0.0', { ...once, 'dry-run': 'true' })).toMatchObject({ ends: 'served-before' });
    expect(changes(seen)).toEqual([]);
    await account.run(rollback, { environment: 'staging', because: 'wrong on Mondays' });
    expect(await deliver('staging', '1.1.0', once)).toMatchObject({ ends: 'served-before' });
    expect(await deliver('staging', '1.1.0', { retry: 'true' })).toMatchObject({ ends: 'delivered' });
  });
});

test('a delivery that an event starts is not left alone for another version with the same package number', async () => {
  await account.prepare('1.0.0');
  await account.prepare('1.1.0');
  await deliver('staging', '1.0.0');
  await deliver('staging', '1.1.0');
  // Package 1 of a registry that the environment had before.
  const [bucket, key] = [`model-delivery-${id}-${region}`, 'iris-staging/record.json'];
  const record = JSON.parse(account.simulator.objects.get(bucket, key)?.body.toString() ?? '') as ReleaseRecord;
  const history = record.history.map((one) => (one.packageVersion === 1 ? { ...one, version: '0.9.0' } : one));
  account.simulator.objects.put(bucket, key, Buffer.from(JSON.stringify({ ...record, history })));
  expect(await deliver('staging', '1.0.0', { once: 'true' })).toMatchObject({ ends: 'delivered' });
});

describe('the newest release candidate', () => {
  const register = async (version: string, from: 'candidate' | IrisVersion) => {
    const inputs = from === 'candidate' ? { version, from } : { ...account.registration(from), version };
    const { reason, because, outputs } = (await account.run(registerModel, inputs))?.result ?? {};
    return { reason, because, package: outputs?.['model-package-version'] };
  };
  const reject = (version: number): Promise<unknown> =>
    account.simulator.call('sagemaker', 'UpdateModelPackage', {
      ModelPackageArn: `arn:aws:sagemaker:${region}:${id}:model-package/${model}/${version}`,
      ModelApprovalStatus: 'Rejected',
    });

  test('is the content of the final version: the tenth is newer than the ninth', async () => {
    await register('1.1.0-rc.10', '1.2.0');
    await register('1.1.0-rc.9', '1.1.0');
    await register('1.2.0-rc.1', '1.3.0');
    await register('1.1.0-alpha.11', '1.4.0');
    expect(await register('1.1.0', 'candidate')).toMatchObject({ reason: 'registered', package: '5' });
    const of = async (version: number) =>
      (await account.simulator.call('sagemaker', 'DescribeModelPackage', {
        ModelPackageName: `arn:aws:sagemaker:${region}:${id}:model-package/${model}/${version}`,
      })) as { readonly CustomerMetadataProperties: Readonly<Record<string, string>> };
    const [candidate, final] = [await of(1), await of(5)];
    expect(final.CustomerMetadataProperties).toMatchObject({
      'content-digest': candidate.CustomerMetadataProperties['content-digest'],
      'taken-from': expect.stringMatching(/\/1$/),
    });
    expect(await register('1.1.0', 'candidate')).toMatchObject({ reason: 'already-registered', package: '5' });
  });

  test('is refused where it is rejected, missing, or no final version is asked for', async () => {
    expect(await register('1.1.0', 'candidate')).toMatchObject({
      reason: 'invalid-input',
      because:
        'from: candidate: iris has no release candidate 1.1.0-rc.N; register one, e.g. on the branch release/1.1.0',
    });
    await register('1.1.0-rc.1', '1.1.0');
    await register('1.1.0-rc.2', '1.2.0');
    await reject(2);
    expect(await register('1.1.0', 'candidate')).toMatchObject({
      reason: 'invalid-input',
      because:
        'from: candidate: the newest one, 1.1.0-rc.2, is rejected; register another, or name the one to take: 1.1.0-rc.1',
    });
    expect(await register('1.2.0-rc.1', 'candidate')).toMatchObject({
      reason: 'invalid-input',
      because: 'from: candidate: 1.2.0-rc.1 is no final version, and only those have release candidates',
    });
  });
});

test('the gate names the commit of the version', async () => {
  await account.prepare('1.0.0');
  const report = await account.run(approveGate, { environment: 'staging', version: '1.0.0' });
  expect(report?.result.outputs).toMatchObject({ commit: 'c0ffee' });
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
