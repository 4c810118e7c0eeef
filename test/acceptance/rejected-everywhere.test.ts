import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { operationCommands } from '../../src/commands/operation-commands.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rollouts, rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { packageEvent } from '../../src/rehearsal/package-event.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { packageOf } from '../support/approval-policy.ts';
import { type CommandRun, runCommand } from '../support/run-command.ts';

/** `rollback` on the command line, without an environment: one run for each of the manifest's. */

let account: TestAccount;
let folder: string;
beforeEach(async () => {
  account = await openAccount();
  folder = mkdtempSync(join(tmpdir(), 'everywhere-'));
  writeFileSync(account.manifest, manifest);
  for (const version of ['1.0.0', '1.1.0'] as const) {
    await account.prepare(version);
    for (const environment of ['staging', 'production'])
      expect((await account.run(deployEndpoint, { version, environment }))?.result.reason).toBe('delivered');
  }
});
afterEach(async () => {
  await account.close();
  rmSync(folder, { recursive: true });
});

const environment = (name: string, endpoint: string, id: string = team.account): string => `
  ${name}:
    account: "${id}"
    region: ${team.region}
    role: model-deployer
    rollback-role: model-restorer
    endpoint: { name: ${endpoint}, execution-role: iris-serving, instance: { type: ml.m5.large, count: 2 } }
    rollout: { ${rollouts.unguarded}, minimum-requests: 0 }`;

const manifest = `version: 1
model: ${team.model}
environments:${environment('staging', 'iris-staging')}${environment('production', 'iris')}${environment('later', 'iris-later')}
`;

const reject = (): Promise<unknown> =>
  account.simulator.call('sagemaker', 'UpdateModelPackage', {
    ModelPackageArn: packageOf(2),
    ModelApprovalStatus: 'Rejected',
  });

const rollback = (...args: readonly string[]): Promise<CommandRun> =>
  runCommand(operationCommands.rollback, ['--manifest', account.manifest, ...args], {
    env: account.environment,
    seams: { clock: account.simulator.driver },
  });

const ends = ({ out }: CommandRun): readonly string[] =>
  (JSON.parse(out.join('\n')) as { environment: string; outcome: string; reason: string }[]).map(
    (one) => `${one.environment} ${one.outcome}/${one.reason}`,
  );

const serving = async (endpoint: string): Promise<string | undefined> => {
  const { EndpointConfigName } = await account.simulator.call('sagemaker', 'DescribeEndpoint', {
    EndpointName: endpoint,
  });
  return /-(\d-\d-\d)-/.exec(String(EndpointConfigName))?.[1];
};

test('each environment is left where the version serves, side by side; again nothing changes anywhere', async () => {
  await reject();
  const from = account.simulator.clock.now();
  const first = await rollback('--rejected', '1.1.0', '--json', '--html', join(folder, 'report.html'));
  expect(ends(first)).toEqual([
    'staging succeeded/restored',
    'production succeeded/restored',
    'later succeeded/serves-nowhere',
  ]);
  expect(first.code).toBe(0);
  // One after the other they would take twice as long as one of them.
  expect(account.simulator.clock.now() - from).toBeLessThan(minutes(10));
  expect([await serving('iris-staging'), await serving('iris')]).toEqual(['1-0-0', '1-0-0']);
  expect(readFileSync(join(folder, 'report.production.html'), 'utf8')).toContain('restored');
  expect(readFileSync(join(folder, 'report.later.html'), 'utf8')).toContain('serves-nowhere');
  expect(existsSync(join(folder, 'report.html'))).toBe(false);
  expect(first.err.join('\n')).toMatch(/^\[production\] works in account/m);

  const seen = account.watch();
  const event = join(folder, 'event.json');
  writeFileSync(event, await packageEvent(account.simulator, 2));
  const again = await rollback('--event', event, '--json');
  expect(new Set(ends(again).map((end) => end.split(' ')[1]))).toEqual(new Set(['succeeded/serves-nowhere']));
  expect(seen().filter(({ mutation, operation }) => mutation && operation !== 'AssumeRole')).toEqual([]);
});

test('an environment that fails keeps no other one from its rollback, and the exit code is the worst', async () => {
  await reject();
  writeFileSync(
    account.manifest,
    manifest.replace('environments:', `environments:${environment('closed', 'iris-closed', '999988887777')}`),
  );
  const { code, out } = await rollback('--rejected', '1.1.0');
  expect(code).toBe(1);
  const text = out.join('\n');
  const places = [
    'rollback in closed: failed/',
    'rollback in staging: succeeded/restored',
    'rollback in production: succeeded/restored',
  ];
  for (const place of places) expect(text).toContain(place);
  // Its end is known long before the others go back.
  expect(text.indexOf('rollback in closed: failed/')).toBeLessThan(text.lastIndexOf('[staging] '));
  expect(text.indexOf('rollback in closed: failed/')).toBeLessThan(text.lastIndexOf('[production] '));
  expect(await serving('iris')).toBe('1-0-0');
});

test('with an environment there is one run, and without a rejection an environment is needed', async () => {
  await reject();
  const one = await rollback('--rejected', '1.1.0', '--environment', 'production', '--json');
  expect(JSON.parse(one.out.join('\n'))).toMatchObject({ outcome: 'succeeded', reason: 'restored' });
  expect(await serving('iris-staging')).toBe('1-1-0');
  const without = await rollback('--to', '1.0.0');
  expect(without).toMatchObject({ code: 2 });
  expect(without.out.concat(without.err).join()).toContain('environment is required');
  const empty = await rollback('--rejected', '1.1.0', '--environment', '');
  expect(empty).toMatchObject({ code: 2 });
  expect(empty.out.concat(empty.err).join()).toContain('environment is required');
  expect(await serving('iris-staging')).toBe('1-1-0');
  const token = await rollback('--rejected', '1.1.0', '--resume-token', '{"v":1,"release":"x"}');
  expect(token).toMatchObject({ code: 2, err: [expect.stringContaining('belongs to the run of one environment')] });
});

test('a manifest that cannot be read, and an event that is none, are one mistake', async () => {
  const event = join(folder, 'event.json');
  writeFileSync(event, '{"detail-type":"Scheduled Event"}');
  const wrong = await rollback('--event', event, '--environment', 'production');
  expect(wrong.code).toBe(2);
  expect(wrong.out.join()).toContain('detail-type is "Scheduled Event"');
  writeFileSync(account.manifest, 'version: 9\n');
  expect(await rollback('--rejected', '1.1.0')).toMatchObject({ code: 2 });
});
