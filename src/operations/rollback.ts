import { abortRelease } from '../delivery/abort-release.ts';
import { outputsOf, type ReleaseOutputs, releaseOutputs } from '../delivery/release-outputs.ts';
import { restoreTasks } from '../delivery/restore.ts';
import { type Opening, type ReleaseMemory, type ReleaseOperation, runRelease } from '../delivery/run-release.ts';
import { baselineOf } from '../endpoint/baseline.ts';
import { kindOf } from '../endpoint/kind.ts';
import { lookAt } from '../endpoint/look.ts';
import type { LiveEndpoint } from '../endpoint/observe.ts';
import { refuseUnusable } from '../endpoint/refuse-kind.ts';
import { alone, type Candidate, leftBehind, servesCanonical } from '../endpoint/variants.ts';
import { codeDeployOf, environmentOf } from '../manifest/load.ts';
import { namePattern } from '../manifest/values.ts';
import { notifyTermsOf } from '../notify/notice.ts';
import { type Operation, Refusal } from '../operation.ts';
import { termsOf } from '../registry/approval-terms.ts';
import { readPackage, readReference, unnamedVersion } from '../registry/version-reference.ts';
import { lastGood } from '../release/history.ts';
import { isHeldFrom, isStopping } from '../release/lifecycle.ts';
import type { Configuration, Release, ReleaseRecord } from '../release/record.ts';
import { storeFor } from '../release/store.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { planRejected } from './rejected.ts';
import { isAboutRejection } from './rejected-decision.ts';
import { rollbackByCodeDeploy } from './rollback-by-codedeploy.ts';
import { type RollbackInputs, rollbackInputs } from './rollback-inputs.ts';
import { tidied } from './tidied.ts';
import {
  configurationOf,
  homeOf,
  isLongAgo,
  nameOf,
  notesOn,
  refuseLongAgo,
  restoredAlready,
  served,
  wayBack,
} from './way-back.ts';

export const rollback: Operation<RollbackInputs, ReleaseMemory, ReleaseOutputs> = {
  name: 'rollback',
  description:
    'Takes an endpoint back to the last version that served well, or to a named one, whatever the state of its alarms, and verifies it.',
  inputs: rollbackInputs,
  everywhereWith: ['rejected', 'event'],
  outputs: releaseOutputs('to restore'),
  advance: (given, memory, world) => runRelease(world, memory, operationOf(given, world, memory)),
  abort: (given, memory, why, world) => abortRelease(world, memory, why, operationOf(given, world, memory)),
};

/** A rollback publishes no config and no alarm: the configuration exists, and an alarm in ALARM must not stop it. */
const operationOf = (
  given: RollbackInputs,
  world: World,
  memory: ReleaseMemory | undefined,
): ReleaseOperation<ReleaseOutputs> => {
  const ofCodeDeploy = codeDeployOf(given.manifest, given.environment);
  if (ofCodeDeploy !== undefined) return rollbackByCodeDeploy(given, world, memory, ofCodeDeploy);
  const environment = environmentOf(given.manifest, given.environment);
  const store = storeFor(given, world);
  return {
    store,
    approval: termsOf(given.manifest, environment),
    notify: notifyTermsOf(given),
    plan: async (record) => {
      const acted = memory !== undefined;
      if (isAboutRejection(world, given)) return planRejected(world, given, record, acted);
      return given['only-expired'] ? tidied(world, record, acted) : plan(world, given, record, acted);
    },
    recognise: ({ operation, id }) => {
      if (operation !== 'rollback') throw new Refusal('held-by-another-release', `${id} is live and is not a rollback`);
    },
    tasks: () => restoreTasks,
    outputs: (release) => outputsOf(store.endpoint, release),
  };
};

