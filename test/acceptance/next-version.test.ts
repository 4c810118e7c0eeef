import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { irisFixture } from '../../simulator/fixtures/fixtures.ts';
import type { StepResult } from '../../src/rehearsal/driver.ts';
import { rehearsedTeam } from '../../src/rehearsal/manifest.ts';
import { openStage, type Stage } from '../../src/rehearsal/stage.ts';
import { type FakeGitHub, type FakeGitHubOptions, startFakeGitHub } from '../github/fake-github.ts';
import { createRepository, type GitRepository } from '../support/git-repository.ts';

/** The bundle of register-model and the command next-version, as processes in a real git repository. */

let stage: Stage;
let github: FakeGitHub | undefined;
let repository: GitRepository;
let runs = 0;

const open = async (environment: Readonly<Record<string, string>> = {}): Promise<void> => {
  stage = await openStage({ environment });
  repository = createRepository({ root: stage.workspace });
  const { bucket } = rehearsedTeam;
  for (const version of ['1.0.0', '1.1.0'] as const)
    stage.simulator.objects.put(bucket, `training/${version}/model.tar.gz`, irisFixture(version).artifact);
};
afterEach(async () => {
  await stage.close();
  await github?.close();
  github = undefined;
});

/** A push to a branch, and the job that registers the model of that commit. */
const register = async (
  branch: string,
  inputs: Readonly<Record<string, string>> = {},
  commit = repository.git('rev-parse', 'HEAD'),
): Promise<StepResult> => {
  runs += 1;
  return stage.driver.finish(
    stage.driver.start({
      action: 'register-model',
      inputs: {
        environment: rehearsedTeam.environment,
        version: 'next',
        image: rehearsedTeam.image,
        artifact: `s3://${rehearsedTeam.bucket}/training/1.0.0/model.tar.gz`,
        // Another model for each commit.
        'container-environment': `COMMIT=${commit}`,
        ...inputs,
      },
      job: { runId: String(7_000 + runs), attempt: 1, job: 'register', actor: 'mina', commit, branch },
    }),
  );
};
const logOf = ({ log }: StepResult): string => log.map(({ text }) => text).join('\n');
const mutations = (): number => stage.simulator.requests.filter(({ mutation }) => mutation).length;

describe('the bundle', () => {
  beforeEach(() => open());

  test('registers a release of Gitflow by the versions of its branches; a re-run finds its own', async () => {
    const steps = [
      ['develop', 'feat: a model', '1.0.0-alpha.1'],
      ['release/1.0.0', 'fix: the scaler', '1.0.0-rc.1'],
      ['main', "Merge branch 'release/1.0.0'", '1.0.0'],
      ['main', 'feat: more columns\n\n::error::$(touch pwned) `id`', '1.1.0'],
      ['feature/x', 'feat!: other columns', '2.0.0-dev.'],
    ] as const;
    for (const [branch, message, version] of steps) {
      repository.commit(message);
      const step = await register(branch);
      expect(step.outputs).toMatchObject({ outcome: 'succeeded', 'reason-code': 'registered' });
      expect(step.outputs['version']).toContain(version);
      expect(logOf(step)).toContain(`version ${step.outputs['version']}: `);
      expect(logOf(step)).not.toContain('pwned');
    }
    const again = await register('main', {}, repository.git('rev-parse', 'HEAD~1'));
    expect(again.outputs).toMatchObject({
      'reason-code': 'already-registered',
      version: '1.1.0',
      tag: 'iris_v1.1.0',
      'model-package-version': '4',
    });
  });

  test('a dry run names the version and writes nothing', async () => {
    repository.commit('feat: a model');
    const step = await register('main', { 'dry-run': 'true', 'on-change': 'continue' });
    expect(step.exit.code).toBe(0);
    expect(step.outputs['reason-code']).toBe('planned');
    expect(logOf(step)).toContain('register iris_v1.0.0');
    expect(logOf(step)).toContain('version 1.0.0: the first version: no final one is registered');
    expect(mutations()).toBe(0);
  });

  test('names its branches by the manifest', async () => {
    const path = join(stage.workspace, 'delivery.yml');
    writeFileSync(path, `${readFileSync(path, 'utf8')}versions: { main: trunk, first: 0.1.0 }\n`);
    repository.commit('feat: a model');
    expect((await register('trunk')).outputs['version']).toBe('0.1.0');
    repository.commit('feat!: another');
    expect((await register('trunk')).outputs['version']).toBe('0.2.0');
  });
});

