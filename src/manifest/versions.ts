/** Names of branches in a repository, the first version, and the commits that count: `versions:` of the manifest, every default filled in. */
export interface VersionNames {
  /** The branch whose commits become final versions. */
  readonly main: string;
  /** The branch of the next minor version. */
  readonly develop: string;
  /** Beginning of the names of release branches; the version follows. */
  readonly release: string;
  /** Beginning of the names of hotfix branches; the version follows. */
  readonly hotfix: string;
  /** The version of a model that has no final one yet. */
  readonly first: string;
  /** Folders and files from the root of the repository whose commits count; empty: all commits do. */
  readonly paths: readonly string[];
}

/** Gitflow's names. With GitHub Flow only `main` exists. */
export const usualNames: VersionNames = {
  main: 'main',
  develop: 'develop',
  release: 'release/',
  hotfix: 'hotfix/',
  first: '1.0.0',
  paths: [],
};
