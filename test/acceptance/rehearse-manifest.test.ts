import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { watch } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { writeArchive } from '../../simulator/containers/archive.ts';
import { rehearse } from '../../src/rehearsal/main.ts';
import type { ScenarioVerdict } from '../../src/rehearsal/verdict.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rehearse-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const run = async (manifest: string, ...args: readonly string[]) => {
  const path = join(folder, 'delivery.yml');
  writeFileSync(path, manifest);
  const out: string[] = [];
  const err: string[] = [];
  const terminal = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) };
  const code = await rehearse(['--manifest', path, '--out', join(folder, 'out'), ...args], terminal);
  return { code, out: out.join('\n'), err: err.join('\n') };
};
/** How the release ended: `rolled-back/alarm`, with the problems of the verdict. */
const end = async (manifest: string, ...args: readonly string[]) => {
  const { code, out, err } = await run(manifest, '--json', ...args);
  expect(err).toBe('');
  const [verdict] = (JSON.parse(out) as { readonly scenarios: readonly ScenarioVerdict[] }).scenarios;
  expect(verdict?.problems).toEqual([]);
  expect(code).toBe(0);
  return `${verdict?.outcome}/${verdict?.reasonCode}`;
};

/** One environment named production. @param more keys of the environment */
const manifest = (endpoint: string, rollout: string, more: readonly string[] = []): string => `\
version: 1
model: ranking
environments:
  production:
${more.map((line) => `    ${line}\n`).join('')}    endpoint: { name: ranking-eu, execution-role: ranking-serving, ${endpoint} }
    rollout: { ${rollout} }
`;
const four = 'instance: { type: ml.c6i.2xlarge, count: 4 }';
const watched = 'minimum-requests: 300, alarms: { errors: 1%, latency-p99: 250ms }';
const steps =
  'strategy: steps, steps: [20, 60, 100], bake: 5m, max-step: 1h, minimum-requests: 300, judge: { convict: { worse-than: 1.3x, false-rollback: 0.01 }, healthy: { excess-below: 1%, confidence: 0.9 } }';

