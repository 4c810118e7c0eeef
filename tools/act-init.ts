/**
 * Runs `model-delivery init` in an empty git repository for each flow, and then a release through the workflows that it wrote, under act against
 * the local AWS. The roles have the policies that it wrote, and no others.
 *
 *   node tools/act-init.ts       needs `act` on the PATH (tools/install-verifiers.sh); no Docker
 */
import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { minutes } from '../src/clock.ts';
import type { FlowName } from '../src/init/setup.ts';
import { rehearsedTeam } from '../src/rehearsal/manifest.ts';
import { plain } from '../src/rehearsal/workflow/plain.ts';
import type { ReleaseRecord } from '../src/release/record.ts';
import { trainedVersion } from '../test/support/trained-version.ts';
import { decision } from './act-example.ts';
import { type ActWorkspace, type Event, expectations, openActWorkspace, type Reported } from './act-workspace.ts';

const { model, endpoint, account, region, bucket } = rehearsedTeam;
const main = resolve(import.meta.dirname, '../src/main.ts');
const { expect, failures } = expectations();

/** What `init` writes for a new endpoint: path → content. */
const initialized = (flow: FlowName, trainingJob: string): ReadonlyMap<string, string> => {
  const folder = mkdtempSync(join(tmpdir(), 'init-'));
  const run = (program: string, ...args: readonly string[]): string =>
    execFileSync(program, args, { cwd: folder, encoding: 'utf8' });
  run('git', 'init', '--quiet', '--initial-branch=main');
  run('git', 'remote', 'add', 'origin', `git@github.com:acme/${model}.git`);
  const given = {
    flow,
    model,
    account,
    region,
    'execution-role': 'iris-serving',
    'training-bucket': bucket,
    'image-repository': 'iris-serving',
    'training-job': trainingJob,
    from: 'OWNER/model-delivery@v1',
  };
  run(process.execPath, main, 'init', ...Object.entries(given).flatMap(([name, value]) => [`--${name}`, value]));
  run(process.execPath, main, 'lint');
  const files = globSync('{*,.github/**/*,delivery/**/*}.{yml,txt,json,md}', { cwd: folder });
  const written = new Map(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
  rmSync(folder, { recursive: true });
  return written;
};

/** The workspace of a repository with these files, and the roles that they describe. */
const open = async (flow: FlowName): Promise<ActWorkspace> => {
  const written = initialized(flow, 'iris-1-0-0');
  const policies = [...written].filter(([path]) => path.startsWith('delivery/roles/') && !path.endsWith('/trust.json'));
  const roleOf = (path: string): string => basename(dirname(path));
  const workspace = await openActWorkspace({ roles: [...new Set(policies.map(([path]) => roleOf(path)))] });
  const { simulator, write } = workspace;
  for (const [path, document] of policies) simulator.attachPolicy(roleOf(path), JSON.parse(document));
  // The reusable workflows lie beside them under the same names.
  for (const [path, content] of written)
    if (path.startsWith('.github/')) write(`.github/workflows/init-${basename(path)}`, plain(content));
    else if (!path.startsWith('delivery/')) write(path, content);
  await trainedVersion(workspace, '1.0.0');
  await trainedVersion(workspace, '1.1.0');
  return workspace;
};

const push = (ref: string): Event => ({ name: 'push', payload: { ref: `refs/${ref}` } });

/** The version that serves at an endpoint, by its release record. */
const serving = ({ simulator }: ActWorkspace, name: string): string => {
  const found = simulator.objects.get(`model-delivery-${account}-${region}`, `${name}/record.json`);
  const { history = [] } = (found ? JSON.parse(found.body.toString()) : {}) as Partial<ReleaseRecord>;
  return history.find(({ until }) => until === undefined)?.version ?? 'nothing';
};

const telling =
  (workspace: ActWorkspace, flow: string) =>
  (title: string, { ended, last }: Reported, expected: string): void =>
    expect(
      `init for ${flow}, ${title}`,
      `${ended} ${last['outcome'] ?? ''}/${last['reason-code'] ?? ''}, ${serving(workspace, `${endpoint}-staging`)} on staging, ${serving(workspace, endpoint)} in production`,
      expected,
    );

const reasonOf = ({ last }: Reported): string => last['reason-code'] ?? '';

const delivered = 'green succeeded/already-delivered';

const gitHubFlow = async (): Promise<void> => {
  const workspace = await open('github-flow');
  const tell = telling(workspace, 'GitHub Flow');
  const { commit, run, write } = workspace;
  try {
    commit('feat: a first model');
    tell(
      'a push',
      await run('init-github-flow', push('heads/main')),
      `${delivered}, 1.0.0 on staging, nothing in production`,
    );
    tell(
      'its tag',
      await run('init-github-flow', push(`tags/${model}_v1.0.0`)),
      `${delivered}, 1.0.0 on staging, 1.0.0 in production`,
    );
    workspace.traffic({ endpoint, account, model });
    await workspace.pass(minutes(20));
    write('training-job.txt', 'iris-1-1-0\n');
    commit('fix: a better model');
    tell(
      'a better model',
      await run('init-github-flow', push('heads/main')),
      `${delivered}, 1.0.1 on staging, 1.0.0 in production`,
    );
    tell(
      'its tag, by a canary',
      await run('init-github-flow', push(`tags/${model}_v1.0.1`)),
      `${delivered}, 1.0.1 on staging, 1.0.1 in production`,
    );
    tell(
      'the watchdog',
      await run('init-watchdog', { name: 'schedule', payload: { schedule: '*/15 * * * *' } }),
      'green succeeded/nothing-expired, 1.0.1 on staging, 1.0.1 in production',
    );
  } finally {
    await workspace.close();
  }
};

const gitflow = async (): Promise<void> => {
  const workspace = await open('gitflow');
  const tell = telling(workspace, 'Gitflow');
  const { commit, git, run, simulator } = workspace;
  const onTag = push(`tags/${model}_v1.0.0`);
  try {
    git('commit', '--allow-empty', '-qm', 'begin');
    git('switch', '--quiet', '--create', 'release/1.0.0');
    commit('feat: a first model');
    tell(
      'a candidate',
      await run('init-gitflow', push('heads/release/1.0.0')),
      `${delivered}, 1.0.0-rc.1 on staging, nothing in production`,
    );
    git('switch', '--quiet', 'main');
    git('merge', '--quiet', '--no-ff', '-m', 'Merge release/1.0.0', 'release/1.0.0');
    // act calls no GitHub, so the job that opens the pull request back fails; test/workflows/back-merge.test.ts runs it.
    const pending = await run('init-gitflow', onTag);
    expect('init for Gitflow, the tag waits for the approval', reasonOf(pending), 'approval-pending');
    const ModelPackageArn = `arn:aws:sagemaker:${region}:${account}:model-package/${model}/2`;
    await simulator.call('sagemaker', 'UpdateModelPackage', { ModelPackageArn, ModelApprovalStatus: 'Approved' });
    tell(
      'the approval',
      await run('init-on-model-event', decision(ModelPackageArn, 'Approved')),
      `${delivered}, 1.0.0-rc.1 on staging, 1.0.0 in production`,
    );
  } finally {
    await workspace.close();
  }
};

await gitHubFlow();
await gitflow();
process.exitCode = failures() === 0 ? 0 : 1;
