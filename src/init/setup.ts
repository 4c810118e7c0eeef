import type { Place } from '../policy-resources.ts';
import type { Account } from '../world.ts';
import type { Repository } from './repository.ts';

export const flowNames = ['github-flow', 'gitflow'] as const;
export type FlowName = (typeof flowNames)[number];
export const flowTitles: Readonly<Record<FlowName, string>> = { 'github-flow': 'GitHub Flow', gitflow: 'Gitflow' };

/** One environment of the manifest, which is also a GitHub environment. */
export interface Stage {
  readonly name: string;
  readonly endpoint: string;
}

/** The branches by their parts in a flow. */
export interface Branches {
  readonly main: string;
  /** With Gitflow. */
  readonly develop: string;
  /** The one that schedules and events run on. */
  readonly byDefault: string;
}

/** The repository whose workflows are called, and a branch, tag or commit there. */
export interface Source {
  readonly repository: string;
  readonly ref: string;
}

/** Everything that a repository is written for. */
export interface Setup {
  readonly flow: FlowName;
  readonly model: string;
  readonly account: Account;
  readonly repository: Repository;
  readonly branches: Branches;
  /** Absent: no environment for the development. */
  readonly dev?: Stage;
  readonly staging: Stage;
  readonly production: Stage;
  readonly source: Source;
  /** The names in the policies that all environments share. */
  readonly shared: Pick<Place, 'executionRole' | 'releases' | 'artifacts' | 'repository'> &
    Partial<Pick<Place, 'kmsAlias'>>;
  readonly trainingJob?: string;
  /** Of a live endpoint: facts about its roles and configs that belong to no policy. */
  readonly remarks?: readonly string[];
}

/** A file of the repository, by its path from the root. */
export interface WrittenFile {
  readonly path: string;
  readonly content: string;
}

/** In the order of a delivery. */
export const stagesOf = ({ dev, staging, production }: Setup): readonly Stage[] => [
  ...(dev === undefined ? [] : [dev]),
  staging,
  production,
];

/** A page of the suite, as people read it. */
export const pageAt = ({ repository, source }: Setup, page: string): string =>
  `https://${repository.host}/${source.repository}/blob/${source.ref}/${page}`;

export const deployerOf = ({ endpoint }: Stage): string => `${endpoint}-deployer`;
export const restorerOf = ({ endpoint }: Stage): string => `${endpoint}-restorer`;
export const plannerOf = ({ production }: Setup): string => `${production.endpoint}-planner`;
export const testerOf = ({ production }: Setup): string => `${production.endpoint}-tester`;

/** Whose jobs need no reviewer: they go back. */
export const rollbackOf = ({ name }: Pick<Stage, 'name'>): string => `${name}-rollback`;
