import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  checksumsOf,
  deliveredFiles,
  notesOf,
  planRelease,
  planWithdrawal,
  type Repository,
} from '../../tools/release.ts';
import { readWorkflow } from '../support/workflow-file.ts';

const repository: Repository = {
  version: '1.4.0',
  locked: '1.4.0',
  changelog: '# Changelog\n\n## 1.4.0 (2026-01-05)\n\n- new\n\n## 1.3.0\n\n- old\n',
  tags: ['v1.3.0', 'v1.3.1-rc.1', 'v1', 'churn_v9.0.0', ''],
};

describe('the plan of a release', () => {
  test('a version without a tag is due', () => {
    expect(planRelease(repository)).toEqual({ due: true, tag: 'v1.4.0', floating: 'v1', prerelease: false });
  });
  test('a version with a tag is not, whatever the changelog says', () => {
    expect(planRelease({ ...repository, tags: ['v1.4.0'], changelog: '' })).toMatchObject({ due: false });
  });
  test('a prerelease moves no floating tag', () => {
    const changelog = '## 2.0.0-rc.1\n\n- x\n';
    expect(planRelease({ ...repository, version: '2.0.0-rc.1', locked: '2.0.0-rc.1', changelog })).toEqual({
      due: true,
      tag: 'v2.0.0-rc.1',
      floating: 'v2',
      prerelease: true,
    });
  });
  test.each<[string, Partial<Repository>, RegExp]>([
    ['no semantic version', { version: 'v1.4' }, /"v1\.4" is not a semantic version/],
    ['a version below a released one', { tags: ['v1.5.0', 'v1.3.0'] }, /1\.4\.0 is not above v1\.5\.0/],
    ['a version below one of a later major', { tags: ['v2.0.0'] }, /not above v2\.0\.0/],
    ['the lock file of another version', { locked: '1.3.0' }, /package-lock\.json has the version 1\.3\.0/],
    ['no section', { changelog: '## 1.4.01\n\n- x\n' }, /no section "## 1\.4\.0"/],
    ['an empty section', { changelog: '## 1.4.0\n\n## 1.3.0\n\n- old\n' }, /no section "## 1\.4\.0" with text/],
  ])('refuses %s', (_title, change, message) => {
    expect(() => planRelease({ ...repository, ...change })).toThrow(message);
  });
  test('the notes are the text of the section alone', () => {
    expect(notesOf('1.4.0', repository.changelog)).toBe('- new');
    expect(notesOf('1.3.0', repository.changelog)).toBe('- old');
  });
});

describe('the plan of a withdrawal', () => {
  const tags = ['v1.3.0', 'v1.4.0', 'v1.4.1', 'v1.4.2-rc.1', 'v2.0.0', 'v1'];
  test('names the later releases of the same major version; those of a later one stay the latest', () => {
    const plan = { tag: 'v1.3.0', floating: 'v1', withdrawn: ['v1.4.1', 'v1.4.0'] };
    expect(planWithdrawal('v1.3.0', tags)).toEqual({ ...plan, latest: false });
    expect(planWithdrawal('v1.3.0', [...tags.filter((tag) => tag !== 'v2.0.0'), 'v2.0.0-rc.1'])).toEqual({
      ...plan,
      latest: true,
    });
  });
  test.each([
    ['1.3.0', /not the tag of a release/],
    ['v1', /not the tag of a release/],
    ['v1.4.2-rc.1', /not the tag of a release/],
    ['v1.2.0', /v1\.2\.0 is not released; there are v2\.0\.0, v1\.4\.1, v1\.4\.0, v1\.3\.0/],
    ['v1.4.1', /newest release of v1: there is nothing to withdraw/],
  ])('refuses %s', (to, message) => {
    expect(() => planWithdrawal(to, tags)).toThrow(message);
  });
});

describe('the files of a release', () => {
  test('are every declaration, bundle, workflow and template of this repository', () => {
    const files = deliveredFiles('.');
    for (const action of [
      'approve-gate',
      'deploy-endpoint',
      'register-model',
      'regression-test',
      'rollback',
      'shift-traffic',
    ])
      expect(files).toEqual(
        expect.arrayContaining([`actions/${action}/action.yml`, `actions/${action}/dist/index.cjs`]),
      );
    expect(files).toEqual(
      expect.arrayContaining([
        '.github/workflows/deliver.yml',
        'codebuild/lambda/dist/index.cjs',
        'codebuild/templates/fleet.json',
      ]),
    );
    const tracked = execFileSync('git', ['ls-files', '*/dist/*', 'actions/*/action.yml'], { encoding: 'utf8' });
    expect(files).toEqual(expect.arrayContaining(tracked.trim().split('\n')));
  });
});

