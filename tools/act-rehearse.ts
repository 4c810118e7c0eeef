/**
 * Runs `model-delivery rehearse --workflow` as its users do: in a copy of examples/github-flow, whose own models serve, and in a small
 * repository that uses the suite's actions in steps of its own.
 *
 *   node tools/act-rehearse.ts      needs `act` and the Python of tools/install-verifiers.sh on the PATH; no Docker
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import type { WorkflowVerdict } from '../src/rehearsal/workflow/rehearse-workflow.ts';
import { expectations } from './act-workspace.ts';

const { expect, failures } = expectations();
const root = resolve(import.meta.dirname, '..');
const actions = join(root, 'tools/act-actions');

interface Rehearsed {
  readonly code: number | null;
  readonly verdict: WorkflowVerdict;
}

/** A repository of a user, and the command in it. */
const openUser = (fill: (folder: string) => void) => {
  const home = mkdtempSync(join(tmpdir(), 'user-'));
  const folder = join(home, 'repository');
  const env = {
    PATH: [join(actions, 'bin'), join(root, 'node_modules/.bin'), process.env['PATH']].join(delimiter),
    HOME: home,
  };
  const git = (...args: readonly string[]): string =>
    execFileSync('git', args, { cwd: folder, env, encoding: 'utf8' }).trim();
  mkdirSync(folder);
  git('init', '--quiet', '--initial-branch=main');
  git('config', 'user.name', 'mina');
  git('config', 'user.email', 'mina@example.com');
  fill(folder);
  git('add', '.');
  git('commit', '--quiet', '--message', 'feat: a first model');
  const state = (): string => [git('rev-parse', 'HEAD'), git('for-each-ref'), git('status', '--porcelain')].join('\n');
  return {
    home,
    folder,
    state,
    rehearse: (...args: readonly string[]): Rehearsed => {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [
          join(root, 'src/main.ts'),
          'rehearse',
          '--workflow',
          '.github/workflows/release.yml',
          ...args,
          '--json',
          '--out',
          join(home, 'out'),
        ],
        { cwd: folder, env, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
      );
      if (process.argv.includes('--verbose') || status === 2) console.log(stdout, stderr);
      return { code: status, verdict: JSON.parse(stdout) as WorkflowVerdict };
    },
    close: () => rmSync(home, { recursive: true, force: true }),
  };
};

/** `exit 0; push green: Deploy succeeded/delivered, 1.0.0 in staging`: of the suite's steps the last one that did something. */
const told = ({ code, verdict }: Rehearsed): string =>
  [
    `exit ${code}`,
    ...verdict.events.map(({ event, ended, steps, serving }) => {
      const last = steps.findLast(
        ({ outcome, reasonCode }) => outcome !== undefined && reasonCode !== 'already-delivered',
      );
      const served = serving.map(({ environment, version = 'nothing' }) => `${version} in ${environment}`).join(', ');
      return `${event} ${ended}: ${last?.name} ${last?.outcome}/${last?.reasonCode}, ${served}`;
    }),
  ].join('; ');

const maps = ['actions/setup-python', 'actions/download-artifact', 'aws-actions/configure-aws-credentials'].flatMap(
  (name) => ['--map', `${name}=${join(actions, name.replace(/^.*\//, ''))}`],
);

const flow = (): void => {
  const left = /model\.tar\.gz|__pycache__/;
  const user = openUser((folder) =>
    cpSync(join(root, 'examples/github-flow'), folder, { recursive: true, filter: (path) => !left.test(path) }),
  );
  try {
    const before = user.state();
    const green = user.rehearse('--own-model', '--event', 'push', '--event', 'pull_request', ...maps);
    expect(
      'a push and a pull request',
      told(green),
      'exit 0; push green: Deploy succeeded/delivered, 1.0.0 in staging, nothing in production; ' +
        'pull_request green: Test the predictions succeeded/predictions-passed, 1.0.0 in staging, nothing in production',
    );
    expect('its model', green.verdict.served.join(', '), 'iris/1: your model, as the version that serves');
    expect('its summaries', String(existsSync(join(user.home, 'out/1-push/summaries.md'))), 'true');
    const red = user.rehearse(
      ...['push', 'tag:iris_v1.0.0', 'push', 'tag:iris_v1.0.1'].flatMap((event) => ['--event', event]),
      ...['--candidate', 'errors=5%'],
      ...maps,
    );
    expect(
      'a candidate that fails',
      told(red),
      'exit 1; push green: Deploy succeeded/delivered, 1.0.0 in staging, nothing in production; ' +
        'tag:iris_v1.0.0 green: Deploy succeeded/delivered, 1.0.0 in staging, 1.0.0 in production; ' +
        'push green: Deploy succeeded/delivered, 1.0.1 in staging, 1.0.0 in production; ' +
        'tag:iris_v1.0.1 red: Deploy rolled-back/alarm, 1.0.1 in staging, 1.0.0 in production',
    );
    expect(
      'what served',
      red.verdict.served.join(', '),
      'iris/1: a stand-in, as the version that serves, iris/2: a stand-in, as errors=5%',
    );
    expect('left out', red.verdict.leftOut.join(', '), '`regression`: it asks your model, and a stand-in serves here');
    expect('the repository of the user stays', String(user.state() === before), 'true');
  } finally {
    user.close();
  }
};

