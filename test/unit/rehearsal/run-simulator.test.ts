import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { openFollowingClock } from '../../../src/hosts/following-clock.ts';
import { runSimulator } from '../../../src/rehearsal/run-simulator.ts';

/** Runs the command until `meanwhile` is done, as a person does who presses Ctrl-C then. */
const run = async (
  args: readonly string[],
  meanwhile: (variables: Readonly<Record<string, string>>) => Promise<void>,
) => {
  const cancelled = new AbortController();
  const err: string[] = [];
  const out: string[] = [];
  let begun = (): void => {};
  const started = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const terminal = {
    out: (line: string) => {
      out.push(line);
      if (line.startsWith('export AWS_EC2')) begun();
    },
    err: (line: string) => void err.push(line),
    width: () => 80,
  };
  const cancellation = { signal: cancelled.signal, outOfTime: new Promise<void>(() => {}) };
  const code = runSimulator(['--port', '0', ...args], terminal, () => ({ env: {}, terminal, cancellation }));
  await Promise.race([started, code]);
  const exported = out.flatMap((line) => (/^export /.test(line) ? [line.slice('export '.length).split('=')] : []));
  try {
    await meanwhile(Object.fromEntries(exported.map(([name = '', ...value]) => [name, value.join('=')])));
  } finally {
    cancelled.abort();
  }
  return { code: await code, out, err };
};
const nothing = async (): Promise<void> => {};

test('it has what the options name, prints it, and ends with 0', async () => {
  const { code, out, err } = await run(
    [
      ...[
        '--account',
        '111122223333',
        '--account',
        '444455556666',
        '--region',
        'eu-central-1',
        '--region',
        'us-east-1',
      ],
      ...['--role', 'churn-execution', '--role', 'arn:aws:iam::777788889999:role/ci/reader'],
      ...['--bucket', 'churn-models', '--bucket', 'shared-models=444455556666'],
      ...['--image', 'churn:1', '--image', '444455556666.dkr.ecr.us-east-1.amazonaws.com/fraud:2'],
    ],
    async ({ AWS_REGION }) => expect(AWS_REGION).toBe('eu-central-1'),
  );
  expect({ code, err }).toEqual({ code: 0, err: [] });
  expect(out[0]).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(out).toEqual(
    expect.arrayContaining([
      '# role: arn:aws:iam::111122223333:role/churn-execution',
      '# role: arn:aws:iam::444455556666:role/churn-execution',
      '# role: arn:aws:iam::777788889999:role/ci/reader',
      '# bucket: churn-models (111122223333)',
      '# bucket: shared-models (444455556666)',
      '# image: 111122223333.dkr.ecr.eu-central-1.amazonaws.com/churn:1',
      '# image: 444455556666.dkr.ecr.us-east-1.amazonaws.com/fraud:2',
    ]),
  );
  expect(out.find((line) => line.startsWith('# accounts and regions'))).toBe(
    '# accounts and regions: 111122223333 in eu-central-1, 111122223333 in us-east-1, 444455556666 in eu-central-1, 444455556666 in us-east-1',
  );
});

const manifest = join(mkdtempSync(join(tmpdir(), 'simulator-')), 'delivery.yml');
writeFileSync(
  manifest,
  `version: 1
model: churn
environments:
  staging:
    account: "444455556666"
    region: eu-central-1
    role: churn-deployer
    endpoint: { name: churn, execution-role: churn-serving, instance: { type: ml.m5.large, count: 1 } }
    rollout: { strategy: all-at-once, final-bake: 5m, minimum-requests: 0, alarms: { named: [staging-business] } }
  production:
    account: "777788889999"
    region: eu-west-1
    endpoint: { name: churn, execution-role: churn-serving, instance: { type: ml.m5.large, count: 2 } }
    rollout: { strategy: all-at-once, final-bake: 5m, minimum-requests: 0, alarms: { named: [business] } }
`,
);

test('it has what a manifest names, of all environments or of one', async () => {
  const all = await run(['--manifest', manifest], nothing);
  expect(all.code).toBe(0);
  expect(all.out).toEqual(
    expect.arrayContaining([
      '# accounts and regions: 444455556666 in eu-central-1, 777788889999 in eu-west-1',
      '# role: arn:aws:iam::444455556666:role/churn-deployer',
      '# role: arn:aws:iam::777788889999:role/churn-serving',
    ]),
  );
  const one = await run(['--manifest', manifest, '--environment', 'production'], nothing);
  expect(one.out).toContain('# accounts and regions: 777788889999 in eu-west-1');
  expect(one.out.some((line) => line.includes('churn-deployer'))).toBe(false);
});

