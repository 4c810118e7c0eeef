import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readWorkflow } from '../support/workflow-file.ts';

/** A repository at GitHub, as the script of `back-merge` sees it: answers by the path of the request. */
interface Repository {
  readonly releases?: readonly string[];
  /** `base...head`: the commits of `head` that `base` lacks. */
  readonly ahead: Readonly<Record<string, number>>;
  /** Branches to which a pull request from main is open. */
  readonly open?: readonly string[];
  /** GitHub refuses requests of this path. */
  readonly refuses?: string;
  /** The repository's settings let Actions create no pull request: GitHub's default for a new one. */
  readonly createsNone?: boolean;
}

const answersOf = ({ releases = [], ahead, open = [] }: Repository): Readonly<Record<string, string>> => ({
  'repos/acme/churn/git/matching-refs/heads/release/': releases.join('\n'),
  ...Object.fromEntries(
    Object.entries(ahead).map(([between, count]) => [`repos/acme/churn/compare/${between}`, String(count)]),
  ),
  ...Object.fromEntries(['develop', ...releases].map((base) => [`GET base=${base}`, open.includes(base) ? '1' : '0'])),
});

/** `gh`, which writes down the pull requests that it opens. */
const gh = `#!/usr/bin/env node
const { appendFileSync, readFileSync } = require('node:fs');
const { answers, refuses, createsNone } = JSON.parse(readFileSync(process.env.ANSWERS, 'utf8'));
const args = process.argv.slice(2);
const fields = Object.fromEntries(args.flatMap((arg, at) => (args[at - 1] === '-f' ? [arg.split(/=(.*)/s).slice(0, 2)] : [])));
const path = args.find((arg) => arg.startsWith('repos/'));
if (path === refuses) { console.error('HTTP 403'); process.exit(1); }
const method = args[args.indexOf('--method') + 1];
if (method === 'POST' && createsNone) { console.error('gh: GitHub Actions is not permitted to create or approve pull requests. (HTTP 403)'); process.exit(1); }
if (method === 'POST') { appendFileSync(process.env.OPENED, JSON.stringify(fields) + '\\n'); console.log('https://github.test/pull/8'); }
else {
  const answer = answers[method === 'GET' && fields.base ? 'GET base=' + fields.base : path];
  if (answer === undefined) { console.error('unexpected ' + args.join(' ')); process.exit(1); }
  if (answer !== '') console.log(answer);
}
`;

const run = async (repository: Repository) => {
  const { jobs } = await readWorkflow('.github/workflows/gitflow.yml');
  const [step] = jobs['back-merge']?.steps ?? [];
  const folder = mkdtempSync(join(tmpdir(), 'back-merge-'));
  try {
    const [opened, answers] = [join(folder, 'opened'), join(folder, 'answers.json')];
    writeFileSync(opened, '');
    writeFileSync(answers, JSON.stringify({ ...repository, answers: answersOf(repository) }));
    writeFileSync(join(folder, 'gh'), gh, { mode: 0o755 });
    // As a runner starts `shell: bash`.
    const { status, stdout, stderr } = spawnSync(
      'bash',
      ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step?.run ?? ''],
      {
        cwd: folder,
        encoding: 'utf8',
        env: {
          PATH: `${folder}:${process.env['PATH']}`,
          ANSWERS: answers,
          OPENED: opened,
          GH_REPO: 'acme/churn',
          OWNER: 'acme',
          TAG: 'churn_v1.4.0',
          MAIN: 'main',
          DEVELOP: 'develop',
          RELEASE: 'release/',
        },
      },
    );
    const requests = readFileSync(opened, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
    return { status, stdout, stderr, opened: requests.map((line) => JSON.parse(line) as Record<string, string>) };
  } finally {
    rmSync(folder, { recursive: true });
  }
};

describe('the pull request back to develop', () => {
  it('is opened with a title that names the version', async () => {
    const { status, opened, stderr } = await run({ ahead: { 'develop...main': 2 } });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(opened).toEqual([
      {
        title: 'Merge churn_v1.4.0 back into develop',
        head: 'main',
        base: 'develop',
        body: 'churn_v1.4.0 is in production. This brings its commits, and those of a hotfix, to develop.',
      },
    ]);
  });

  it('goes to release branches that are open, too, and to no merged one', async () => {
    const { status, opened } = await run({
      releases: ['release/1.4.0', 'release/1.5.0'],
      ahead: {
        'develop...main': 2,
        'release/1.4.0...main': 1,
        'main...release/1.4.0': 0,
        'release/1.5.0...main': 3,
        'main...release/1.5.0': 4,
      },
    });
    expect({ status, bases: opened.map(({ base }) => base) }).toEqual({
      status: 0,
      bases: ['develop', 'release/1.5.0'],
    });
  });

  it.each([
    ['everything is there already', { ahead: { 'develop...main': 0 } }, 'develop has everything of main.'],
    [
      'one is open',
      { ahead: { 'develop...main': 2 }, open: ['develop'] },
      'A pull request from main to develop is open.',
    ],
  ] as const)('is left out where %s', async (_case, repository, message) => {
    const { status, opened, stdout } = await run(repository);
    expect({ status, opened }).toEqual({ status: 0, opened: [] });
    expect(stdout).toContain(message);
  });

  it.each([
    'repos/acme/churn/git/matching-refs/heads/release/',
    'repos/acme/churn/compare/develop...main',
    'repos/acme/churn/pulls',
  ])('fails where GitHub refuses %s', async (refuses) => {
    const { status, opened } = await run({ ahead: { 'develop...main': 2 }, refuses });
    expect({ status: status !== 0, opened }).toEqual({ status: true, opened: [] });
  });

  it('names the way out where the settings let Actions open none', async () => {
    // docs.github.com, "Managing GitHub Actions settings for a repository": workflows of a new repository are not allowed to create pull requests.
    const { status, stdout, opened } = await run({ ahead: { 'develop...main': 2 }, createsNone: true });
    expect({ status, opened }).toEqual({ status: 1, opened: [] });
    expect(stdout).toMatch(
      /^::error title=Pull request back::churn_v1\.4\.0 is in production, but .* from main to develop /,
    );
    expect(stdout).toContain('Allow GitHub Actions to create and approve pull requests');
  });
});
