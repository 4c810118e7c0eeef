import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { rehearse } from '../../src/commands/rehearse.ts';
import { rehearsedTeam, rollouts, rolloutText } from '../../src/rehearsal/manifest.ts';
import type { ScenarioVerdict } from '../../src/rehearsal/verdict.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { runCommand } from '../support/run-command.ts';

// `rehearse --endpoint`: a live endpoint, here that of another local AWS, is read, and a release to a copy of it is played.

let account: TestAccount;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rehearse-endpoint-'));
  account = await openAccount();
  account.writeManifest((text) =>
    text.replace(
      /rollout: \{.*\}|rollout:\n(?: {6}.*\n)+/,
      `rollout: { ${rolloutText({ rollout: rollouts.canary })} }\n`,
    ),
  );
  await account.inProduction('1.0.0');
  await account.pass(minutes(125));
});
afterAll(async () => {
  await account.close();
  rmSync(folder, { recursive: true });
});

const run = (...args: readonly string[]) =>
  runCommand(rehearse, ['--endpoint', rehearsedTeam.endpoint, '--out', join(folder, 'out'), ...args], {
    env: account.environment,
    seams: { clock: account.simulator.driver },
  });

test('a live endpoint is copied with its traffic, and only read', async () => {
  const seen = account.watch();
  const { code, out, err } = await run('--candidate', 'errors=5%', '--expect', 'rolled-back');
  expect(err).toEqual([]);
  expect(seen().filter(({ mutation, operation }) => mutation && operation !== 'AssumeRole')).toEqual([]);
  const text = out.join('\n');
  expect(text).toMatch(
    /^iris to iris \(production\): account 111122223333, eu-west-1, 4 instances of ml\.m5\.large, canary$/m,
  );
  expect(text).toMatch(/^ {2}read from endpoint iris: .* and from CloudWatch the busiest hour/m);
  expect(text).toMatch(/assumed: 8 requests a second .* fails on 0 % and takes 1\d ms; the candidate is errors=5%/);
  expect(text).toMatch(/rolled-back\/alarm/);
  expect(readFileSync(join(folder, 'out/delivery.yml'), 'utf8')).toMatch(/^ +name: iris$/m);
  expect(code).toBe(0);
});

test('an option counts more than CloudWatch', async () => {
  const { out } = await run(
    '--requests-per-second',
    '11',
    '--baseline-errors',
    '0.2%',
    '--latency-p50',
    '40ms',
    '--json',
  );
  const [verdict] = (JSON.parse(out.join('\n')) as { readonly scenarios: readonly ScenarioVerdict[] }).scenarios;
  expect(verdict?.problems).toEqual([]);
  expect(verdict?.outcome).toBe('succeeded');
});

test.each([
  [['--manifest', 'delivery.yml'], /--manifest: a live endpoint is rehearsed as it is; leave it out, or --endpoint/],
  [['--environment', 'production'], /--environment: a live endpoint is rehearsed as it is/],
  [['--event', 'push'], /--event: a live endpoint is rehearsed as it is/],
])('%j is refused beside it', async (args, said) => {
  const { code, err } = await run(...args);
  expect(code).toBe(2);
  expect(err.join('\n')).toMatch(said);
});

test('an endpoint that is not there is named, and nothing is played', async () => {
  const { code, err } = await runCommand(rehearse, ['--endpoint', 'none', '--out', join(folder, 'never')], {
    env: account.environment,
    seams: { clock: account.simulator.driver },
  });
  expect(code).toBe(1);
  expect(err.join('\n')).toMatch(/^rehearse: failed\/\S+\n {2}.*none/);
});

test('without a request of its last day the defaults are assumed, and said', async () => {
  account.stopTraffic();
  await account.pass(minutes(60 * 26));
  const { out } = await run('--candidate', 'good');
  expect(out.join('\n')).toMatch(/CloudWatch has no request of its last day$/m);
  expect(out.join('\n')).toMatch(/assumed: 8 requests a second for 30m before/);
});
