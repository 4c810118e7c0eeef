import type { Commits, Compared } from '../../src/world.ts';

/** A commit of a history in memory. */
export interface HistoryCommit {
  readonly sha: string;
  readonly message: string;
  readonly parents: readonly string[];
}

export interface History {
  /** A commit after `parents`; default: after the newest one. @returns its digest */
  commit(message: string, ...parents: readonly string[]): string;
  readonly commits: readonly HistoryCommit[];
  /** @param head the commit that is checked out; default: the newest */
  at(branch: string, head?: string): Commits;
}

export const createHistory = (): History => {
  const commits: HistoryCommit[] = [];
  const before = (sha: string): ReadonlySet<string> => {
    const found = new Set([sha]);
    for (const one of found)
      for (const parent of commits.find((commit) => commit.sha === one)?.parents ?? []) found.add(parent);
    return found;
  };
  const compare = (base: string, head: string): Compared => {
    if (![base, head].every((sha) => commits.some((one) => one.sha === sha))) return { is: 'absent' };
    const [old, present] = [before(base), before(head)];
    const messages = commits.filter(({ sha }) => present.has(sha) && !old.has(sha)).map(({ message }) => message);
    const relation = present.has(base)
      ? base === head
        ? 'identical'
        : 'ahead'
      : old.has(head)
        ? 'behind'
        : 'diverged';
    return { is: 'known', relation, messages };
  };
  return {
    commits,
    commit: (message, ...parents) => {
      const sha = (commits.length + 1).toString(16).padStart(4, 'c').padEnd(40, 'e');
      const newest = commits.at(-1)?.sha;
      commits.push({ sha, message, parents: parents.length > 0 ? parents : newest === undefined ? [] : [newest] });
      return sha;
    },
    at: (branch, head) => ({
      head: async () => ({ commit: head ?? commits.at(-1)?.sha ?? '', branch }),
      compare: async (base, other) => compare(base, other),
    }),
  };
};
