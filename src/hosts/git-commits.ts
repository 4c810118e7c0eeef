import { isCommitDigest } from '../digest.ts';
import type { Env } from '../env.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { Commits, Compared } from '../world.ts';
import { type End, gitAt, mostBytes } from './git.ts';

/**
 * The history of the checkout at `root`, read by the machine's git.
 */
export const gitCommits = (root: string, env: Env, signal: AbortSignal): Commits => {
  const git = gitAt(root, env, signal);
  // A digest in the registry is foreign text: only a whole one is passed to git, so that none can be an option.
  const has = async (commit: string): Promise<boolean> =>
    isCommitDigest(commit) && (await git('cat-file', '-e', `${commit}^{commit}`)).code === 0;
  const contains = async (commit: string, other: string): Promise<boolean> =>
    (await git('merge-base', '--is-ancestor', other, commit)).code === 0;

  return {
    head: async () => {
      const [commit, branch] = [
        await git('rev-parse', '--verify', 'HEAD^{commit}'),
        await git('symbolic-ref', '--quiet', 'HEAD'),
      ];
      if (commit.code !== 0) return undefined;
      const name = branch.code === 0 ? /^refs\/heads\/(.+)$/.exec(branch.stdout.trim())?.[1] : undefined;
      return { commit: commit.stdout.trim(), ...withoutUndefined({ branch: name }) };
    },
    compare: async (base, head, paths) => {
      // A shallow checkout has the files of its commit too, and GitHub does not check the paths.
      if (paths.length > 0 && (await has(head)))
        for (const path of paths) {
          const found = await git('--literal-pathspecs', 'ls-tree', '--full-tree', '--name-only', head, '--', path);
          if (found.code !== 0) return { is: 'unreadable', because: whyNot(found) };
          if (found.stdout === '') return { is: 'no-path', path };
        }
      const shallow = await git('rev-parse', '--is-shallow-repository');
      if (shallow.code !== 0) return { is: 'unreadable', because: whyNot(shallow) };
      if (shallow.stdout.trim() !== 'false') return { is: 'unreadable', because: cutOff };
      if (!(await has(base)) || !(await has(head))) return { is: 'absent' };
      const [ahead, behind] = [await contains(head, base), await contains(base, head)];
      const filter = paths.length === 0 ? [] : ofPaths;
      const listed = await git(
        'log',
        '--no-color',
        '--no-show-signature',
        '--encoding=UTF-8',
        `--format=${start}%B${end}`,
        ...filter,
        `${base}..${head}`,
        '--',
        ...paths.map((path) => `:(top,literal)${path}`),
      );
      if (listed.code !== 0) return { is: 'unreadable', because: whyNot(listed) };
      const commits = commitsIn(listed.stdout);
      const counted = paths.length === 0 ? commits : commits.filter(({ changes }) => changes);
      return { is: 'known', relation: relationOf(ahead, behind), messages: counted.map(({ message }) => message) };
    },
  };
};

const relationOf = (ahead: boolean, behind: boolean): Extract<Compared, { is: 'known' }>['relation'] => {
  if (ahead) return behind ? 'identical' : 'ahead';
  return behind ? 'behind' : 'diverged';
};

/** No message contains a NUL. */
const [start, end] = ['%x00%x00', '%x00'];

/**
 * The commits of side branches too, and the names of the files that each changes: a merge those of its branch. Git lists a merge also
 * where its branch alone lacks a change; such a merge changes no file here.
 */
const ofPaths = ['--full-history', '--name-only', '--no-renames', '--no-follow', '--diff-merges=first-parent'];

interface ListedCommit {
  readonly message: string;
  /** Whether names of files follow the message. */
  readonly changes: boolean;
}

const commitsIn = (listed: string): readonly ListedCommit[] =>
  listed
    .split('\0\0')
    .slice(1)
    .map((commit) => commit.split('\0'))
    .map(([message = '', names = '']) => ({ message, changes: names.trim() !== '' }));

const cutOff =
  'the checkout has only a part of the history: set `fetch-depth: 0` for actions/checkout, or run `git fetch --unshallow`';

const whyNot = ({ code, stderr }: End): string => {
  if (code === 'ENOENT') return 'git is not installed on this machine: install it, or give the version itself';
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER')
    return `there are more than ${mostBytes / 1024 / 1024} MiB of messages since then: give the version itself once`;
  if (/dubious ownership/.test(stderr))
    return 'git does not read a checkout of another user: run `git config --global --add safe.directory "$PWD"` before';
  if (/not a tree object|unable to read|could not fetch|missing (tree|object)|bad tree/i.test(stderr))
    return 'the clone left out the folders of its commits: clone without `--filter=tree:0`';
  if (/unrecognized argument/.test(stderr)) return 'git is older than 2.31: update it, or give the version itself';
  return 'this folder is no git repository: check the repository out, with `fetch-depth: 0`';
};
