import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { goldenSet, irisData } from '../../simulator/fixtures/fixtures.ts';
import { commands } from '../../src/commands/all.ts';
import { runCommandLine } from '../../src/commands/run-command-line.ts';
import { copyPlain } from '../../tools/plain-workflows.ts';
import { readWorkflow } from '../support/workflow-file.ts';

const folders = ['examples/github-flow', 'examples/gitflow'] as const;
const text = (path: string): string => readFileSync(path, 'utf8');
const table = (path: string): readonly string[] => text(path).trimEnd().split('\n');
/** The files of a commit: those that Git does not ignore. */
const filesOf = (folder: string): readonly string[] =>
  execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '.'], {
    cwd: folder,
    encoding: 'utf8',
  })
    .trim()
    .split('\n');

const home = process.cwd();
const lint = async (folder: string) => {
  const [out, err]: [string[], string[]] = [[], []];
  const terminal = { out: (line: string) => void out.push(line), err: (line: string) => void err.push(line) };
  const cancellation = { signal: new AbortController().signal, outOfTime: new Promise<void>(() => {}) };
  process.chdir(folder);
  try {
    const code = await runCommandLine(['lint'], commands, () => ({ env: {}, terminal, cancellation }), terminal);
    return { code, err, warnings: out.filter((line) => line.startsWith('warning')) };
  } finally {
    process.chdir(home);
  }
};

describe.each(folders)('the repository in %s', (folder) => {
  const at = (file: string): string => join(folder, file);
  const manifest = parse(text(at('delivery.yml')));
  const environments = Object.keys(manifest.environments);
  const registry: string = manifest.registry?.account ?? manifest.environments.production.account;

  it('has a manifest, a golden set and workflows that lint accepts', async () => {
    const { code, err, warnings } = await lint(folder);
    expect({ code, err }).toEqual({ code: 0, err: [] });
    // In GitHub Flow the reviewers alone decide: lint cannot see them here.
    expect(warnings).toHaveLength(folder.endsWith('github-flow') ? 1 : 0);
    for (const warning of warnings)
      expect(warning).toContain('only the reviewers of the GitHub environment production');
  });

  it('sends the columns of the golden set that the training reads, in this order', () => {
    const [header = '', ...rows] = table(at('golden.csv'));
    const [, ...training] = table(at('training.csv'));
    expect(text(at('training.csv')).split('\n')[0]).toBe(header);
    expect(manifest.regression.request.input).toEqual(header.split(',').slice(2));
    const learned = new Set(training.map((row) => row.split(',')[0]));
    expect(rows.filter((row) => learned.has(row.split(',')[0]))).toEqual([]);
  });

  it('names the manifest’s environments, model and registry in its workflows', async () => {
    const release = await readWorkflow(at('.github/workflows/release.yml'));
    const call = release.jobs[manifest.model];
    expect(call?.with?.['image']).toBe(`${registry}.dkr.ecr.eu-west-1.amazonaws.com/${manifest.model}-serving:1`);
    expect(release.on['push']).toMatchObject({ tags: [`${manifest.model}_v[0-9]+.[0-9]+.[0-9]+`] });
    const { steps = [] } = release.jobs['train'] ?? {};
    const trainer = steps.find(({ uses }) => uses?.startsWith('aws-actions/'));
    expect(trainer?.with?.['role-to-assume']).toBe(`arn:aws:iam::${registry}:role/model-trainer`);
    for (const [file, input] of [
      ['on-model-event', 'take-back'],
      ['watchdog', 'environments'],
    ] as const) {
      const { jobs } = await readWorkflow(at(`.github/workflows/${file}.yml`));
      expect(JSON.parse(String(jobs[manifest.model]?.with?.[input]))).toEqual(environments);
    }
  });

  it('puts no expression into a script', async () => {
    const { jobs } = await readWorkflow(at('.github/workflows/release.yml'));
    for (const { run = '' } of jobs['train']?.steps ?? []) expect(run).not.toContain('${{');
  });

  it('explains every file on its page', () => {
    const page = text(at('README.md'));
    for (const file of filesOf(folder)) if (file !== 'README.md') expect(page).toContain(`\`${file}\``);
  });
});

describe('the two repositories', () => {
  it('train and serve by the same code', () => {
    for (const file of ['train.py', 'requirements.txt', 'serving/serve.py', 'serving/Dockerfile', '.gitignore'])
      expect(text(join(folders[1], file))).toBe(text(join(folders[0], file)));
  });

  it('have the data that the simulator’s callers send', () => {
    const { rows } = irisData();
    const numbers = (file: string) =>
      table(join(folders[0], file))
        .slice(1)
        .map((row) => row.split(',').slice(2).map(Number));
    expect([...numbers('golden.csv'), ...numbers('training.csv')].sort()).toEqual(
      rows.map((row) => row.slice(0, 4).map(Number)).sort(),
    );
    expect(text(join(folders[1], 'golden.csv'))).toBe(goldenSet('segments').content.toString());
  });

  it('train with the versions that the other values are computed with', () => {
    const pinned = /^oracles='(.*)'$/m.exec(text('tools/install-verifiers.sh'))?.[1]?.split(' ') ?? [];
    for (const requirement of table(join(folders[0], 'requirements.txt'))) expect(pinned).toContain(requirement);
  });
});

describe('the copies in older words', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'plain-'));
    copyPlain(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('have every workflow, and every example under a name of its own', () => {
    const found = globSync('.github/workflows/*.yml', { cwd: folder }).map((path) => basename(path, '.yml'));
    for (const name of ['github-flow', 'gitflow', 'watchdog', 'on-model-event']) {
      expect(text(join(folder, `.github/workflows/${name}.yml`))).toContain('workflow_call:');
      expect(text(join(folder, `.github/workflows/examples-${name}.yml`))).toContain(
        `uses: ./.github/workflows/${name}.yml`,
      );
    }
    expect(found).toEqual(expect.arrayContaining(['examples-github-flow-release', 'examples-gitflow-release']));
  });
});
