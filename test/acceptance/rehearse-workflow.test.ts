import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { rehearse } from '../../src/rehearsal/main.ts';
import { suiteFiles } from '../../src/rehearsal/workflow/suite.ts';
import { createRepository, type GitRepository } from '../support/git-repository.ts';

// The plays themselves need act: tools/act-rehearse.ts.

const release = '.github/workflows/release.yml';
const workflow = `\
on: { push: { branches: [main] } }
jobs:
  deploy:
    steps:
      - uses: other/setup@v1
      - uses: acme/model-delivery/actions/deploy-endpoint@v1
`;
const manifest = `\
version: 1
model: churn
environments:
  production:
    endpoint: { name: churn, execution-role: churn-serving, instance: { type: ml.m5.large, count: 1 } }
    rollout: { strategy: all-at-once, final-bake: 0s, minimum-requests: 0 }
`;
const good = { [release]: workflow, 'delivery.yml': manifest };

let repository: GitRepository;
beforeEach(() => {
  repository = createRepository();
});
afterEach(() => repository.remove());

const write = (files: Readonly<Record<string, string>>): void => {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(repository.root, path)), { recursive: true });
    writeFileSync(join(repository.root, path), text);
  }
};

const run = async (...args: readonly string[]) => {
  const err: string[] = [];
  const terminal = { out: () => {}, err: (text: string) => void err.push(text) };
  const out = join(repository.root, 'out');
  const code = await rehearse(['--workflow', join(repository.root, release), '--out', out, ...args], terminal);
  return { code, err: err.join('\n').replaceAll(repository.root, '…'), wrote: existsSync(out) };
};

/** Of people who have committed everything. */
const committed = (files: Readonly<Record<string, string>>): void => {
  write(files);
  repository.git('add', '.');
  repository.commit('feat: all');
};

test.each<[title: string, files: Readonly<Record<string, string>>, args: readonly string[], message: string]>([
  ['no workflow', { 'delivery.yml': manifest }, [], 'workflow: there is no file '],
  [
    'an unreadable workflow',
    { ...good, [release]: 'on: [' },
    [],
    'workflow: .github/workflows/release.yml has no `on` and `jobs` that can be read',
  ],
  [
    'a workflow without the suite',
    { ...good, [release]: 'on: push\njobs: { a: { steps: [{ uses: actions/checkout@v6 }] } }' },
    [],
    'workflow: .github/workflows/release.yml uses no action and no workflow of this suite',
  ],
  [
    'no manifest',
    { [release]: workflow },
    [],
    'manifest: there is no delivery.yml in …; name the file with --manifest',
  ],
  [
    'a wrong manifest',
    { ...good, 'delivery.yml': manifest.replace('version: 1', 'version: 2') },
    [],
    'delivery.yml:1:10: version:',
  ],
  [
    'an unknown event',
    good,
    ['--event', 'release'],
    'event: "release" is not allowed; expected push, push:BRANCH, tag:NAME',
  ],
  [
    'an event without effect',
    good,
    ['--event', 'pull_request'],
    'event: "pull_request" does not start .github/workflows/release.yml: its `on` has push',
  ],
  [
    'a branch without effect',
    good,
    ['--event', 'push:develop'],
    'event: "push:develop" does not start .github/workflows/release.yml: its `branches` are main',
  ],
  [
    'an unknown fault',
    good,
    ['--fault', 'earthquake'],
    'fault: "earthquake" is not allowed; expected throttled, server-errors,',
  ],
  ['a map that is none', good, ['--map', 'setup'], 'map: "setup" is not allowed; expected OWNER/NAME=FOLDER'],
  [
    'a map that nothing uses',
    good,
    ['--map', 'other/setpu=.'],
    'map: .github/workflows/release.yml does not use "other/setpu"; did you mean other/setup?',
  ],
  ['a map to no folder', good, ['--map', 'other/setup=no-such-folder'], 'map: there is no folder "no-such-folder"'],
  [
    'an option of a manifest alone',
    good,
    ['--strategy', 'steps'],
    '--strategy: a workflow is rehearsed with its manifest as it is; leave it out, or --workflow',
  ],
  ['a scenario', good, ['--all'], '--all: a workflow of your own is no scenario; give one of the two'],
])('%s', async (_title, files, args, message) => {
  committed(files);
  const found = await run(...args);
  expect(found).toEqual({ code: 2, err: expect.stringContaining(`rehearse: ${message}`), wrote: false });
});

test('a folder that is no repository, one without a commit, a file that git ignores, a HEAD on no branch', async () => {
  write(good);
  expect((await run()).err).toContain('workflow: the repository … has no commit yet');
  repository.git('add', 'delivery.yml');
  repository.commit('feat: a manifest');
  writeFileSync(join(repository.root, '.gitignore'), '.github\n');
  expect((await run()).err).toContain('is not a file that git knows in .github/workflows of …');
  rmSync(join(repository.root, '.gitignore'));
  repository.git('switch', '--quiet', '--detach');
  expect((await run()).err).toContain(
    'event: HEAD is on no branch; name one that is pushed first, as in --event push:main',
  );
  rmSync(join(repository.root, '.git'), { recursive: true });
  expect((await run()).err).toContain('workflow: …/.github/workflows is in no git repository');
});

test('without act the error says where it is to be had', async () => {
  committed(good);
  const path = process.env['PATH'];
  try {
    // git alone.
    process.env['PATH'] = dirname(execFileSync('which', ['git'], { encoding: 'utf8' }).trim());
    const { code, err } = await run();
    expect({ code, err }).toEqual({
      code: 2,
      err: expect.stringContaining('act is not on the PATH; it plays the workflow: '),
    });
  } finally {
    process.env['PATH'] = path;
  }
});

test('an option of a workflow needs one', async () => {
  const err: string[] = [];
  const terminal = { out: () => {}, err: (text: string) => void err.push(text) };
  expect(await rehearse(['--event', 'push'], terminal)).toBe(2);
  expect(err.join('')).toBe('rehearse: --event: give the workflow to which it belongs, with --workflow');
});

test('the package has the workflows and actions that a rehearsal copies', () => {
  const packed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 64 * 1024 * 1024,
  });
  const [{ files }] = JSON.parse(packed) as readonly [{ readonly files: readonly { readonly path: string }[] }];
  const paths = new Set(files.map(({ path }) => path));
  const needed = [...suiteFiles().keys()].flatMap((path) =>
    path.endsWith('.yml') ? [path] : [`${path}/action.yml`, `${path}/dist/index.cjs`],
  );
  expect(needed.filter((path) => !paths.has(path))).toEqual([]);
  expect(needed.length).toBeGreaterThan(15);
});