/** `gh` with releases and tags that it keeps; what it does not know ends it. */
const gh = `#!/usr/bin/env node
const { readFileSync, writeFileSync, appendFileSync } = require('node:fs');
const file = process.env.STATE;
const state = JSON.parse(readFileSync(file, 'utf8'));
const args = process.argv.slice(2);
appendFileSync(process.env.CALLS, args.join(' ') + '\\n');
const end = (text) => { writeFileSync(file, JSON.stringify(state)); if (text !== undefined) console.log(text); process.exit(0); };
const fail = (text) => { console.error(text); process.exit(1); };
const flag = (name) => { const at = args.indexOf(name); return at < 0 ? undefined : args[at + 1]; };
const [noun, verb, name] = args;
const release = state.releases[name];
if (process.env.DIES === args.slice(0, 2).join(' ')) fail('lost');
if (noun === 'attestation' && verb === 'verify') state.attested ? end() : fail('no attestation');
if (noun === 'release' && verb === 'view') release ? end(String(release[flag('--jq').slice(1)])) : fail('release not found');
if (noun === 'release' && verb === 'verify') release?.isImmutable ? end() : fail('not verified');
if (noun === 'release' && verb === 'create') {
  if (release) fail('exists');
  state.releases[name] = { isDraft: true, isImmutable: false, target: flag('--target'), body: readFileSync(flag('--notes-file'), 'utf8'), assets: [], latest: args.includes('--latest') };
  end();
}
if (noun === 'release' && verb === 'upload') {
  if (release.isImmutable) fail('immutable');
  release.assets = args.slice(3).filter((one) => !one.startsWith('--'));
  end();
}
if (noun === 'release' && verb === 'edit') {
  if (flag('--target')) release.target = flag('--target');
  if (args.includes('--draft=false')) { release.isDraft = false; release.isImmutable = state.immutable; state.commits[name] ??= release.target; }
  if (args.includes('--latest')) { for (const one of Object.values(state.releases)) one.latest = false; release.latest = true; }
  if (flag('--notes-file')) release.body = readFileSync(flag('--notes-file'), 'utf8');
  end();
}
if (noun === 'api') {
  const path = args.find((one) => one.startsWith('repos/')).replace('repos/acme/suite/', '');
  const fields = Object.fromEntries(args.flatMap((one, at) => (['-f', '-F'].includes(args[at - 1]) ? [one.split('=')] : [])));
  const tag = path.split('/').pop();
  if (path.startsWith('git/matching-refs/tags/')) end(Object.keys(state.commits).filter((one) => one.startsWith(tag)).map((one) => 'refs/tags/' + one).join('\\n'));
  if (path.startsWith('commits/')) state.commits[tag] ? end(state.commits[tag]) : fail('422');
  if (path.startsWith('git/ref/tags/')) state.commits[tag] ? end() : fail('404');
  if (path.startsWith('git/refs/tags/') && flag('--method') === 'PATCH' && fields.force === 'true' && state.commits[tag]) { state.commits[tag] = fields.sha; end(); }
  if (path === 'git/refs' && flag('--method') === 'POST') { state.commits[fields.ref.replace('refs/tags/', '')] = fields.sha; end(); }
}
fail('unexpected ' + args.join(' '));
`;

interface Release {
  readonly isDraft: boolean;
  readonly isImmutable: boolean;
  readonly latest: boolean;
  readonly target: string;
  readonly body: string;
  readonly assets: readonly string[];
}
interface State {
  readonly attested: boolean;
  /** The setting of the repository. */
  readonly immutable: boolean;
  readonly releases: Readonly<Record<string, Release>>;
  /** Tag → commit. */
  readonly commits: Readonly<Record<string, string>>;
}