test.each([
  [['--setting', 'provisionMs=5'], 'setting: provisionMs is a time such as 5s, not "5"'],
  [['--setting', 'endpointInstanceQuota=5s'], 'setting: endpointInstanceQuota is a whole number'],
  [['--setting', 'redAlarmAtUpdate=never'], 'setting: redAlarmAtUpdate is trips or refused'],
  [['--setting', 'insufficientDataTrips=true'], 'setting: insufficientDataTrips is yes or no'],
  [
    ['--setting', 'provisonMs=5s'],
    'setting: "provisonMs" is not allowed; expected NAME=VALUE with a setting of docs/simulator.md; did you mean provisionMs?',
  ],
  [['--wire-file', '/no/such/wire.jsonl'], 'wire-file: "/no/such/wire.jsonl" cannot be written: ENOENT'],
  [['--account', '123'], 'account: "123" is not allowed; expected an account of 12 digits'],
  [['--image', 'churn'], 'image: "churn" is not allowed'],
  [['--bucket', 'ml-releases'], 'bucket: the bucket ml-releases exists'],
  [['--environment', 'production'], 'environment: goes with --manifest'],
  [['--state', manifest], 'cannot be used: ENOTDIR'],
  [['--state', dirname(manifest)], 'holds delivery.yml, which is no state of a simulator; name an empty folder'],
  [['--state', `${manifest}-none`, '--serve', 'python serve.py --port {port}'], 'state: does not go with --serve'],
  [['--manifest', manifest, '--environment', 'prod'], 'it has staging, production'],
  [['--manifest', '/no/such/delivery.yml'], 'cannot be read'],
])('%s is refused, and nothing is printed', async (args, message) => {
  const { code, out, err } = await run(args, nothing);
  expect({ code, out }).toEqual({ code: 2, out: [] });
  expect(err.join('\n')).toContain(message);
});

test('a folder keeps the options of its run, and is not begun by a refused one', async () => {
  const state = join(mkdtempSync(join(tmpdir(), 'simulator-')), 'state');
  const begin = (...args: readonly string[]) => run(['--state', state, ...args], nothing);
  expect(await begin('--bucket', 'ml-releases')).toMatchObject({ code: 2 });
  expect(existsSync(state)).toBe(false);
  const { code, out } = await begin('--manifest', manifest, '--image', 'churn:1', '--port', '0');
  expect(code).toBe(0);
  const again = await begin('--manifest', manifest, '--image', 'churn:1');
  const fixed = (lines: readonly string[]) => lines.filter((line) => !line.includes('http:'));
  expect(fixed(again.out)).toEqual(fixed(out));
  for (const [args, message] of [
    [['--manifest', manifest, '--image', 'churn:1', '--seed', '2'], '--seed 1, and not with --seed 2'],
    [['--manifest', manifest, '--image', 'churn:1', '--account', '111122223333'], 'no --account, and not with'],
    [['--image', 'churn:1'], 'a --manifest, and not with no --manifest'],
    [['--manifest', manifest, '--environment', 'staging', '--image', 'churn:1'], 'no --environment, and not with'],
  ] as const) {
    const refused = await begin(...args);
    expect({ ...refused, err: refused.err.join() }).toEqual({
      code: 2,
      out: [],
      err: expect.stringContaining(message),
    });
    expect(refused.err.join()).toMatch(/^simulator: state: .* was begun with /);
  }
});

test('at another speed than 1 it exports a clock that passes as fast as its own', async () => {
  const usual = await run([], async (variables) => expect(variables).not.toHaveProperty('MODEL_DELIVERY_CLOCK'));
  expect(usual.code).toBe(0);
  await run(['--speed', '10000'], async (variables) => {
    const url = variables['MODEL_DELIVERY_CLOCK'] ?? '';
    const clock = await openFollowingClock(url, variables);
    const until = clock.now() + 3_600_000;
    await clock.sleepUntil(until);
    expect(clock.now()).toBeGreaterThanOrEqual(until);
    const { now } = (await (await fetch(url)).json()) as { readonly now: number };
    // The simulator's time moves in steps; one of them may be due.
    expect(now).toBeGreaterThan(until - 3_600_000 / 2);
    const elsewhere = { ...variables, AWS_ENDPOINT_URL: 'https://sagemaker.eu-west-1.amazonaws.com' };
    await expect(openFollowingClock(url, elsewhere)).rejects.toThrow(/not on this machine/);
  });
  await run(['--speed', '0'], async (variables) => {
    await expect(openFollowingClock(variables['MODEL_DELIVERY_CLOCK'] ?? '', variables)).rejects.toThrow(
      /stands still/,
    );
  });
});
