import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { irisData } from '../../simulator/fixtures/fixtures.ts';
import type { OperationName } from '../../src/operation.ts';
import { rollouts, rolloutText, rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { openStage, type RehearsedRelease, type Stage } from '../../src/rehearsal/stage.ts';
import { type FakeGitHub, startFakeGitHub } from '../github/fake-github.ts';
import { jsonLines } from '../support/prediction-files.ts';
import { readWorkflow } from '../support/workflow-file.ts';
import { play } from '../support/workflow-scheduler.ts';

/** The steps that github-flow.yml has for a pull request, with their inputs, as processes beside a GitHub on this machine. */

const mina = { login: 'mina', type: 'User' } as const;
const head = 'c0ffee'.padEnd(40, '0');

const environment = (name: string, endpoint: string, instance: string): string => `\
  ${name}:
    account: "${team.account}"
    region: ${team.region}
    role: model-deployer
    endpoint: { name: ${endpoint}, execution-role: iris-serving, instance: { type: ${instance}, count: 4 } }
    rollout: { ${rolloutText({ rollout: rollouts.canary })} }
`;
const manifest = (instance: string): string => `\
version: 1
model: ${team.model}
environments:
${environment('staging', 'iris-staging', 'ml.m5.large')}${environment('production', team.endpoint, instance)}regression:
  task: multiclass-classification
  dataset: golden.jsonl
  rules: [{ metric: accuracy, non-inferior: 0.1 }]
  request: { content-type: text/csv, input: [sepal_length] }
`;

const rows = irisData().rows.map(([length, , , , label], at) => ({
  id: `flower-${at + 1}`,
  label,
  sepal_length: length,
}));
/** Right except on each `wrongEvery`-th row. */
const predicted = (wrongEvery: number): string =>
  jsonLines(
    rows.map(({ id, label }, at) => ({
      id,
      prediction: at % wrongEvery === 0 ? (label === 'setosa' ? 'virginica' : 'setosa') : label,
    })),
  );

let folder: string;
let github: FakeGitHub;
let stage: Stage;
let release: RehearsedRelease;
const write = (path: string, text: string): void => {
  mkdirSync(join(stage.workspace, path, '..'), { recursive: true });
  writeFileSync(join(stage.workspace, path), text);
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pull-request-'));
  github = await startFakeGitHub({
    state: { pullRequests: [{ number: 7, head, state: 'open', author: mina, commits: [head] }] },
  });
  const event = join(folder, 'event.json');
  writeFileSync(
    event,
    JSON.stringify({
      repository: { full_name: 'acme/churn' },
      pull_request: { number: 7, head: { sha: head, repo: { full_name: 'acme/churn' } } },
    }),
  );
  stage = await openStage({
    environment: { ...github.environment(), GITHUB_EVENT_NAME: 'pull_request', GITHUB_EVENT_PATH: event },
  });
  const served = await stage.begin('1.0.0', '1.0.0');
  await served.prepare();
  await served.run('deploy-endpoint', { 'github-token': '' });
  await served.end();
  await stage.startTraffic();
  release = await stage.begin('1.1.0', '1.1.0');
  write('golden.jsonl', jsonLines(rows));
  write('.predictions/old.jsonl', predicted(20));
});
afterEach(async () => {
  await stage.close();
  rmSync(folder, { recursive: true });
  await github.close();
});

const actionOf: Readonly<Record<string, OperationName>> = {
  'check/staging': 'deploy-endpoint',
  'check/production': 'deploy-endpoint',
  'check/predictions': 'regression-test',
};

/** One push: the steps of the check, with the inputs that the workflow gives them. @returns the exit code and the end of each */
const push = async (inputs: Readonly<Record<string, string>> = {}): Promise<readonly string[]> => {
  const { given } = play(await readWorkflow('.github/workflows/github-flow.yml'), {
    inputs,
    github: {
      event_name: 'pull_request',
      repository: 'acme/churn',
      event: { pull_request: { head: { repo: { full_name: 'acme/churn' } } } },
    },
    steps: { 'check/register': { outputs: { version: '1.1.0-dev.c0ffee' } } },
  });
  const always = { 'github-token': github.token, publish: 'comment' };
  const ends = [
    // The folder has no commits to derive a version from.
    await release.register({
      ...always,
      version: '1.1.0-dev.c0ffee',
      environment: 'staging',
      'approval-status': 'Approved',
      'dry-run': 'true',
    }),
  ];
  for (const [step, action] of Object.entries(actionOf))
    if (given[step] !== undefined) ends.push(await release.run(action, { ...given[step], ...always }));
  return ends.map(({ exit, outputs }) => `${exit.code} ${outputs['outcome']}/${outputs['reason-code']}`);
};
const own = (): readonly string[] => github.state.comments.map(({ body }) => body);
const headings = (comment = ''): readonly string[] => comment.match(/^## .*$/gm) ?? [];
const files = {
  predictions: 'new.jsonl',
  'baseline-predictions': 'old.jsonl',
  'predictions-artifact': 'predictions',
};

test('all steps fill one comment, and the next push replaces every section', async () => {
  write('delivery.yml', manifest('ml.m5.xlarge'));
  write('.predictions/new.jsonl', predicted(2));
  expect(await push(files)).toEqual([
    '0 succeeded/planned',
    '0 succeeded/manifest-planned',
    '0 succeeded/manifest-planned',
    '1 rejected/regression-failed',
  ]);
  expect(own()).toHaveLength(1);
  const [first = ''] = own();
  expect(headings(first)).toEqual([
    '## ✅ register-model (dry run): succeeded',
    '## ⛔ regression-test (dry run): rejected',
    '## ✅ deploy-endpoint (dry run): succeeded',
    '## ✅ deploy-endpoint (dry run): succeeded',
  ]);
  expect(first).toContain('instance type: ml.m5.large → ml.m5.xlarge');
  expect(first).toContain('endpoint iris-staging does not exist yet: the first delivery to staging creates it');
  expect(first).toContain('only shown');
  // The registration's plan alone can be carried out as it is.
  expect(first.match(/Run again without `dry-run`/g)).toHaveLength(1);

  write('delivery.yml', manifest('ml.m5.large'));
  write('.predictions/new.jsonl', predicted(25));
  expect(await push(files)).toEqual([
    '0 succeeded/planned',
    '0 succeeded/manifest-planned',
    '0 succeeded/already-delivered',
    '0 succeeded/predictions-passed',
  ]);
  expect(own()).toHaveLength(1);
  const [second = ''] = own();
  expect(headings(second)).toHaveLength(4);
  expect(second).not.toContain('regression-failed');
  expect(second).not.toContain('ml.m5.xlarge');

  // Nothing of it reached an account: neither a package nor an endpoint.
  const { ModelPackageSummaryList } = await stage.simulator.call('sagemaker', 'ListModelPackages', {
    ModelPackageGroupName: team.model,
  });
  expect(ModelPackageSummaryList).toHaveLength(1);
});