describe('the workflows at GitHub', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'release-'));
    mkdirSync(join(folder, 'release'));
    writeFileSync(join(folder, 'gh'), gh, { mode: 0o755 });
    writeFileSync(join(folder, 'release-notes.md'), '- new\n');
    for (const name of ['model-delivery-1.4.0.tgz', 'SHA256SUMS']) writeFileSync(join(folder, 'release', name), name);
    write({ attested: true, immutable: true, releases: {}, commits: { v1: 'before' } });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (state: State): void => writeFileSync(join(folder, 'state.json'), JSON.stringify(state));
  const state = (): State => JSON.parse(readFileSync(join(folder, 'state.json'), 'utf8'));

  /** Runs the script of a step as a runner does. */
  const step = async (workflow: string, job: string, name: string, env: Readonly<Record<string, string>>) => {
    const { jobs } = await readWorkflow(`.github/workflows/${workflow}.yml`);
    const { run = '', env: declared = {} } = (jobs[job]?.steps.find((one) => one.name === name) ?? {}) as {
      readonly run?: string;
      readonly env?: object;
    };
    const given = { GH_REPO: 'acme/suite', TAG: 'v1.4.0', ...env };
    // The script reads what the job and the step give it, and nothing else of this test.
    const names = [...Object.keys(declared), 'GH_REPO', 'GH_TOKEN', 'TAG'];
    for (const name of Object.keys(env)) if (name !== 'DIES') expect(names).toContain(name);
    const { status, stdout, stderr } = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', run], {
      cwd: folder,
      encoding: 'utf8',
      env: {
        PATH: `${folder}:${process.env['PATH']}`,
        STATE: join(folder, 'state.json'),
        CALLS: join(folder, 'calls'),
        GITHUB_STEP_SUMMARY: join(folder, 'summary.md'),
        ...given,
      },
    });
    return { status, out: `${stdout}${stderr}` };
  };
  const publish = (env: Readonly<Record<string, string>> = {}) =>
    step('release', 'release', 'Publish', { COMMIT: 'c4', KIND: '--latest', ...env });
  const move = () => step('release', 'release', 'Move the floating tag', { COMMIT: 'c4', FLOATING: 'v1' });

  const published: Release = {
    isDraft: false,
    isImmutable: true,
    latest: true,
    target: 'c4',
    body: '- new\n',
    assets: ['release/SHA256SUMS', 'release/model-delivery-1.4.0.tgz'],
  };

  test('a release is published with its files, and the floating tag moves last', async () => {
    expect(await publish()).toMatchObject({ status: 0 });
    expect(state()).toMatchObject({ releases: { 'v1.4.0': published }, commits: { v1: 'before', 'v1.4.0': 'c4' } });
    expect(await move()).toMatchObject({ status: 0 });
    expect(state().commits).toEqual({ v1: 'c4', 'v1.4.0': 'c4' });
  });
  test('the first release makes the floating tag', async () => {
    write({ ...state(), commits: {} });
    await publish();
    expect(await move()).toMatchObject({ status: 0 });
    expect(state().commits).toEqual({ v1: 'c4', 'v1.4.0': 'c4' });
  });
  test.each(['release create', 'release upload', 'release edit'])('a run that was lost at `%s` goes on', async (at) => {
    expect(await publish({ DIES: at })).toMatchObject({ status: 1 });
    expect(await publish()).toMatchObject({ status: 0 });
    expect(state().releases['v1.4.0']).toEqual(published);
    // And once more, where all of it is done.
    expect(await publish()).toMatchObject({ status: 0 });
    expect(state().releases['v1.4.0']).toEqual(published);
  });
  test('a draft of an earlier commit with the same version becomes the release of this one', async () => {
    expect(await publish({ DIES: 'release edit', COMMIT: 'c3' })).toMatchObject({ status: 1 });
    writeFileSync(join(folder, 'release-notes.md'), '- newer\n');
    expect(await publish()).toMatchObject({ status: 0 });
    expect(state().releases['v1.4.0']).toEqual({ ...published, body: '- newer\n' });
    expect(state().commits['v1.4.0']).toBe('c4');
  });
  test.each<[string, string, Readonly<Record<string, string>>]>([
    ['below the newest one', '- new\n', { v1: 'c10', 'v1.4.0': 'c4', 'v1.10.0': 'c10', 'v1.11.0-rc.1': 'c11' }],
    ['withdrawn', '> **Withdrawn.** Use v1.3.0.\n', { v1: 'c3', 'v1.3.0': 'c3', 'v1.4.0': 'c4' }],
  ])('the floating tag does not move to a release that is %s', async (_title, body, commits) => {
    write({ ...state(), releases: { 'v1.4.0': { ...published, body } }, commits });
    const { status, out } = await move();
    expect(status).toBe(1);
    expect(out).toContain('v1 was not moved to v1.4.0, which is withdrawn or below ');
    expect(state().commits).toEqual(commits);
  });
  test('nothing is published without an attestation', async () => {
    write({ ...state(), attested: false });
    expect(await publish()).toMatchObject({ status: 1 });
    expect(state().releases).toEqual({});
  });
  test('a release that can still be changed is an error', async () => {
    write({ ...state(), immutable: false });
    const { status, out } = await publish();
    expect(status).toBe(1);
    expect(out).toContain('v1.4.0 can still be changed. Turn on immutable releases');
  });
  test('a tag at another commit is an error', async () => {
    write({ ...state(), commits: { v1: 'before', 'v1.4.0': 'other' } });
    const { status, out } = await publish();
    expect(status).toBe(1);
    expect(out).toContain('v1.4.0 is at other, and this run built c4');
  });

  const good = (body: string): Release => ({ ...published, latest: false, body });
  const withdraw = (latest = true) =>
    step('withdraw-release', 'withdraw', 'Withdraw', {
      LATEST: String(latest),
      TAG: 'v1.3.0',
      FLOATING: 'v1',
      WITHDRAWN: 'v1.4.1 v1.4.0',
      BECAUSE: 'A `canary` of "1" instance $HOME ends too early.',
    });
  test('a withdrawal moves the floating tag back, and marks each later release once', async () => {
    const releases = { 'v1.3.0': good('a\n'), 'v1.4.0': good('b\n'), 'v1.4.1': good('c\n') };
    write({ ...state(), releases, commits: { v1: 'c41', 'v1.3.0': 'c3', 'v1.4.0': 'c4', 'v1.4.1': 'c41' } });
    for (const _again of [1, 2]) {
      expect(await withdraw()).toMatchObject({ status: 0 });
      const now = state();
      expect(now.commits['v1']).toBe('c3');
      expect(now.releases['v1.3.0']).toMatchObject({ latest: true, body: 'a\n' });
      expect(now.releases['v1.4.0']?.body).toBe(
        '> **Withdrawn.** Use v1.3.0. A `canary` of "1" instance $HOME ends too early.\n\nb\n\n',
      );
    }
  });
  test('a withdrawal beside a later major version leaves that the latest', async () => {
    const releases = { 'v1.3.0': good('a\n'), 'v1.4.0': good('b\n'), 'v1.4.1': good('c\n'), 'v2.0.0': published };
    write({ ...state(), releases, commits: { v1: 'c41', 'v1.3.0': 'c3' } });
    expect(await withdraw(false)).toMatchObject({ status: 0 });
    expect(state().releases['v2.0.0']?.latest).toBe(true);
  });
  test('a withdrawal to a withdrawn release moves nothing', async () => {
    write({
      ...state(),
      releases: { 'v1.3.0': good('> **Withdrawn.** Use v1.2.0.\n') },
      commits: { v1: 'c41', 'v1.3.0': 'c3' },
    });
    const { status, out } = await withdraw();
    expect(status).toBe(1);
    expect(out).toContain('v1.3.0 is withdrawn itself; name an earlier release.');
    expect(state().commits['v1']).toBe('c41');
  });
  test('a withdrawal to a release that is not verified moves nothing', async () => {
    write({ ...state(), releases: { 'v1.3.0': { ...good('a'), isImmutable: false } }, commits: { v1: 'c41' } });
    expect(await withdraw()).toMatchObject({ status: 1 });
    expect(state().commits).toEqual({ v1: 'c41' });
  });
});

