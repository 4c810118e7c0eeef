import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type IrisVersion, irisFixture } from '../../simulator/fixtures/fixtures.ts';
import { minutes } from '../../src/clock.ts';
import { createDriver, type Driver } from '../../src/rehearsal/driver.ts';
import { manifestText, rollouts, rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { accuracy, packageOf, policyText } from '../support/approval-policy.ts';
import { type Build, type Checkout, playBuild, startBuild } from '../support/buildspec.ts';
import { putGoldenSet, regressionText, temporaries } from '../support/golden-set.ts';
import { trainedVersion } from '../support/trained-version.ts';

/** The files in codebuild/buildspecs, played command by command: the built command line as processes, against the simulator. */

let account: TestAccount;
let driver: Driver;
let checkout: Checkout;
let temp: string;
beforeEach(async () => {
  account = await openAccount();
  temp = mkdtempSync(join(tmpdir(), 'builds-'));
  const workspace = dirname(account.manifest);
  driver = createDriver({ simulator: account.simulator, actions: 'actions', workspace, temp });
  checkout = { driver, workspace };
});
afterEach(async () => {
  driver.close();
  await account.close();
  rmSync(temp, { recursive: true });
});

const spec = (name: string): string => `codebuild/buildspecs/${name}.yml`;
const file = (name: string): string => readFileSync(join(checkout.workspace, name), 'utf8');

const trained = async (version: IrisVersion): Promise<Readonly<Record<string, string>>> => {
  writeFileSync(join(checkout.workspace, 'evaluation.json'), irisFixture(version).evaluation);
  return trainedVersion(account, version);
};

/** 1.1.0 serves; from now on a version needs a verdict, and 90 % accuracy for its approval. */
const inProduction = async (rollout: string = rollouts.canary): Promise<void> => {
  await account.inProduction('1.1.0');
  putGoldenSet(account);
  account.writeManifest(
    () => `${manifestText({ rollout })}${regressionText()}${policyText([`{ metric: ${accuracy}, at-least: 0.9 }`])}`,
  );
};

const serving = async (): Promise<string | undefined> => {
  const { EndpointConfigName, EndpointStatus } = await account.simulator.call('sagemaker', 'DescribeEndpoint', {
    EndpointName: team.endpoint,
  });
  expect(EndpointStatus).toBe('InService');
  return /-(\d-\d-\d)-/.exec(String(EndpointConfigName))?.[1]?.replaceAll('-', '.');
};

const statusOf = async (packageVersion: number): Promise<unknown> =>
  (await account.simulator.call('sagemaker', 'DescribeModelPackage', { ModelPackageName: packageOf(packageVersion) }))[
    'ModelApprovalStatus'
  ];

/** A failure shows the end of the log. */
const expectEnd = ({ code, log, exported }: Build, succeeded: boolean, variables: Readonly<Record<string, string>>) =>
  expect({ code, exported, log }).toEqual({
    code: succeeded ? 0 : 1,
    exported: expect.objectContaining(variables),
    log,
  });

const carriedOut = (operation: string): number =>
  account.simulator.requests.filter((request) => request.operation === operation && request.mutation).length;

test('register: the model of a training job becomes a version, which later actions read', async () => {
  const build = await playBuild(checkout, spec('register'), await trained('1.0.0'));
  expectEnd(build, true, {
    VERSION: '1.0.0',
    TAG: 'iris_v1.0.0',
    MODEL_PACKAGE_VERSION: '1',
    APPROVAL_STATUS: 'PendingManualApproval',
    OUTCOME: 'succeeded',
    REASON_CODE: 'registered',
  });
  expect(build.exported['CONTENT_DIGEST']).toMatch(/^[0-9a-f]{64}$/);
  expect(await statusOf(1)).toBe('PendingManualApproval');

  const refused = await playBuild(checkout, spec('register'), { TRAINING_JOB: 'iris-1-0-0' });
  expectEnd(refused, false, { OUTCOME: 'failed', REASON_CODE: 'invalid-input' });
  // A command that dies before it could write any output.
  const command = join(checkout.workspace, 'node_modules/.bin/model-delivery');
  rmSync(command);
  writeFileSync(command, '#!/bin/sh\nkill -KILL $$\n', { mode: 0o755 });
  const dead = await playBuild(checkout, spec('register'), {});
  expectEnd(dead, false, { OUTCOME: 'failed', REASON_CODE: 'job-failed' });
});

describe('regression-test', () => {
  test('a version that passes: exit 0, and a test case for each rule in the report group', async () => {
    await inProduction();
    await account.prepare('1.0.0');
    const build = await playBuild(checkout, spec('regression-test'), { VERSION: '1.0.0' });
    expectEnd(build, true, { VERDICT: 'pass', ROWS: '150', ATTEMPT: '1', REASON_CODE: 'regression-passed' });
    expect(build.exported['VALID_UNTIL']).toMatch(/^2026-01-1\dT/);
    const junit = file('regression.xml');
    expect(junit.match(/<testcase /g)?.length).toBeGreaterThan(1);
    expect(junit).not.toContain('<failure');
    for (const written of ['regression.html', 'evaluation.json'])
      expect(existsSync(join(checkout.workspace, written))).toBe(true);
    expect(await temporaries(account)).toEqual([]);
  });

  test('a version that fails: the report is there, then the build is red', async () => {
    await inProduction();
    await account.prepare('1.2.0');
    const build = await playBuild(checkout, spec('regression-test'), { VERSION: '1.2.0' });
    expectEnd(build, false, { VERDICT: 'fail', OUTCOME: 'rejected', REASON_CODE: 'regression-failed' });
    expect(file('regression.xml')).toContain('<failure');
    expect(await serving()).toBe('1.1.0');
    expect(await temporaries(account)).toEqual([]);
  });
});

describe('deploy', () => {
  test('an approved version serves at the end', async () => {
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    const build = await playBuild(checkout, spec('deploy'), { VERSION: '1.1.0' });
    expectEnd(build, true, {
      VERSION: '1.1.0',
      PREVIOUS_VERSION: '1.0.0',
      SERVING_VERSION: '1.1.0',
      REASON_CODE: 'delivered',
    });
    expect(await serving()).toBe('1.1.0');
    expect(file('delivery.html')).toContain('delivered');
  });

  test('a version with errors is taken back, and the build is red', async () => {
    await account.inProduction('1.0.0');
    await account.prepare('1.4.0');
    const build = await playBuild(checkout, spec('deploy'), { VERSION: '1.4.0' });
    expectEnd(build, false, { SERVING_VERSION: '1.0.0', OUTCOME: 'rolled-back', REASON_CODE: 'alarm' });
    expect(await serving()).toBe('1.0.0');
  });

  test('a stopped container: the release is settled, and the next build finishes it', async () => {
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    const running = startBuild(checkout, spec('deploy'), { VERSION: '1.1.0', TIMEOUT: '50m' });
    await driver.until(driver.now() + minutes(8));
    running.container.kill('SIGTERM');
    const { code, log } = await running.ended();
    expect(code).not.toBe(0);
    expect(log.join('\n')).toContain('cancelled/cancelled');
    await driver.until(driver.now() + minutes(30));
    const again = await playBuild(checkout, spec('deploy'), { VERSION: '1.1.0' });
    expectEnd(again, true, { OUTCOME: 'succeeded', SERVING_VERSION: '1.1.0' });
    expect(await serving()).toBe('1.1.0');
  });
});

describe('delivery', () => {
  test('from a training job to serving, approved by the policy, by a canary', async () => {
    await inProduction();
    const build = await playBuild(checkout, spec('delivery'), await trained('1.0.0'));
    expectEnd(build, true, {
      VERSION: '1.0.0',
      MODEL_PACKAGE_VERSION: '2',
      VERDICT: 'pass',
      PREVIOUS_VERSION: '1.1.0',
      SERVING_VERSION: '1.0.0',
      OUTCOME: 'succeeded',
      REASON_CODE: 'delivered',
    });
    expect(await serving()).toBe('1.0.0');
    expect(await statusOf(2)).toBe('Approved');
  });

  test('with steps the same build shifts the traffic', async () => {
    await inProduction(`${rollouts.steps}, max-step: 6h`);
    const build = await playBuild(checkout, spec('delivery'), { ...(await trained('1.0.0')), TIMEOUT: '20h' });
    expectEnd(build, true, { SERVING_VERSION: '1.0.0', OUTCOME: 'succeeded', REASON_CODE: 'delivered' });
    expect(await serving()).toBe('1.0.0');
    expect(build.log.join('\n')).toMatch(/candidate-dark[\s\S]*shift-traffic: succeeded\/delivered/);
  });

  test('a failing regression test ends it before any approval or deployment', async () => {
    await inProduction();
    const updates = carriedOut('UpdateEndpoint');
    const build = await playBuild(checkout, spec('delivery'), await trained('1.2.0'));
    expectEnd(build, false, {
      VERSION: '1.2.0',
      VERDICT: 'fail',
      OUTCOME: 'rejected',
      REASON_CODE: 'regression-failed',
    });
    expect(file('regression.xml')).toContain('<failure');
    expect(await statusOf(2)).toBe('PendingManualApproval');
    expect([await serving(), carriedOut('UpdateEndpoint') - updates]).toEqual(['1.1.0', 0]);
  });

  test('a version that the policy rejects is not deployed', async () => {
    await inProduction();
    account.writeManifest(
      () => `${manifestText()}${regressionText()}${policyText([`{ metric: ${accuracy}, at-least: 0.99 }`])}`,
    );
    const build = await playBuild(checkout, spec('delivery'), await trained('1.0.0'));
    expectEnd(build, false, { VERDICT: 'pass', OUTCOME: 'rejected', REASON_CODE: 'approval-rejected' });
    expect(await statusOf(2)).toBe('Rejected');
    expect(await serving()).toBe('1.1.0');
    expect(existsSync(join(checkout.workspace, 'delivery.html'))).toBe(false);
  });

  test('pending: the build is red, and the same build goes on once a person has approved', async () => {
    await inProduction();
    const variables = { ...(await trained('1.0.0')), GATE: 'check' };
    const first = await playBuild(checkout, spec('delivery'), variables);
    expectEnd(first, false, { OUTCOME: 'pending', REASON_CODE: 'approval-pending' });
    expect(await serving()).toBe('1.1.0');
    const endpoints = carriedOut('CreateEndpoint');
    await account.approve();
    const second = await playBuild(checkout, spec('delivery'), variables);
    expectEnd(second, true, {
      MODEL_PACKAGE_VERSION: '2',
      VERDICT: 'pass',
      OUTCOME: 'succeeded',
      SERVING_VERSION: '1.0.0',
    });
    expect(await serving()).toBe('1.0.0');
    // The verdict still counts: no second temporary endpoint.
    expect(carriedOut('CreateEndpoint')).toBe(endpoints);
  });
});

test('rejected: a version that was rejected while it served is taken back', async () => {
  await account.inProduction('1.0.0');
  await account.inProduction('1.1.0');
  await account.simulator.call('sagemaker', 'UpdateModelPackage', {
    ModelPackageArn: packageOf(2),
    ModelApprovalStatus: 'Rejected',
  });
  const build = await playBuild(checkout, spec('rejected'), { REJECTED: packageOf(2) });
  expectEnd(build, true, {});
  expect(await serving()).toBe('1.0.0');
  expect(file('rejected.production.html')).toContain('restored');
});