describe('a release by a manifest of the user', () => {
  test.each<[title: string, manifest: string, args: string, ended: string]>([
    [
      'canary',
      manifest(four, `strategy: canary, size: 1 instance, bake: 8m, final-bake: 5m, ${watched}`),
      '--candidate good',
      'succeeded/delivered',
    ],
    [
      'canary',
      manifest(four, `strategy: canary, size: 1 instance, bake: 8m, final-bake: 5m, ${watched}`),
      '--candidate latency=400ms',
      'rolled-back/alarm',
    ],
    [
      'linear',
      manifest(
        'instance: { type: ml.g5.xlarge, count: 3 }',
        `strategy: linear, step: 34%, bake: 5m, final-bake: 5m, ${watched}`,
      ),
      '--candidate errors=4%',
      'rolled-back/alarm',
    ],
    [
      'rolling',
      manifest(four, 'strategy: rolling, batch: 25%, bake: 5m, minimum-requests: 100, alarms: { errors: 1% }'),
      '--candidate leak=8%@200',
      'rolled-back/alarm',
    ],
    [
      'all at once',
      manifest(
        'instance: { type: ml.m5.large, count: 1 }',
        'strategy: all-at-once, final-bake: 0s, minimum-requests: 0',
      ),
      '--candidate errors=50%',
      'succeeded/delivered',
    ],
    [
      'unhealthy',
      manifest(
        'instance: { type: ml.m5.large, count: 2 }',
        'strategy: all-at-once, final-bake: 5m, minimum-requests: 100, alarms: { errors: 1% }',
      ),
      '--candidate unhealthy',
      'rolled-back/health-check',
    ],
    ['steps', manifest(four, steps), '--candidate errors=6%', 'rolled-back/convicted'],
    [
      'serverless',
      manifest(
        'serverless: { memory: 4096, max-concurrency: 20 }',
        'strategy: all-at-once, final-bake: 0s, minimum-requests: 0',
      ),
      '--candidate good',
      'succeeded/delivered',
    ],
    [
      'another account and region, roles by ARN, a fleet that scales, encryption, a network, captures, alarms and a bucket of others',
      manifest(
        `${four}, kms-key: alias/ranking, vpc: { subnets: [subnet-0a1b2c3d], security-groups: [sg-0a1b2c3d] }, data-capture: { s3: s3://ranking-captures/eu, sampling-percent: 10 }, autoscaling: { min: 4, max: 8, invocations-per-instance: 1000 }`,
        'strategy: canary, size: 25%, bake: 6m, final-bake: 5m, minimum-requests: 200, alarms: { errors: 1%, named: [ranking-business, ranking-queue] }',
        [
          'account: "444455556666"',
          'region: us-east-1',
          'role: arn:aws:iam::444455556666:role/delivery/ranking-deployer',
          'rollback-role: ranking-restorer',
          'releases: s3://ranking-releases/records/',
        ],
      ),
      '--candidate good --requests-per-second 20',
      'succeeded/delivered',
    ],
    [
      'roles by name in another partition',
      manifest(four, 'strategy: all-at-once, final-bake: 0s, minimum-requests: 0', [
        'account: "444455556666"',
        'region: us-gov-west-1',
        'role: ranking-deployer',
      ]),
      '--candidate good',
      'succeeded/delivered',
    ],
    [
      'another strategy than the manifest has',
      manifest(four, `strategy: canary, size: 25%, bake: 8m, final-bake: 5m, ${watched}`),
      '--strategy rolling --candidate tail=900ms@5%',
      'rolled-back/alarm',
    ],
    [
      'too few requests for the bake',
      manifest(four, `strategy: canary, size: 25%, bake: 5m, final-bake: 5m, ${watched}`),
      '--requests-per-second 0.5',
      'failed/too-little-traffic',
    ],
  ])('%s, %#', async (_title, text, args, ended) => {
    expect(await end(text, ...args.split(' '))).toBe(ended);
  });

  test('alarms of the user never go off: the output says so', async () => {
    const text = manifest(
      four,
      'strategy: canary, size: 25%, bake: 5m, final-bake: 5m, minimum-requests: 0, alarms: { named: [ranking-business] }',
    );
    const { out } = await run(text, '--candidate', 'errors=40%');
    expect(out).toContain(
      '  assumed: ranking-business: alarms of your own, which never go off here, since they watch your metrics\n',
    );
    expect(out).toMatch(/✔ succeeded\/delivered/);
  });

  test('a failure that both versions share convicts nobody', async () => {
    const text = manifest(
      four,
      `strategy: canary, size: 25%, bake: 8m, final-bake: 5m, minimum-requests: 300, alarms: { errors: 5% }`,
    );
    expect(await end(text, '--baseline-errors', '1%', '--latency-p50', '80ms')).toBe('succeeded/delivered');
  });

  test('the assumptions, the parts that are left out, the course and the end are printed; the report is written', async () => {
    const text = `${manifest(four, `strategy: canary, size: 25%, bake: 8m, final-bake: 5m, ${watched}`, ['after: staging'])}\
  staging:
    endpoint: { name: ranking-staging, execution-role: ranking-serving, ${four} }
    rollout: { strategy: all-at-once, final-bake: 0s, minimum-requests: 0 }
approval: { reviewers: { at-least: 2, of: [alice, bob] } }
regression:
  task: regression
  dataset: golden.csv
  rules: [{ metric: rmse, non-inferior: { margin: 0.1 } }]
  request: { content-type: text/csv, input: [a] }
`;
    const { code, out, err } = await run(text, '--candidate', 'errors=3%');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out.split('\n').slice(0, 6)).toEqual([
      'ranking to ranking-eu (production): account 111122223333, eu-west-1, 4 instances of ml.c6i.2xlarge, canary',
      '  assumed: 8 requests a second for 30m before; the version that serves fails on 0 % and takes 12 ms; the candidate is errors=3%',
      '  left out: `approval`: the version counts as approved',
      '  left out: `regression`: the release alone is rehearsed, without the test before it',
      '  left out: `production.after`: no other environment is rehearsed',
      '  playing it in virtual time …',
    ]);
    expect(out).toMatch(/canary-activated: 1 of 4 instances of ranking-eu-1-1-0-/);
    expect(out).toMatch(/○ rolled-back\/alarm, after \d+m \d+s: alarm /);
    expect(out).not.toContain('as expected');
    expect(out).toMatch(/serves now: ranking 1\.0\.0 \(ranking-eu-1-0-0-[0-9a-f]{8}\) on 4 instances, InService\./);
    const written = readdirSync(join(folder, 'out'));
    expect(written).toEqual(expect.arrayContaining(['report.html', 'requests.jsonl']));
    const report = readFileSync(join(folder, 'out/report.html'), 'utf8');
    expect(report).toContain('A stand-in serves, and not your model.');
    expect(report).toContain('Nothing to undo: the earlier version serves.');
  });

  test('an end that --expect does not have is exit code 1', async () => {
    const text = manifest(four, 'strategy: all-at-once, final-bake: 0s, minimum-requests: 0');
    const { code, out } = await run(text.replace('production', 'live'), '--expect', 'rolled-back');
    expect(code).toBe(1);
    // The only environment needs no name.
    expect(readFileSync(join(folder, 'out/report.html'), 'utf8')).toContain('rollback --environment live');
    expect(out).toContain('ended succeeded instead of rolled-back, as --expect has it');
  });

  test('a first delivery that is refused ends the rehearsal', async () => {
    const elsewhere = ['account: "444455556666"', 'role: arn:aws:iam::777788889999:role/ranking-deployer'];
    const { code, out } = await run(
      manifest(four, 'strategy: all-at-once, final-bake: 0s, minimum-requests: 0', elsewhere),
    );
    expect(code).toBe(1);
    expect(out).toContain('the first delivery did not succeed, so that no release was rehearsed');
    expect(out).toContain('The first delivery: ranking 1.0.0');
    expect(out).toContain('✘ failed/wrong-account');
    expect(out).toContain('serves now: There is no endpoint.');
  });
});

