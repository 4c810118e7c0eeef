import { type Instant, iso } from '../../clock.ts';
import type { Release, ReleaseRecord, Served } from '../../release/record.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import type { Failure } from '../failure.ts';

/** `status --json`: see docs/status.md and docs/status.schema.json. Instants are ISO 8601, in UTC. */
export interface Status {
  readonly 'schema-version': 1;
  readonly model: string;
  /** When it was read. */
  readonly at: string;
  /** In the order of the manifest. */
  readonly environments: readonly EnvironmentStatus[];
}

export interface EnvironmentStatus {
  readonly environment: string;
  /** Name of the endpoint, of the alias `churn:live` or of the service `cluster/service`. */
  readonly endpoint: string;
  readonly unreadable?: { readonly outcome: string; readonly 'reason-code': string; readonly because: string };
  /** `InService`, as SageMaker says it; `absent` without an endpoint; not for an alias or a service. */
  readonly state?: string;
  /** SageMaker's reason for `Failed`. Foreign text. */
  readonly 'failure-reason'?: string;
  /** The variants of the endpoint, or the versions of an alias or a service. */
  readonly serving?: readonly VariantStatus[];
  /** An endpoint config; `version-7` or `revision-7` of CodeDeploy. */
  readonly configuration?: string;
  /** As the release record has it; absent where no release of this suite brought the configuration. */
  readonly since?: string;
  readonly release?: string;
  /** An update of the endpoint is under way. */
  readonly update?: { readonly to: string; readonly 'started-at'?: string; readonly phases: readonly string[] };
  /** The release that is under way. */
  readonly live?: ReleaseStatus;
  /** The difference between the endpoint and the manifest. Absent: it was not asked for. */
  readonly manifest?: Comparison;
}

export interface VariantStatus {
  readonly name: string;
  /** Semantic version, or `package 7`; absent where the model is of no package of this group. */
  readonly version?: string;
  /** The model, where no version is known. */
  readonly model?: string;
  /** Part of the requests, 0 to 1; absent where only the load balancer knows it. */
  readonly share?: number;
  /** Absent without instances: serverless, alias, service. */
  readonly instances?: { readonly running: number; readonly wanted: number };
}

export interface ReleaseStatus {
  readonly id: string;
  readonly operation: Release['operation'];
  readonly version: string;
  readonly phase: Release['phase'];
  readonly 'started-at': string;
  /** Part of the requests that the candidate has by the release's steps. */
  readonly share?: number;
  /** `run`: a run holds it. `aws`: AWS carries it out without a run, for now. `nobody`: its run is gone. */
  readonly 'held-by': 'run' | 'aws' | 'nobody';
  readonly holder: string;
  readonly until: string;
  readonly actor?: string;
  readonly run?: string;
  /** Commands of people that it has not obeyed yet or has obeyed, oldest first. */
  readonly commands: readonly {
    readonly command: string;
    readonly by: string;
    readonly at: string;
    readonly why: string;
  }[];
}

export interface Comparison {
  readonly agrees: 'yes' | 'no' | 'unknown';
  readonly because: string;
}

/** The answers of AWS about the endpoint, the alias or the service. */
export type Seen = Pick<
  EnvironmentStatus,
  'endpoint' | 'state' | 'failure-reason' | 'serving' | 'configuration' | 'update'
>;

export interface EnvironmentRead extends Seen {
  readonly environment: string;
  readonly unreadable?: Failure;
  readonly record?: ReleaseRecord;
  readonly manifest?: Comparison;
}

export const statusOf = (model: string, at: Instant, read: readonly EnvironmentRead[]): Status => ({
  'schema-version': 1,
  model,
  at: iso(at),
  environments: read.map((one) => environmentStatus(one, at)),
});

const environmentStatus = (
  { unreadable, record, manifest, ...seen }: EnvironmentRead,
  now: Instant,
): EnvironmentStatus => {
  const { configuration } = seen;
  const live = record?.live;
  const served = configuration === undefined ? undefined : servedNow(record, configuration);
  return {
    ...seen,
    ...withoutUndefined({
      unreadable: unreadable && {
        outcome: unreadable.outcome,
        'reason-code': unreadable.reason,
        because: unreadable.because,
      },
      since: served && iso(served.from),
      // Before its end the release that is under way has no entry in the history.
      release: served?.release ?? (live?.candidate.endpointConfig === configuration ? live?.id : undefined),
      live: live && releaseStatus(live, now),
      manifest,
    }),
  };
};

/** The record is a hint: its entry counts only for the configuration that was seen to serve. */
const servedNow = (record: ReleaseRecord | undefined, configuration: string): Served | undefined =>
  record?.history.find(({ endpointConfig, until }) => endpointConfig === configuration && until === undefined);

const releaseStatus = (release: Release, now: Instant): ReleaseStatus => {
  const { lease, leftUntil, run, stepping } = release;
  const isLeft = leftUntil !== undefined && leftUntil > now;
  return {
    id: release.id,
    operation: release.operation,
    version: release.version,
    phase: release.phase,
    'started-at': iso(release.startedAt),
    ...withoutUndefined({ share: stepping?.moves.at(-1)?.share }),
    'held-by': lease.until > now ? 'run' : isLeft ? 'aws' : 'nobody',
    holder: lease.holder,
    until: iso(Math.max(lease.until, leftUntil ?? 0)),
    ...withoutUndefined({ actor: run.actor, run: run.url }),
    commands: release.commands.map(({ command, by, at, why }) => ({ command, by, at: iso(at), why })),
  };
};