/** @param acted an earlier turn of this run stopped or settled a release */
const plan = async (
  world: World,
  given: RollbackInputs,
  record: ReleaseRecord,
  acted: boolean,
): Promise<Opening<ReleaseOutputs>> => {
  const { live: release, endpoint } = record;
  if (release !== undefined && release.operation !== 'rollback')
    return { is: 'stop-first', release, command: { command: 'abort', why: given.because } };
  const look = await lookAt(world, endpoint);
  if (look === undefined) throw new Refusal('endpoint-unusable', `there is no endpoint ${endpoint} to roll back`);
  const { live } = look;
  if (release !== undefined) {
    if (isHeldFrom(release, world.run.holder, world.clock.now()))
      throw new Refusal(
        'held-by-another-release',
        `${release.id} is rolling ${endpoint} back already (${release.lease.holder})`,
      );
    if (isStopping(release)) return { is: 'stop-first', release };
    if (given.to !== undefined && nameGiven(given.to, given.manifest, record) !== release.version)
      throw new Refusal('plan-changed', `${release.id} is live and goes back to ${release.version}: wait for its end`);
    return { is: 'resume', release };
  }
  const kind = kindOf(look, record);
  refuseUnusable(endpoint, look, kind, 'restore');
  const named = given.to === undefined ? undefined : nameGiven(given.to, given.manifest, record);
  const back = wentBack(world, record, live);
  if (back !== undefined && named === undefined) refuseLongAgo(world, record, back.release);
  if (back !== undefined && (named ?? nameOf(back.to)) === nameOf(back.to))
    return restoredAlready(world, endpoint, acted, back.to, back.release);
  const mixed = given.to === undefined && live.status === 'UpdateRollbackFailed';
  const idle = mixed ? undefined : leftBehind(live, record);
  const serving = idle && alone({ ...baselineOf(look, record), beside: idle.beside });
  const withdraws = serving && (named === undefined || named === nameOf(serving)) ? idle?.version : undefined;
  const target = mixed
    ? homeOf(record, look)
    : serving && withdraws !== undefined
      ? serving
      : targetOf(given, record, live, idle);
  if (live.endpointConfig === target.endpointConfig && live.status === 'InService' && servesCanonical(live))
    return restoredAlready(world, endpoint, acted, target);
  return wayBack(world, given, record, look, {
    target,
    because: given.because,
    mixed,
    notes: idle === undefined ? [] : notesOn(idle, alone(target), record, withdraws !== undefined),
    ...withoutUndefined({ withdraws, named: named === undefined ? undefined : (true as const) }),
  });
};

/**
 * The newest release left the endpoint on an earlier version already: it was a rollback, or a delivery that was taken back. A second
 * rollback, or one after the alarms took the delivery back, must not go back one version further.
 */
const wentBack = (
  world: World,
  record: ReleaseRecord,
  live: LiveEndpoint,
): { readonly to: Configuration; readonly release: Release } | undefined => {
  const release = record.ended.find(({ reason }) => reason !== 'abandoned');
  if (release === undefined || live.status !== 'InService' || !servesCanonical(live)) return undefined;
  const { operation, reason, witnessed, withdraws, endedAt = release.startedAt } = release;
  // It left the version that served anyway. Pressed twice in a row it is still one command.
  if (withdraws !== undefined && isLongAgo(world, endedAt)) return undefined;
  if (operation === 'deploy-endpoint' && witnessed.submittedAt === undefined && reason !== 'aborted-by-hand')
    return undefined;
  const to = release.operation === 'rollback' ? release.candidate : release.baseline;
  return to !== undefined && to.endpointConfig === live.endpointConfig ? { to, release } : undefined;
};

/**
 * The target of the rollback: the named version, else the last good version before the one that serves.
 * @param idle the candidate without traffic
 */
const targetOf = (
  { to, manifest }: RollbackInputs,
  record: ReleaseRecord,
  live: LiveEndpoint,
  idle: Candidate | undefined,
): Configuration => {
  const shown = record.history.find(({ endpointConfig }) => endpointConfig === live.endpointConfig);
  if (to === undefined) {
    // From a candidate that was never published the way back leads to its baseline.
    const left = shown?.beside && !servesCanonical(live) ? shown : lastGood(record.history, shown ?? live);
    if (left !== undefined) return configurationOf(left);
    throw new Refusal(
      'nothing-to-roll-back-to',
      `no version served ${record.endpoint} well before ${live.endpointConfig}: ${served(record)}`,
    );
  }
  const name = nameGiven(to, manifest, record);
  const named = record.history.find((entry) => nameOf(entry) === name);
  if (named !== undefined) return configurationOf(named);
  const waits = idle?.version === name ? `, but is up without traffic; shift-traffic gives it some` : '';
  throw new Refusal('nothing-to-roll-back-to', `${name} never served ${record.endpoint}${waits}: ${served(record)}`);
};

/** A version; a configuration of others has none, so the history knows it by its endpoint config. */
const nameGiven = (to: string, { model }: RollbackInputs['manifest'], record: ReleaseRecord): string => {
  const { history } = record;
  if (history.some(({ version, endpointConfig }) => version === undefined && endpointConfig === to)) return to;
  // A name without dots is no version, and a config that never served here is not refused as a misspelt version.
  if (namePattern.test(to) && readPackage(model, to) === undefined && to !== 'next')
    throw new Refusal('nothing-to-roll-back-to', `${to} never served ${record.endpoint}: ${served(record)}`);
  const reference = readReference(model, to, 'to');
  if (reference.is === 'version') return reference.version;
  const { packageVersion } = reference;
  return history.find((entry) => entry.packageVersion === packageVersion)?.version ?? unnamedVersion(packageVersion);
};
