import type { Env } from '../env.ts';
import type { Checkout } from '../init/facts.ts';
import { InputError } from '../schema.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { type Git, gitAt } from './git.ts';

/** @throws {InputError} where the folder is in no repository, or git does not read it */
export const readCheckout = async (folder: string, env: Env, signal: AbortSignal): Promise<Checkout> => {
  const git = gitAt(folder, env, signal);
  const top = await git('rev-parse', '--show-toplevel');
  if (top.code !== 0) throw new InputError(whyNot(top));
  const listed = await git('for-each-ref', '--format=%(refname)', 'refs/heads', 'refs/remotes/origin');
  return {
    root: top.stdout.replace(/\r?\n$/, ''),
    branches: [
      ...new Set(
        listed.stdout
          .split('\n')
          .map((name) => name.replace(/^refs\/(heads|remotes\/origin)\//, ''))
          .filter((name) => name !== '' && name !== 'HEAD'),
      ),
    ],
    ...withoutUndefined({
      origin: await one(git, 'remote', 'get-url', 'origin'),
      byDefault: (await one(git, 'symbolic-ref', '--quiet', 'refs/remotes/origin/HEAD'))?.replace(
        /^refs\/remotes\/origin\//,
        '',
      ),
      current: (await one(git, 'symbolic-ref', '--quiet', 'HEAD'))?.replace(/^refs\/heads\//, ''),
    }),
  };
};

/** One line; undefined where git has none. */
const one = async (git: Git, ...args: readonly string[]): Promise<string | undefined> => {
  const { code, stdout } = await git(...args);
  return code === 0 ? stdout.trim() || undefined : undefined;
};

const whyNot = ({ code, stderr }: Awaited<ReturnType<Git>>): string => {
  if (code === 'ENOENT') return 'git is not installed on this machine: install it';
  if (/dubious ownership/.test(stderr))
    return 'git does not read a checkout of another user: run `git config --global --add safe.directory "$PWD"` before';
  return 'this folder is no git repository: go to the checkout of the repository, or run `git init` here';
};