describe('the command', () => {
  const tool = resolve('tools/release.ts');
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'release-'));
    for (const name of ['package.json', 'package-lock.json'])
      writeFileSync(join(folder, name), JSON.stringify({ version: '1.4.0' }));
    writeFileSync(join(folder, 'CHANGELOG.md'), repository.changelog);
    mkdirSync(join(folder, 'actions/rollback/dist'), { recursive: true });
    writeFileSync(join(folder, 'actions/rollback/action.yml'), 'name: x\n');
    writeFileSync(join(folder, 'actions/rollback/dist/index.cjs'), '0;\n');
    const git = (...args: readonly string[]) =>
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args], { cwd: folder });
    git('init', '--quiet');
    git('commit', '--quiet', '--allow-empty', '-m', 'x');
    git('tag', 'v1.3.0');
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const run = (...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [tool, ...args], { cwd: folder, encoding: 'utf8' });
    return { status, stdout, stderr };
  };

  test('prints the outputs of the workflow', () => {
    expect(run('plan')).toEqual({
      status: 0,
      stderr: '',
      stdout: 'tag=v1.4.0\nfloating=v1\nprerelease=false\ndue=true\n',
    });
  });
  test('writes notes and checksums', () => {
    expect(run('notes', 'notes.md').status).toBe(0);
    expect(readFileSync(join(folder, 'notes.md'), 'utf8')).toBe('- new\n');
    writeFileSync(join(folder, 'more.tgz'), 'package');
    expect(run('subjects', 'sums', join(folder, 'more.tgz')).status).toBe(0);
    const sum = (text: string) => createHash('sha256').update(text).digest('hex');
    expect(readFileSync(join(folder, 'sums'), 'utf8')).toBe(
      `${sum('name: x\n')}  actions/rollback/action.yml\n${sum('0;\n')}  actions/rollback/dist/index.cjs\n${sum('package')}  more.tgz\n`,
    );
    expect(checksumsOf(folder, [])).not.toContain('more.tgz');
  });
  test.each([
    [['withdraw', 'v1.3.0'], 'there is nothing to withdraw'],
    [['withdraw'], 'usage: '],
    [['release'], 'usage: '],
  ])('%j ends with one sentence', (args, message) => {
    const { status, stdout, stderr } = run(...args);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^::error::.*\n$/);
    expect(stderr).toContain(message);
  });
});