const good = manifest(four, 'strategy: all-at-once, final-bake: 0s, minimum-requests: 0');
test.each<[args: string, text: string, message: string]>([
  [
    '--candidate errors=2',
    good,
    'candidate: "errors=2" is not allowed; expected good, unhealthy, wrong, or one or more of errors=2%',
  ],
  ['--candidate errors=101%', good, 'candidate: "errors=101%" is not allowed'],
  ['--candidate errors=2%,leak=5%@100', good, 'candidate: "errors=2%,leak=5%@100" is not allowed'],
  ['--candidate good,unhealthy', good, 'candidate: "good,unhealthy" is not allowed'],
  ['--requests-per-second 0', good, 'requests-per-second: "0" is not allowed; expected a number above 0, up to 1000'],
  ['--baseline-errors 0.1', good, 'baseline-errors: "0.1" is not allowed; expected a share such as 0.1%'],
  ['--latency-p50 2m', good, 'latency-p50: "2m" is not allowed; expected a time up to 60s'],
  [
    '--strategy blue-green',
    good,
    'strategy: "blue-green" is not a choice; expected one of all-at-once, canary, linear, rolling, steps',
  ],
  ['--environment prod', good, 'environment: the manifest has no environment "prod"; it has production'],
  ['--all', good, '--all: a manifest of your own is no scenario; give one of the two'],
  ['--scenario steps-good', good, '--scenario: a manifest of your own is no scenario'],
  [
    '',
    good
      .replace('production', 'live')
      .replace(
        /(live:[\s\S]*)/,
        '$1  other:\n    endpoint: { name: b, execution-role: r, instance: { type: ml.m5.large, count: 1 } }\n    rollout: { strategy: all-at-once, final-bake: 0s, minimum-requests: 0 }\n',
      ),
    'environment: name one of ',
  ],
  [
    '',
    good.replace('strategy: all-at-once', 'strategy: blue'),
    'a strategy; expected all-at-once, canary, linear, rolling or steps',
  ],
  [
    '',
    manifest(
      `${four}, async: { output: s3://ranking/out/ }`,
      'strategy: all-at-once, final-bake: 0s, minimum-requests: 0',
    ),
    'is an endpoint with `async`, and a manifest is rehearsed with requests in real time',
  ],
  [
    '',
    'version: 1\nmodel: m\nenvironments:\n  production:\n    target: lambda-alias\n    lambda: { function: m, alias: live, application: m, deployment-group: live }\n    rollout: { strategy: all-at-once, final-bake: 0s, minimum-requests: 0 }\n',
    'is delivered by CodeDeploy; a manifest is rehearsed for endpoints of SageMaker',
  ],
])('a mistake is one error, and no folder is cleared: %s %#', async (args, text, message) => {
  const { code, out, err } = await run(text, ...args.split(' ').filter((arg) => arg !== ''));
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(message);
  expect(existsSync(join(folder, 'out'))).toBe(false);
});

