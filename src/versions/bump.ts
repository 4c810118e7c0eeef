import type { Core } from './version.ts';

/** The kind of change that a commit makes, by its message (Conventional Commits 1.0.0). A fix is `other`: every new version is at least a patch. */
export type Change = 'breaking' | 'feature' | 'other';

export type Bump = 'major' | 'minor' | 'patch';

/**
 * A breaking change needs a new major version, a feature for a minor one, all else for a patch. Before 1.0.0 anything may change
 * (semver.org §4), so a breaking change raises the minor number there: the step to 1.0.0 is a decision of people.
 */
export const bumpFor = (base: Core, changes: readonly Change[]): Bump => {
  if (changes.includes('breaking')) return base.major === 0 ? 'minor' : 'major';
  return changes.includes('feature') ? 'minor' : 'patch';
};

export const raise = ({ major, minor, patch }: Core, bump: Bump): Core => {
  switch (bump) {
    case 'major':
      return { major: major + 1, minor: 0, patch: 0 };
    case 'minor':
      return { major, minor: minor + 1, patch: 0 };
    case 'patch':
      return { major, minor, patch: patch + 1 };
  }
};
