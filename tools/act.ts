/**
 * Runs the reusable workflow as GitHub would, step by step under act, against the local AWS: register → gate → deploy, once to
 * a green end and once with a model that fails, then a rollback; then with a regression test: one version fails, one passes, a dark one fails.
 *
 *   node tools/act.ts            needs `act` on the PATH (tools/install-verifiers.sh); no Docker
 *
 * Time is virtual: the script registers one participant of the simulator's clock and gives it to act. The steps of these workflows run
 * one after another, so the running process is the participant, and time stands still between two steps.
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { goldenSet, type IrisVersion, irisFixture } from '../simulator/fixtures/fixtures.ts';
import { defaultRoles, startSimulator } from '../simulator/simulator.ts';
import { minutes } from '../src/clock.ts';
import { openRehearsalClock } from '../src/hosts/rehearsal-clock.ts';
import { type PublishedName, policyFor } from '../src/permissions.ts';
import { manifestText, rehearsedTeam, rollouts } from '../src/rehearsal/manifest.ts';
import { place } from '../test/support/policy-place.ts';
import { copyPlain } from './plain-workflows.ts';

interface Reported {
  readonly ended: 'green' | 'red';
  readonly outcome?: string;
  readonly 'reason-code'?: string;
  readonly 'serving-version'?: string;
}
type With = Readonly<Record<string, string | boolean>>;

const root = resolve(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'act-'));
const workspace = join(folder, 'churn');
const reportFile = join(folder, 'report.json');

/** A repository that calls the workflow, and afterwards records the workflow's outputs. */
const callerText = (given: With): string => `\
on: push
jobs:
  deliver:
    uses: ./.github/workflows/deliver.yml
    with: ${JSON.stringify({ environment: rehearsedTeam.environment, 'planner-role': planner, ...given })}
  tell:
    if: always()
    needs: deliver
    runs-on: ubuntu-latest
    steps:
      - run: printf '%s' "$OUTPUTS" > "$REPORT"
        env:
          REPORT: ${reportFile}
          OUTPUTS: \${{ toJSON(needs.deliver.outputs) }}
`;

/** One line of act's log. */
interface Line {
  readonly msg: string;
  readonly job?: string;
  readonly jobID?: string;
  readonly command?: string;
  readonly name?: string;
  readonly arg?: string;
}