describe('two models of one repository', () => {
  const ofFolder = (path: string): void => {
    const manifest = join(stage.workspace, 'delivery.yml');
    writeFileSync(manifest, `${readFileSync(manifest, 'utf8')}versions: { paths: [${path}] }\n`);
  };

  test('a model rises by the commits of its own folder', async () => {
    await open();
    ofFolder('models/iris');
    repository.commit('feat: both models', 'models/iris/train.py', 'models/churn/train.py');
    expect((await register('main')).outputs['version']).toBe('1.0.0');
    repository.commit('feat!: of the other model', 'models/churn/train.py');
    repository.commit('fix: the scaler', 'models/iris/train.py');
    const fixed = await register('main');
    expect(fixed.outputs['version']).toBe('1.0.1');
    expect(logOf(fixed)).toContain('among 1 commit since then in models/iris');
    repository.commit('feat: more columns', 'models/iris/train.py');
    repository.commit('docs: the other model', 'models/churn/README.md');
    expect((await register('main')).outputs['version']).toBe('1.1.0');
  });

  test('a folder that the commit has not is refused, and nothing is written', async () => {
    await open();
    ofFolder('models/iris');
    repository.commit('feat: a model', 'models/iris/train.py');
    await register('main');
    repository.git('mv', 'models/iris', 'models/flowers');
    repository.commit('chore: another name');
    const before = mutations();
    const step = await register('main');
    expect(step.outputs).toMatchObject({ outcome: 'failed', 'reason-code': 'invalid-input' });
    expect(logOf(step)).toContain('versions.paths names "models/iris"');
    expect(mutations()).toBe(before);
  });

  test('in a shallow checkout GitHub lists the files of each commit', async () => {
    github = await startFakeGitHub({});
    await open(github.environment());
    ofFolder('models/iris');
    repository.commit('feat: a model', 'models/iris/train.py');
    await register('main');
    const base = repository.git('rev-parse', 'HEAD');
    const other = repository.commit('feat!: of the other model', 'models/churn/train.py');
    const head = repository.commit('fix: the scaler', 'models/iris/train.py');
    writeFileSync(join(stage.workspace, '.git', 'shallow'), `${head}\n`);
    github.state.commits = [
      { sha: base, message: 'feat: a model' },
      { sha: other, message: 'feat!: of the other model', parents: [base], files: [{ name: 'models/churn/train.py' }] },
      { sha: head, message: 'fix: the scaler', parents: [other], files: [{ name: 'models/iris/train.py' }] },
    ];
    const step = await register('main', { 'github-token': github.token, publish: 'none' }, head);
    expect(step.outputs).toMatchObject({ 'reason-code': 'registered', version: '1.0.1' });
  });
});

describe('a shallow checkout', () => {
  const prepare = async (options?: FakeGitHubOptions) => {
    github = options && (await startFakeGitHub(options));
    await open(github?.environment());
    repository.commit('feat: a model');
    await register('main');
    const base = repository.git('rev-parse', 'HEAD');
    const head = repository.commit('feat: more columns');
    // As a checkout with a `fetch-depth` has it: git knows no commit before this one.
    writeFileSync(join(stage.workspace, '.git', 'shallow'), `${head}\n`);
    if (github !== undefined)
      github.state.commits = [
        { sha: base, message: 'feat: a model' },
        { sha: head, message: 'feat: more columns', parents: [base] },
      ];
    return head;
  };

  test('is refused with its remedy, and nothing is written', async () => {
    const head = await prepare();
    const before = mutations();
    const step = await register('main', {}, head);
    expect(step.exit.code).toBe(1);
    expect(step.outputs).toMatchObject({ outcome: 'failed', 'reason-code': 'invalid-input' });
    expect(logOf(step)).toContain('fetch-depth: 0');
    expect(mutations()).toBe(before);
  });

  test('is no hindrance where GitHub compares the commits', async () => {
    const head = await prepare({});
    const step = await register('main', { 'github-token': github?.token ?? '', publish: 'none' }, head);
    expect(step.outputs).toMatchObject({ 'reason-code': 'registered', version: '1.1.0' });
    expect(github?.requests.map(({ operation }) => operation)).toContain('repos/compare-commits-with-basehead');
  });

  test('a missing permission is named beside the remedy', async () => {
    const head = await prepare({ lacks: ['contents'] });
    const step = await register('main', { 'github-token': github?.token ?? '', publish: 'none' }, head);
    expect(step.outputs['reason-code']).toBe('invalid-input');
    expect(logOf(step)).toMatch(/fetch-depth: 0.*permissions: contents: read/);
  });
});

describe('the command next-version', () => {
  beforeEach(() => open());

  const next = async (...args: readonly string[]) => {
    const run = stage.driver.launch(
      'next-version',
      resolve('src/main.ts'),
      { PATH: process.env['PATH'] ?? '', HOME: stage.workspace },
      ['next-version', '--environment', rehearsedTeam.environment, ...args],
    );
    const exit = await run.ended();
    return { code: exit.code, text: run.log.map(({ text }) => text).join('\n') };
  };

  test('prints the version of the checkout, and its derivation', async () => {
    repository.commit('feat: a model');
    await register('main');
    repository.commit('docs: x');
    const head = repository.commit('fix: y');
    expect(await next()).toEqual({
      code: 0,
      text: '1.0.1\npatch version after 1.0.0: no feature and no breaking change among 2 commits since then',
    });
    const { code, text } = await next('--json');
    expect(code).toBe(0);
    expect(JSON.parse(text)).toEqual({
      'schema-version': 1,
      version: '1.0.1',
      tag: 'iris_v1.0.1',
      commit: head,
      branch: 'main',
      base: '1.0.0',
      commits: 2,
      because: expect.stringContaining('patch version after 1.0.0'),
    });
    // The command and the registration derive the same.
    expect((await register('main')).outputs['version']).toBe('1.0.1');
    expect(JSON.parse((await next('--json')).text)).toMatchObject({ version: '1.0.1', 'model-package-version': 2 });
  });

  test('refuses a checkout that is on no branch, in both forms', async () => {
    repository.commit('feat: a model');
    repository.git('checkout', '--quiet', '--detach');
    expect(await next()).toMatchObject({ code: 2, text: expect.stringContaining('check a branch out') });
    const { code, text } = await next('--json');
    expect(code).toBe(2);
    expect(JSON.parse(text)).toMatchObject({ reason: 'invalid-input' });
  });
});