const steps = (): void => {
  const files = { 'delivery.yml': ownManifest, '.github/workflows/release.yml': ownWorkflow };
  const user = openUser((folder) => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  });
  try {
    const approved = user.rehearse('--event', 'push', '--event', 'workflow_dispatch', '--approve');
    expect(
      'steps, with a reviewer',
      told(approved),
      'exit 0; push green: Gate pending/approval-pending, nothing in production; workflow_dispatch green: Deploy succeeded/delivered, 1.0.0 in production',
    );
    // A change that is not committed takes part.
    writeFileSync(
      join(user.folder, '.github/workflows/release.yml'),
      ownWorkflow.replace('PendingManualApproval', 'Approved'),
    );
    const before = user.state();
    const faulty = user.rehearse(
      '--candidate',
      'leak=20%@500',
      '--fault',
      'answer-lost',
      '--fault',
      'throttled',
      '--expect-red',
    );
    expect(
      'steps, a candidate that leaks',
      told(faulty),
      'exit 0; push green: Deploy succeeded/delivered, 1.0.0 in production; push red: Deploy rolled-back/alarm, 1.0.0 in production',
    );
    const requests = readFileSync(join(user.home, 'out/requests.jsonl'), 'utf8');
    expect('the lost answer', String(/"operation":"UpdateEndpoint".*"answer-lost"/.test(requests)), 'true');
    const troubled = user.rehearse(
      ...['throttled', 'server-errors', 'expired-token', 'answer-lost', 's3-unavailable'].flatMap((one) => [
        '--fault',
        one,
      ]),
    );
    expect('steps, troubled', told(troubled), 'exit 0; push green: Deploy succeeded/delivered, 1.0.0 in production');
    const answers = readFileSync(join(user.home, 'out/requests.jsonl'), 'utf8');
    for (const error of [
      'ThrottlingException',
      'InternalFailure',
      'ExpiredTokenException',
      'answer-lost',
      'ServiceUnavailable',
    ])
      expect(`an answer of ${error}`, String(answers.includes(`"error":"${error}"`)), 'true');
    const full = user.rehearse('--fault', 'no-capacity', '--expect-red');
    expect(
      'steps, no capacity',
      told(full),
      'exit 0; push red: Deploy failed/capacity-unavailable, nothing in production',
    );
    expect('the repository of the user stays, with its change', String(user.state() === before), 'true');
  } finally {
    user.close();
  }
};

const ownManifest = `\
version: 1
model: churn
environments:
  production:
    account: "777788889999"
    region: us-east-1
    role: churn-deployer
    endpoint: { name: churn-live, execution-role: churn-serving, instance: { type: ml.c6i.xlarge, count: 3 } }
    rollout:
      { strategy: linear, step: 34%, bake: 5m, final-bake: 5m, minimum-requests: 200, alarms: { errors: 2%, named: [churn-business] } }
`;

const ownWorkflow = `\
on:
  push: { branches: [main] }
  workflow_dispatch:
permissions: { contents: read, id-token: write }
jobs:
  release:
    runs-on: [self-hosted, ml]
    concurrency:
      group: release
      queue: max
    steps:
      - uses: actions/checkout@v6
        with: { fetch-depth: 0 }
      - name: Register
        id: register
        uses: acme/model-delivery/actions/register-model@v1
        with:
          environment: production
          version: next
          training-job: churn-nightly
          image: 777788889999.dkr.ecr.us-east-1.amazonaws.com/churn:\${{ github.sha }}
          content-types: text/csv
          response-types: text/csv
          approval-status: PendingManualApproval
          role: churn-registrar
          publish: none
      - name: Gate
        id: gate
        uses: acme/model-delivery/actions/approve-gate@v1
        with: { environment: production, version: "\${{ steps.register.outputs.version }}", on-pending: continue, publish: none }
      - name: Deploy
        if: steps.gate.outputs.outcome == 'succeeded'
        uses: acme/model-delivery/actions/deploy-endpoint@v1
        with: { environment: production, version: "\${{ steps.register.outputs.version }}", publish: none }
`;

flow();
steps();
process.exitCode = failures() === 0 ? 0 : 1;
