import { execFileSync } from 'node:child_process';
import { cpSync, lstatSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { InputError } from '../../schema.ts';
import { quoted } from '../../secrets.ts';
import type { Files } from './references.ts';

/** The user's repository; it is only read. */
export interface Repository {
  readonly root: string;
  /** `acme/churn`, by its remote. */
  readonly name: string;
  /** Absent: HEAD is on no branch. */
  readonly branch?: string;
  readonly main: string;
  /** Workflows and actions as they are on the disk. */
  readonly files: Files;
  /** The path inside of it, for a path from the working folder. @throws {InputError} for a file outside of it */
  inside(option: string, path: string): string;
}

/** A copy that the rehearsal may change. */
export interface Copy {
  readonly folder: string;
  git(...args: readonly string[]): string;
}

/** @throws {InputError} */
export const openRepository = (from: string): Repository => {
  const root = attempt(() => gitIn(from)('rev-parse', '--show-toplevel'));
  if (root === undefined) throw new InputError(`workflow: ${from} is in no git repository`);
  const git = gitIn(root);
  if (attempt(() => git('rev-parse', '--verify', '--quiet', 'HEAD')) === undefined)
    throw new InputError(`workflow: the repository ${root} has no commit yet; commit, and call again`);
  const branch = attempt(() => git('symbolic-ref', '--short', '--quiet', 'HEAD'));
  const remote = attempt(() => git('remote', 'get-url', 'origin')) ?? '';
  const [, name = `local/${basename(root).replace(/[^\w.-]/g, '-')}`] =
    /[:/]([\w.-]+\/[\w.-]+?)(?:\.git)?\/?$/.exec(remote) ?? [];
  const head = attempt(() => git('symbolic-ref', '--short', '--quiet', 'refs/remotes/origin/HEAD'));
  const read = listed(root)
    .filter((path) => /^\.github\/workflows\/[^/]+\.ya?ml$|(^|\/)action\.ya?ml$/.test(path))
    .map((path) => [path, readFileSync(join(root, path), 'utf8')] as const);
  return {
    root,
    name,
    ...(branch === undefined ? {} : { branch }),
    main: head?.replace(/^origin\//, '') ?? 'main',
    files: new Map(read),
    inside: (option, path) => {
      const found = attempt(() => relative(realpathSync(root), realpathSync(resolve(path))));
      if (found === undefined) throw new InputError(`${option}: there is no file ${quoted(path)}`);
      if (found.startsWith('..')) throw new InputError(`${option}: ${quoted(path)} is not in the repository ${root}`);
      return found.split(sep).join('/');
    },
  };
};

/** The commits of the user, and the files of the working tree as they are, without the ignored ones. Nothing is committed yet. */
export const copyRepository = ({ root, name, branch }: Repository, folder: string): Copy => {
  gitIn(root)('clone', '--quiet', '--no-hardlinks', '--', root, folder);
  const git = gitIn(folder);
  git('fetch', '--quiet', '--tags', 'origin', '+refs/remotes/origin/*:refs/remotes/origin/*');
  git('remote', 'set-url', 'origin', `https://github.com/${name}.git`);
  // Nothing of this machine's git signs a commit here, or runs at it.
  for (const [key, value] of Object.entries(settings)) git('config', key, value);
  for (const path of listed(folder)) rmSync(join(folder, path), { recursive: true, force: true });
  for (const path of listed(root)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(root, path), join(folder, path), { verbatimSymlinks: true });
  }
  if (branch !== undefined) git('switch', '--quiet', branch);
  return { folder, git };
};

/** Changes a text file of the copy, if it has another content. */
export const rewrite = ({ folder }: Copy, path: string, change: (text: string) => string): void => {
  const file = join(folder, path);
  writeFileSync(file, change(readFileSync(file, 'utf8')));
};

const settings = {
  'user.name': 'rehearsal',
  'user.email': 'rehearsal@example.com',
  'commit.gpgsign': 'false',
  'tag.gpgsign': 'false',
  'core.hooksPath': '/dev/null',
} as const;

/** Files of the working tree; those of submodules are none. */
const listed = (root: string): readonly string[] =>
  gitIn(root)('ls-files', '--cached', '--others', '--exclude-standard', '-z')
    .split('\0')
    .filter((path) => path !== '' && attempt(() => !lstatSync(join(root, path)).isDirectory()) === true);

const gitIn =
  (cwd: string) =>
  (...args: readonly string[]): string => {
    // A hook of git starts its programs with the address of the user's repository.
    const { GIT_DIR, GIT_WORK_TREE, GIT_INDEX_FILE, ...env } = process.env;
    return execFileSync('git', args, {
      cwd,
      env,
      encoding: 'utf8',
      maxBuffer: 256 * 1024 * 1024,
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  };

const attempt = <Value>(action: () => Value): Value | undefined => {
  try {
    return action();
  } catch {
    return undefined;
  }
};