test('options of a manifest need one', async () => {
  const err: string[] = [];
  const terminal = { out: () => {}, err: (text: string) => void err.push(text) };
  expect(await rehearse(['--candidate', 'good'], terminal)).toBe(2);
  expect(err.join()).toContain(
    '--candidate: give the manifest, the endpoint or the workflow to which it belongs, with --manifest, --endpoint or --workflow',
  );
});

test('a place that is no folder is one error, and stays as it is', async () => {
  const path = join(folder, 'delivery.yml');
  writeFileSync(path, good);
  const err: string[] = [];
  const terminal = { out: () => {}, err: (text: string) => void err.push(text) };
  expect(await rehearse(['--manifest', path, '--out', path], terminal)).toBe(2);
  expect(err.join()).toContain('cannot be a folder for the rehearsal');
  expect(readFileSync(path, 'utf8')).toBe(good);
});

describe('models of the user, behind a command of the user', () => {
  const server = `
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
const [, , port, model] = process.argv;
const { failsEvery = 0, starts = true } = JSON.parse(readFileSync(\`\${model}/model.json\`, 'utf8'));
if (!starts) process.exit(1);
let asked = 0;
createServer((request, response) => {
  let body = '';
  request.on('data', (part) => (body += part)).on('end', () => {
    if (request.url === '/ping') return response.end();
    if (!/^{"row":[12]}$/.test(body) || request.headers['content-type'] !== 'application/json') response.statusCode = 415;
    else if (++asked % failsEvery === 0) response.statusCode = 500;
    response.end('[0.5]');
  });
}).listen(Number(port), '127.0.0.1');
`;
  const written = manifest(
    four,
    'strategy: canary, size: 1 instance, bake: 5m, final-bake: 5m, minimum-requests: 100, alarms: { errors: 1% }',
  );
  const archive = (name: string, content: object): string => {
    const path = join(folder, name);
    writeFileSync(path, writeArchive(new Map([['model.json', Buffer.from(JSON.stringify(content))]])));
    return path;
  };
  const own = (model: object): readonly string[] => {
    writeFileSync(join(folder, 'serve.mjs'), server);
    writeFileSync(join(folder, 'requests.jsonl'), '{"row":1}\n\n{"row":2}\n');
    return [
      ...['--serve', `'${process.execPath}' '${join(folder, 'serve.mjs')}' {port} {model}`],
      ...['--model', archive('new.tar.gz', model), '--requests', join(folder, 'requests.jsonl')],
      ...['--content-type', 'application/json', '--requests-per-second', '4', '--history', '10m'],
    ];
  };

  test('a good one is delivered in the place of itself, and its answers are counted', async () => {
    const { code, out } = await run(written, ...own({}));
    expect(out).toMatch(/succeeded\/delivered/);
    expect(out).toMatch(
      /^ {2}1\.0\.0 answered \d+ requests: 100 % with 200; the slowest took \d+ ms, the largest answer had 5 bytes$/m,
    );
    expect(out).toMatch(/^ {2}1\.1\.0 answered \d+ requests: 100 % with 200/m);
    expect(readFileSync(join(folder, 'out/report.html'), 'utf8')).toContain('Your own command serves your model.');
    expect(code).toBe(0);
  });

  test('one that fails beside an earlier one is taken back by the alarm', async () => {
    const before = ['--baseline-model', archive('old.tar.gz', {})];
    const { out } = await run(written, ...own({ failsEvery: 20 }), ...before, '--expect', 'rolled-back');
    expect(out).toMatch(/rolled-back\/alarm/);
    expect(out).toMatch(/^ {2}1\.1\.0 answered \d+ requests: 95[.\d]* % with 200, [45][.\d]* % with 500/m);
  });

  test('one whose command ends at once never passes its health check', async () => {
    const before = ['--baseline-model', archive('old.tar.gz', {})];
    const { out } = await run(written, ...own({ starts: false }), ...before, '--expect', 'rolled-back');
    expect(out).toMatch(/rolled-back\/health-check/);
  });

  test.each<[string, readonly string[], RegExp]>([
    ['a command alone', ['--serve', 'python serve.py'], /--serve, --model and --requests belong together/],
    [
      'a history that CloudWatch does not show yet',
      ['--history', '5m'],
      /--history: "5m" is too short; expected at least 6m/,
    ],
    [
      'a history of a year, which would take hours',
      ['--history', '9999h'],
      /--history: "9999h" is too long; expected at most 168h/,
    ],
    ['an empty value', ['--serve', ''], /serve: is empty; give it a value, or leave it out/],
    ['a content type alone', ['--content-type', 'text/csv'], /--serve, --model and --requests belong together/],
    [
      'no archive',
      ['--serve', 'x', '--model', 'package.json', '--requests', 'package.json'],
      /model: "package\.json" is no gzip-compressed tar; expected a model\.tar\.gz/,
    ],
    [
      'a file that is not there',
      ['--serve', 'x', '--model', 'none.tar.gz', '--requests', 'package.json'],
      /model: "none\.tar\.gz" cannot be read/,
    ],
  ])('%s is refused', async (_what, args, said) => {
    const { code, err } = await run(written, ...args);
    expect(code).toBe(2);
    expect(err).toMatch(said);
  });

  test('a rehearsal of a slow one ends at Ctrl-C, long before its requests are answered, and its server with it', async () => {
    const marker = join(folder, 'asked');
    const slow = `
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
let asked = 0;
createServer((request, response) => {
  request.resume();
  if (request.url !== '/ping') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 25);
  if (request.url !== '/ping' && ++asked === 3) writeFileSync('${marker}', String(process.pid));
  response.end('0');
}).listen(Number(process.argv[2]), '127.0.0.1');
`;
    const args = own({});
    writeFileSync(join(folder, 'serve.mjs'), slow);
    writeFileSync(join(folder, 'delivery.yml'), written);
    const met = (async () => {
      for await (const { filename } of watch(folder)) if (filename === 'asked') return;
    })();
    const command = ['rehearse', '--manifest', join(folder, 'delivery.yml'), '--out', join(folder, 'out'), ...args];
    // 144,000 requests, an hour of them.
    const longest = command.map((one) => (one === '4' ? '40' : one === '10m' ? '1h' : one));
    const rehearsal = spawn(process.execPath, ['src/main.ts', ...longest], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    rehearsal.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await met;
    rehearsal.kill('SIGINT');
    expect(await once(rehearsal, 'close')).toEqual([1, null]);
    expect(said).toMatch(/^rehearse: interrupted; nothing of it goes on$/m);
    const server = Number(readFileSync(marker, 'utf8'));
    expect(server).toBeGreaterThan(0);
    expect(() => process.kill(server, 0)).toThrow(/ESRCH/);
  });

  test('one that takes its requests for mistakes is delivered, with a note', async () => {
    const args = own({}).map((one) => (one === 'application/json' ? 'text/csv' : one));
    const { out } = await run(written, ...args);
    expect(out).toMatch(/succeeded\/delivered/);
    expect(out).toMatch(/^ {2}note: 1\.1\.0 refused 100 % of the requests as mistakes of their callers \(4xx\)/m);
  });

  test('requests without a line, and the behaviour of a stand-in, are refused', async () => {
    const args = own({});
    expect((await run(written, ...args, '--candidate', 'errors=2%')).err).toMatch(
      /^rehearse: --candidate: with --serve your own model answers/,
    );
    writeFileSync(join(folder, 'requests.jsonl'), '\n');
    expect((await run(written, ...args)).err).toMatch(/requests: .* has no line; expected one request on each/);
  });
});
