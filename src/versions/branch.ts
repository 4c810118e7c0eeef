import type { VersionNames } from '../manifest/versions.ts';
import type { Core } from './version.ts';

/** The part that a branch plays in a release. */
export type BranchKind =
  | { readonly is: 'main' | 'develop' | 'other' }
  /** `core` is absent when the name of the branch has no version. */
  | { readonly is: 'release' | 'hotfix'; readonly core?: Core };

export const branchKind = (names: VersionNames, branch: string): BranchKind => {
  if (branch === names.main) return { is: 'main' };
  if (branch === names.develop) return { is: 'develop' };
  for (const is of ['release', 'hotfix'] as const)
    if (branch.startsWith(names[is])) {
      const core = readCore(branch.slice(names[is].length));
      return core === undefined ? { is } : { is, core };
    }
  return { is: 'other' };
};

const number = '(0|[1-9]\\d{0,8})';
const corePattern = new RegExp(`^v?${number}\\.${number}(?:\\.${number})?$`);

/** `1.4.0`, `v1.4.0` or `1.4`, which is 1.4.0. */
export const readCore = (text: string): Core | undefined => {
  const found = corePattern.exec(text);
  if (found === null) return undefined;
  const [major = 0, minor = 0, patch = 0] = found.slice(1).map((digits) => Number(digits ?? 0));
  return { major, minor, patch };
};