const runAct = async (environment: Readonly<Record<string, string>>): Promise<readonly Line[]> => {
  const flags = [
    ['push', '--json'],
    ['--workflows', '.github/workflows/caller.yml'],
    ['--platform', 'ubuntu-latest=-self-hosted'],
    ['--container-daemon-socket', '-'],
    ['--action-cache-path', join(folder, 'cache')],
    ['--no-cache-server'],
    ...Object.entries(environment).map(([name, value]) => ['--env', `${name}=${value}`]),
  ].flat();
  const act = spawn('act', flags, {
    cwd: workspace,
    // Node 24 for the actions, and none of the caller's own AWS settings.
    env: { PATH: [join(root, 'node_modules/.bin'), process.env['PATH']].join(delimiter), HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [act.stdout, act.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
  await new Promise((end, fail) => {
    act.once('error', fail);
    act.once('close', end);
  });
  return log.split('\n').map((line) => (line.startsWith('{') ? (JSON.parse(line) as Line) : { msg: line }));
};

copyPlain(workspace);
writeFileSync(join(workspace, 'delivery.yml'), manifestText());
const git = (...args: string[]) => execFileSync('git', args, { cwd: workspace, stdio: 'ignore' });
git('init', '--initial-branch=main');

// Without a driver: only the one participant can hold the time, so a slow machine changes nothing.
const tester = 'model-tester';
const simulator = await startSimulator({ wallSpeed: 1, roles: [...defaultRoles, tester] });
simulator.images.tag(rehearsedTeam.image, rehearsedTeam.imageDigest);
const participant = simulator.register('workflow');

/** The published policies: each job needs no more than the permissions in docs/workflows.md. */
const actionsOf = (policy: PublishedName): readonly string[] =>
  policyFor(policy, place).Statement.flatMap(({ Action }) => Action);
const planner = 'model-registrar';
const regressionTest = `\
regression:
  task: multiclass-classification
  dataset: golden.csv
  rules: [{ metric: accuracy, non-inferior: { margin: 0.1 } }]
  request: { content-type: text/csv, input: [sepal_length, sepal_width, petal_length, petal_width] }
`;
for (const policy of ['plan', 'register-model'] as const) simulator.permit(planner, actionsOf(policy));
simulator.permit('model-deployer', actionsOf('deploy-endpoint'));
simulator.permit('model-restorer', actionsOf('rollback'));
simulator.permit(tester, actionsOf('regression-test'));

const environment = {
  ...simulator.environment(participant),
  ACTIONS_ID_TOKEN_REQUEST_URL: `${simulator.url}/github/oidc-token?participant=${participant.id}`,
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'rehearsal',
};

const deliver = async (title: string, given: With): Promise<Reported> => {
  writeFileSync(join(workspace, '.github/workflows/caller.yml'), callerText(given));
  git('add', '.');
  git('-c', 'user.name=mina', '-c', 'user.email=mina@example.com', 'commit', '--allow-empty', '-qm', title);
  rmSync(reportFile, { force: true });
  const lines = await runAct(environment);
  if (process.argv.includes('--verbose')) console.log(lines.map(({ job, msg }) => `${job ?? ''} | ${msg}`).join('\n'));
  return existsSync(reportFile)
    ? { ended: 'green', ...JSON.parse(readFileSync(reportFile, 'utf8')) }
    : { ended: 'red', ...lastWords(lines) };
};

/** act ends at the first failed job and starts no reporting job: then the end comes from the failed job's last step. */
const lastWords = (lines: readonly Line[]): Record<string, string> => {
  const job = lines.findLast(({ command }) => command === 'set-output')?.jobID;
  const outputs = lines.filter(({ command, jobID }) => command === 'set-output' && jobID === job);
  return Object.fromEntries(outputs.map(({ name = '', arg = '' }) => [name, arg]));
};

const registration = (version: IrisVersion): With => {
  const fixture = irisFixture(version);
  const key = `training/iris-${version}/model.tar.gz`;
  simulator.objects.put(rehearsedTeam.bucket, key, fixture.artifact);
  writeFileSync(join(workspace, 'evaluation.json'), fixture.evaluation);
  return {
    version,
    image: rehearsedTeam.image,
    artifact: `s3://${rehearsedTeam.bucket}/${key}`,
    evaluation: 'evaluation.json',
    'content-types': 'text/csv',
    'response-types': 'text/csv',
  };
};

let failures = 0;
const expectEnd = async (
  title: string,
  given: With,
  ended: Reported['ended'],
  end: string,
  serving: string,
): Promise<void> => {
  const reported = await deliver(title, given);
  const found = `${reported.ended} ${reported.outcome}/${reported['reason-code']} serving ${reported['serving-version'] || 'unknown'}`;
  const expected = `${ended} ${end} serving ${serving || 'unknown'}`;
  if (found !== expected) failures += 1;
  console.log(
    `${found === expected ? '✓' : '✗'} ${title}: ${found}${found === expected ? '' : `, expected ${expected}`}`,
  );
};

const approve = async (): Promise<void> => {
  const { ModelPackageSummaryList } = await simulator.call('sagemaker', 'ListModelPackages', {
    ModelPackageGroupName: rehearsedTeam.model,
  });
  for (const { ModelPackageArn } of ModelPackageSummaryList as { ModelPackageArn: string }[])
    await simulator.call('sagemaker', 'UpdateModelPackage', { ModelPackageArn, ModelApprovalStatus: 'Approved' });
};

try {
  const first = registration('1.0.0');
  await expectEnd('it has no approval yet', first, 'red', 'pending/approval-pending', '');
  await approve();
  await expectEnd('first deployment', first, 'green', 'succeeded/delivered', '1.0.0');

  simulator.traffic({
    endpoint: rehearsedTeam.endpoint,
    requestsPerSecond: rehearsedTeam.requestsPerSecond,
    seed: 20_260_105,
  });
  const clock = await openRehearsalClock(participant.url);
  await clock.sleepUntil(clock.now() + minutes(20));

  const approved = { 'approval-status': 'Approved' };
  await expectEnd(
    'a better version',
    { ...registration('1.1.0'), ...approved },
    'green',
    'succeeded/delivered',
    '1.1.0',
  );
  await expectEnd('5 % errors', { ...registration('1.4.0'), ...approved }, 'red', 'rolled-back/alarm', '1.1.0');
  await expectEnd('rollback', { rollback: true, version: '1.0.0' }, 'green', 'succeeded/restored', '1.0.0');

  writeFileSync(join(workspace, 'delivery.yml'), `${manifestText()}${regressionTest}`);
  writeFileSync(join(workspace, 'golden.csv'), goldenSet('iris').content);
  const tested = { ...approved, 'tester-role': tester };
  await expectEnd(
    'worse by its test',
    { ...registration('1.2.0'), ...tested },
    'red',
    'rejected/regression-failed',
    '',
  );
  await expectEnd('tested', { ...registration('1.3.0'), ...tested }, 'green', 'succeeded/delivered', '1.3.0');

  // The failures of the version that was taken back are part of the day before, so a proof takes longer.
  const dark = `${manifestText({ rollout: `${rollouts.steps}, max-step: 2h` })}${regressionTest}  candidate: dark-variant\n`;
  writeFileSync(join(workspace, 'delivery.yml'), dark);
  simulator.permit('model-deployer', actionsOf('regression-test'));
  const safe = { version: '1.2.0', 'rollback-on-failure': true };
  // The last words are those of the step that takes the candidate away.
  await expectEnd('worse while dark', safe, 'red', 'succeeded/candidate-withdrawn', '1.3.0');
  const left = await simulator.call('sagemaker', 'ListEndpoints', {});
  const names = (left['Endpoints'] as { EndpointName: string }[]).map(({ EndpointName }) => EndpointName);
  if (names.join() !== rehearsedTeam.endpoint) {
    failures += 1;
    console.log(`✗ the tests left ${names.join(', ')}`);
  }
} finally {
  await simulator.close();
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;
