import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A real git repository in a temporary folder. */
export interface GitRepository {
  readonly root: string;
  /** @returns the standard output, without white space at its ends */
  git(...args: readonly string[]): string;
  /** A commit that gives these files another content; without any an empty one. @returns its digest */
  commit(message: string, ...files: readonly string[]): string;
  remove(): void;
}

/** No configuration of this machine reaches it: its identity, its signing and its hooks are none. */
const environment = {
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_AUTHOR_NAME: 'Mina',
  GIT_AUTHOR_EMAIL: 'mina@example.com',
  GIT_COMMITTER_NAME: 'Mina',
  GIT_COMMITTER_EMAIL: 'mina@example.com',
};

const repositoryAt = (root: string): GitRepository => {
  const git = (...args: readonly string[]): string =>
    execFileSync('git', args, {
      cwd: root,
      env: environment,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  return {
    root,
    git,
    commit: (message, ...files) => {
      for (const file of files) {
        mkdirSync(dirname(join(root, file)), { recursive: true });
        appendFileSync(join(root, file), 'x\n');
        git('add', '--', file);
      }
      writeFileSync(join(root, '.git', 'MESSAGE'), message);
      git('commit', '--quiet', '--allow-empty', '--allow-empty-message', '--cleanup=verbatim', '--file=.git/MESSAGE');
      return git('rev-parse', 'HEAD');
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
};

/** @param options.root a folder for it; default: a new one */
export const createRepository = ({ root }: { readonly root?: string } = {}): GitRepository => {
  const repository = repositoryAt(root ?? mkdtempSync(join(tmpdir(), 'repository-')));
  repository.git('init', '--quiet', '--initial-branch=main');
  return repository;
};

/** As actions/checkout does it with a `fetch-depth`. */
export const shallowClone = (of: GitRepository, depth: number): GitRepository => {
  const clone = repositoryAt(mkdtempSync(join(tmpdir(), 'repository-')));
  clone.git('clone', '--quiet', `--depth=${depth}`, `file://${of.root}`, '.');
  return clone;
};
