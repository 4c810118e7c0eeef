import { type Instant, iso, minutes } from '../clock.ts';
import { refuseForeign } from '../delivery/provenance.ts';
import { outputsOf, type ReleaseOutputs } from '../delivery/release-outputs.ts';
import type { Opening } from '../delivery/run-release.ts';
import { baselineOf } from '../endpoint/baseline.ts';
import { kindOf, kindOfConfiguration, mayBecome } from '../endpoint/kind.ts';
import { contentOf, type Look, withPackages } from '../endpoint/look.ts';
import type { LiveEndpoint } from '../endpoint/observe.ts';
import { refuseOtherKind } from '../endpoint/refuse-kind.ts';
import { alone, type Candidate, candidateOf, canonicalOf, servesCanonical } from '../endpoint/variants.ts';
import { environmentOf } from '../manifest/load.ts';
import { mechanisms } from '../mechanisms/all.ts';
import { Refusal } from '../operation.ts';
import { lastGood, nameAlone } from '../release/history.ts';
import type { Configuration, Release, ReleaseRecord, Served } from '../release/record.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import type { RollbackInputs } from './rollback-inputs.ts';

/** A decided way back, for whatever reason. */
export interface WayBack {
  /** The configuration to publish; a candidate beside it does not come back. */
  readonly target: Configuration;
  readonly because: string;
  /** An update and its rollback failed, so two configurations serve. */
  readonly mixed: boolean;
  /** For the plan. */
  readonly notes: readonly string[];
  /** `Release.withdraws`. */
  readonly withdraws?: string;
  /** `Release.rejected`. */
  readonly rejected?: true;
  /** `Release.named`. */
  readonly named?: true;
}

/** Checks the target, and plans the release that publishes it. @throws {Refusal} when it may not be published here */
export const wayBack = async (
  world: World,
  { manifest, environment }: Pick<RollbackInputs, 'manifest' | 'environment'>,
  record: ReleaseRecord,
  look: Look,
  { target, mixed, because, notes, withdraws, rejected, named }: WayBack,
): Promise<Opening<ReleaseOutputs>> => {
  const { endpoint } = record;
  const { live } = look;
  const candidate = alone(target);
  await refuseForeign(
    world,
    { endpoint, model: manifest.model, ...(mixed ? { shown: live.endpointConfig } : {}) },
    candidate,
  );
  // A release that made the serving config was allowed to make its kind. Others may have made another kind since.
  if (!isOurs(record, live))
    refuseOtherKind(
      endpoint,
      look,
      kindOf(look, record),
      kindOfConfiguration(await withPackages(world, await contentOf(world, candidate.endpointConfig))),
      environmentOf(manifest, environment).endpoint,
    );
  const canonical = canonicalOf(live);
  if (canonical === undefined) throw new Error(`${endpoint} has no variant that serves`);
  const baseline = leaving(look, record);
  if (!mayBecome(baseline, candidate))
    throw new Refusal(
      'nothing-to-roll-back-to',
      `${nameOf(candidate)} served without instances, and SageMaker does not update an endpoint with instances back to a serverless one: name another version with to, or deploy one`,
    );
  const planned = await mechanisms.replacement.plan(world, {
    operation: 'rollback',
    record,
    from: baseline,
    to: candidate,
    variant: canonical,
    because,
    notes,
    ...withoutUndefined({ withdraws, rejected, named }),
  });
  return { is: 'begin', ...planned, plan: { ...planned.plan, notes: [...planned.plan.notes, ...look.notes] } };
};

/** The configuration to leave. A candidate that was never published but has traffic is the one that is taken back. */
const leaving = (look: Look, record: ReleaseRecord): Configuration => {
  const { live } = look;
  const baseline = baselineOf(look, record);
  const beside = candidateOf(live, record);
  if (beside === undefined) return baseline;
  return servesCanonical(live)
    ? { ...baseline, beside: beside.beside }
    : { ...beside.configuration, instanceCount: baseline.instanceCount };
};

/** The end of the candidate without traffic, and the request for the other thing that a rollback can mean. */
export const notesOn = (
  { version }: Candidate,
  to: Configuration,
  record: ReleaseRecord,
  isWithdrawal: boolean,
): readonly string[] => {
  const further = isWithdrawal ? lastGood(record.history, to) : undefined;
  return [
    ...(isWithdrawal
      ? [
          `${nameOf(to)} keeps all traffic; ${further === undefined ? 'no version served well before it' : `to go back past it, to ${nameOf(alone(further))}, name that with to`}`,
        ]
      : [`the candidate ${version}, which has no traffic, goes too; without to a rollback removes it alone`]),
    `this does not convict ${version}`,
  ];
};

/** A release of this record made the serving config. */
const isOurs = ({ ended }: ReleaseRecord, { endpointConfig }: LiveEndpoint): boolean =>
  ended.some(
    ({ candidate, operation }) =>
      operation !== 'rollback' && [candidate.endpointConfig, candidate.beside?.candidate].includes(endpointConfig),
  );

/** Two configurations serve: the target is the one that served before the failed update (AWS: "Use rolling deployments"). */
export const homeOf = (record: ReleaseRecord, look: Look): Configuration =>
  record.ended.find(({ reason }) => reason !== 'abandoned')?.baseline ?? baselineOf(look, record);

export const configurationOf = ({
  release: _release,
  from: _from,
  until: _until,
  good: _good,
  ended: _ended,
  ...configuration
}: Served): Configuration => configuration;

export const served = ({ history }: ReleaseRecord): string =>
  history.length === 0
    ? 'the history is empty'
    : `the history has ${[...new Set(history.map((entry) => entry.version ?? nameAlone(entry)))].join(', ')}`;

/** The order to abort the release is this run's, or its person's. */
export const wasStoppedBy = ({ run }: Pick<World, 'run'>, { commands }: Pick<Release, 'commands'>): boolean =>
  commands.some(({ command, by }) => command === 'abort' && by === (run.actor ?? run.holder));

export const nameOf = ({ version, endpointConfig }: Pick<Configuration, 'version' | 'endpointConfig'>): string =>
  version ?? endpointConfig;

/** Two rollbacks in a row are one incident. A second one after days may mean another version, so a person must name it. */
export const refuseLongAgo = (
  world: World,
  record: ReleaseRecord,
  { id, startedAt, endedAt = startedAt }: Release,
): void => {
  if (!isLongAgo(world, endedAt)) return;
  throw new Refusal(
    'nothing-to-roll-back-to',
    `${id} left ${record.endpoint} where it is at ${iso(endedAt)}, too long ago for this rollback to belong to the same incident: name the version to go back to with to; ${served(record)}`,
  );
};
const sameIncidentMs = minutes(24 * 60);
export const isLongAgo = (world: World, endedAt: Instant): boolean => world.clock.now() >= endedAt + sameIncidentMs;

/** The version to restore serves already. @param acted an earlier turn of this run stopped or settled a release */
export const restoredAlready = (
  world: World,
  endpoint: string,
  acted: boolean,
  to: Configuration,
  release?: Release,
): Opening<ReleaseOutputs> => {
  const byUs = release !== undefined && wasStoppedBy(world, release);
  return {
    is: 'done',
    progress: {
      is: 'done',
      outcome: 'succeeded',
      reason: acted || byUs ? 'restored' : 'already-restored',
      outputs: outputsOf(endpoint, { candidate: to, id: release?.id ?? '', serving: 'candidate' }),
      because: `${endpoint} serves ${nameOf(to)}${release ? `, where ${release.id} left it (${release.because ?? release.reason}); name a version with to to go further back` : ' already'}`,
    },
  };
};
