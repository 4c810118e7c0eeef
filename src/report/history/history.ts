import { type Instant, iso } from '../../clock.ts';
import type { ShownVersion } from '../../registry/shown-version.ts';
import { unnamedVersion } from '../../registry/version-reference.ts';
import type { Release, ReleaseRecord, Served } from '../../release/record.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import type { Failure } from '../failure.ts';

/** One environment of the manifest, as far as it could be read. */
export interface EnvironmentRead {
  readonly environment: string;
  readonly endpoint: string;
  /** Absent: no release was recorded, or it could not be read. */
  readonly record?: ReleaseRecord;
  readonly unreadable?: Failure;
}

export interface HistoryFilter {
  /** Only releases that went on after this instant. */
  readonly since?: Instant;
  /** Only releases that brought this version or took it away. */
  readonly version?: { readonly version: string } | { readonly packageVersion: number };
  /** At most so many releases and so many configurations, the newest ones. */
  readonly limit?: number;
}

/** `history --json`: see docs/history.md and docs/history.schema.json. Instants are ISO 8601, in UTC. */
export interface History {
  readonly 'schema-version': 1;
  readonly model: string;
  /** In the order of the manifest. */
  readonly environments: readonly EnvironmentHistory[];
  /** Newest first. */
  readonly releases: readonly ReleaseHistory[];
  /** Newest first. */
  readonly served: readonly ServedHistory[];
  /** Versions of these releases, by package number, the highest first. */
  readonly versions: readonly VersionHistory[];
}

interface EnvironmentHistory {
  readonly environment: string;
  readonly endpoint: string;
  /** The id of the release that is under way. */
  readonly live?: string;
  readonly unreadable?: { readonly outcome: string; readonly 'reason-code': string; readonly because: string };
  /** Why the registry shows no approval. */
  readonly 'without-approvals'?: string;
}

export interface ReleaseHistory {
  readonly id: string;
  readonly environment: string;
  readonly endpoint: string;
  readonly operation: Release['operation'];
  readonly version: string;
  readonly 'package-version'?: number;
  /** The version that served before; a configuration without one by the name of its endpoint config. */
  readonly from?: string;
  readonly attempt: number;
  readonly 'started-at': string;
  readonly 'ended-at'?: string;
  readonly seconds?: number;
  /** The phase of a release that is under way. */
  readonly live?: string;
  readonly actor?: string;
  /** Of a run without an actor. */
  readonly holder?: string;
  readonly commit?: string;
  readonly run?: string;
  /** The reason that a person gave. */
  readonly why?: string;
  readonly commands: readonly {
    readonly command: string;
    readonly by: string;
    readonly at: string;
    readonly why: string;
  }[];
  readonly outcome?: string;
  readonly 'reason-code'?: string;
  readonly because?: string;
  readonly serving?: NonNullable<Release['serving']>;
  /** Share of the traffic that the version has at the end, or has now: 0 to 1. */
  readonly share?: number;
  /** Of a rollout in steps: the highest share on the way. */
  readonly 'highest-share'?: number;
}

export interface ServedHistory {
  readonly environment: string;
  readonly endpoint: string;
  readonly version?: string;
  readonly 'endpoint-config': string;
  readonly from: string;
  /** Absent while it serves. */
  readonly until?: string;
  readonly good: boolean;
  readonly ended?: NonNullable<Served['ended']>;
  /** The release that brought it. */
  readonly release?: string;
}

export interface VersionHistory {
  readonly version: string;
  readonly 'package-version': number;
  /** Environments whose registry it is. */
  readonly environments: readonly string[];
  readonly approval: string;
  readonly because?: string;
  /** Of the package: by the approver, unless it was changed since. */
  readonly 'last-modified-by'?: string;
  readonly 'last-modified-at'?: string;
  readonly stage?: string;
  readonly 'stage-status'?: string;
  /** Of the package; where it was taken over, those of its source. */
  readonly commit?: string;
  readonly run?: string;
  /** The package that it was taken over from: `churn/7`. */
  readonly 'taken-from'?: string;
  /** Of a version that was taken over: its own. */
  readonly 'version-commit'?: string;
  readonly 'version-run'?: string;
}

/** The same records give the same text: nothing in it depends on the order of the answers of AWS. */
export const historyOf = (model: string, read: readonly EnvironmentRead[], filter: HistoryFilter): History => ({
  'schema-version': 1,
  model,
  environments: read.map(({ environment, endpoint, record, unreadable }) => ({
    environment,
    endpoint,
    ...withoutUndefined({
      live: record?.live?.id,
      unreadable: unreadable && {
        outcome: unreadable.outcome,
        'reason-code': unreadable.reason,
        because: unreadable.because,
      },
    }),
  })),
  releases: newest(
    read.flatMap((one) =>
      releasesIn(one)
        .filter((release) => concerns(release, filter))
        .map((release) => releaseHistory(one, release)),
    ),
    ({ 'started-at': from }) => from,
    filter,
  ),
  served: newest(
    read.flatMap((one) =>
      (one.record?.history ?? [])
        .filter((served) => servedIn(served, filter))
        .map((served) => servedHistory(one, served)),
    ),
    ({ from }) => from,
    filter,
  ),
  versions: [],
});

/** `historyOf`, with the registry's answers about its versions. */
export const withVersions = (history: History, versions: readonly VersionHistory[]): History => ({
  ...history,
  versions: [...versions].sort(
    (a, b) =>
      b['package-version'] - a['package-version'] || a.environments.join().localeCompare(b.environments.join(), 'en'),
  ),
});

export const versionHistory = (
  { version, packageVersion, approval, approvalDescription, lastModified, lifeCycle, origin }: ShownVersion,
  environments: readonly string[],
): VersionHistory => ({
  version,
  'package-version': packageVersion,
  environments,
  approval,
  ...withoutUndefined({
    because: approvalDescription,
    'last-modified-by': lastModified?.by,
    'last-modified-at': lastModified && iso(lastModified.at),
    stage: lifeCycle?.stage,
    'stage-status': lifeCycle?.status,
    commit: origin.commit,
    run: origin.run,
    'taken-from': origin.takenFrom,
    'version-commit': origin.ownCommit,
    'version-run': origin.ownRun,
  }),
});

const releasesIn = ({ record }: EnvironmentRead): readonly Release[] =>
  record === undefined ? [] : [...(record.live ? [record.live] : []), ...record.ended];

const concerns = (
  { version, candidate, baseline, withdraws, endedAt }: Release,
  { since, version: wanted }: HistoryFilter,
): boolean =>
  (since === undefined || endedAt === undefined || endedAt >= since) &&
  (wanted === undefined ||
    ('version' in wanted
      ? [version, candidate.version, baseline?.version, withdraws].includes(wanted.version)
      : [candidate.packageVersion, baseline?.packageVersion].includes(wanted.packageVersion) ||
        withdraws === unnamedVersion(wanted.packageVersion)));

const servedIn = ({ version, packageVersion, until }: Served, { since, version: wanted }: HistoryFilter): boolean =>
  (since === undefined || until === undefined || until >= since) &&
  (wanted === undefined ||
    ('version' in wanted ? version === wanted.version : packageVersion === wanted.packageVersion));

/** The sort is stable: entries of one instant stay in the order of the manifest, then of the record. */
const newest = <Entry>(entries: readonly Entry[], at: (entry: Entry) => string, { limit }: HistoryFilter) =>
  [...entries].sort((a, b) => (at(a) < at(b) ? 1 : at(a) > at(b) ? -1 : 0)).slice(0, limit);

const releaseHistory = ({ environment, endpoint }: EnvironmentRead, release: Release): ReleaseHistory => {
  const { id, operation, version, candidate, baseline, attempt, startedAt, endedAt, phase, run, lease } = release;
  return {
    id,
    environment,
    endpoint,
    operation,
    version,
    ...withoutUndefined({
      'package-version': candidate.packageVersion,
      from: baseline && (baseline.version ?? baseline.endpointConfig),
    }),
    attempt,
    'started-at': iso(startedAt),
    ...withoutUndefined({
      'ended-at': endedAt === undefined ? undefined : iso(endedAt),
      seconds: endedAt === undefined ? undefined : Math.round((endedAt - startedAt) / 1000),
      live: endedAt === undefined ? phase : undefined,
      actor: run.actor,
      holder: run.actor === undefined ? lease.holder : undefined,
      commit: run.commit,
      run: run.url,
      why: release.why,
    }),
    commands: release.commands.map(({ command, by, at, why }) => ({ command, by, at: iso(at), why })),
    ...withoutUndefined({
      outcome: release.outcome,
      'reason-code': release.reason,
      because: release.because,
      serving: release.serving,
      share: shareOf(release),
      'highest-share': highestShareOf(release),
    }),
  };
};

/** A config that only adds a candidate without traffic serves the version before. */
const shareOf = ({ serving, candidate, stepping, endedAt }: Release): number | undefined => {
  if (endedAt === undefined) return stepping?.moves.at(-1)?.share;
  if (serving === 'baseline') return 0;
  if (serving === 'candidate') return candidate.beside === undefined ? 1 : 0;
  return undefined;
};

const highestShareOf = ({ stepping }: Release): number | undefined =>
  stepping === undefined ? undefined : Math.max(0, ...stepping.moves.map(({ share }) => share));

const servedHistory = ({ environment, endpoint }: EnvironmentRead, served: Served): ServedHistory => ({
  environment,
  endpoint,
  ...withoutUndefined({ version: served.version }),
  'endpoint-config': served.endpointConfig,
  from: iso(served.from),
  ...withoutUndefined({ until: served.until === undefined ? undefined : iso(served.until) }),
  good: served.good,
  ...withoutUndefined({ ended: served.ended, release: served.release }),
});
