import { plannedMetrics } from '../approval/registered-metrics.ts';
import { abortRelease } from '../delivery/abort-release.ts';
import { candidateStands } from '../delivery/candidate-unchanged.ts';
import { beginStage } from '../delivery/follow-stage.ts';
import { followChange, submitChange } from '../delivery/mechanism-tasks.ts';
import { outputsOf, type ReleaseOutputs, releaseOutputs } from '../delivery/release-outputs.ts';
import { repeatRefusal } from '../delivery/repeat-refusal.ts';
import { type Opening, type ReleaseMemory, type ReleaseOperation, runRelease } from '../delivery/run-release.ts';
import { applyScaling, restoreScaling } from '../delivery/scaling-tasks.ts';
import { settlingTasks } from '../delivery/settle.ts';
import { observe } from '../endpoint/observe.ts';
import { refuseOtherRecord } from '../endpoint/record-tag.ts';
import { codeDeployOf, environmentOf } from '../manifest/load.ts';
import { mechanismFor } from '../mechanisms/all.ts';
import { refuseUnfitVersion } from '../mechanisms/approval.ts';
import { type DeliveryRequest, registryOf } from '../mechanisms/request.ts';
import { requireSafeguards } from '../mechanisms/safeguards.ts';
import { requireAsked } from '../mechanisms/smoke/due.ts';
import { stepsDigest } from '../mechanisms/variants/steps.ts';
import { notifyTermsOf } from '../notify/notice.ts';
import { type Operation, type Progress, Refusal } from '../operation.ts';
import { type ApprovalTerms, termsOf } from '../registry/approval-terms.ts';
import { describeVersion, packageArn, type RequestedVersion } from '../registry/packages.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import { registryAccount } from '../registry/registry.ts';
import { advance, isHeldFrom, rerunDecision } from '../release/lifecycle.ts';
import type { NewRelease, Release, ReleaseRecord } from '../release/record.ts';
import { LostRace, storeFor } from '../release/store.ts';
import { choice, flag, text, type ValuesOf } from '../schema.ts';
import { requireVerdict } from '../scoring/require-verdict.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { type World, writesOf } from '../world.ts';
import { requestedVersion } from './requested-version.ts';
import { sharedInputs } from './shared-inputs.ts';
import { shiftByCodeDeploy } from './shift-by-codedeploy.ts';

const inputs = {
  ...sharedInputs,
  version: text({
    description: 'Version whose dark candidate gets the traffic; for a package without a version its number or ARN.',
    example: '1.4.0',
  }),
  operation: choice({
    description:
      '`run` shifts the traffic in steps. The others are commands to that run: `pause` holds the share, `resume` goes on, `promote-now` goes to 100 %, `abort` takes the traffic back.',
    choices: ['run', 'pause', 'resume', 'promote-now', 'abort'],
    default: 'run',
  }),
  because: text({
    description: 'Reason of the command, for the release record; with any operation but `run`.',
    default: 'no reason given',
  }),
  retry: flag({ description: 'Shift to a version again that was taken back before.', default: false }),
};
export type ShiftTrafficInputs = ValuesOf<typeof inputs>;

export const shiftTraffic: Operation<ShiftTrafficInputs, ReleaseMemory, ReleaseOutputs> = {
  name: 'shift-traffic',
  description:
    'Shifts the traffic of an endpoint to its dark candidate in steps, each on proof of health, and takes it back on evidence of harm.',
  inputs,
  outputs: releaseOutputs('to deliver'),
  advance: async (given, memory, world) =>
    given.operation === 'run' || isOfService(given)
      ? runRelease(world, memory, await operationOf(given, world))
      : command(given, memory, world),
  abort: async (given, memory, why, world) => abortRelease(world, memory, why, await operationOf(given, world)),
};

const isOfService = ({ manifest, environment }: ShiftTrafficInputs): boolean =>
  'service' in (codeDeployOf(manifest, environment) ?? {});

const operationOf = async (given: ShiftTrafficInputs, world: World): Promise<ReleaseOperation<ReleaseOutputs>> => {
  const place = codeDeployOf(given.manifest, given.environment);
  return place !== undefined && 'service' in place ? shiftByCodeDeploy(given, world, place) : stepsOf(given, world);
};

const requestOf = (
  { manifest, environment }: ShiftTrafficInputs,
  { version }: RequestedVersion,
  world: World,
): DeliveryRequest => {
  const { endpoint: spec, rollout } = environmentOf(manifest, environment);
  return { group: manifest.model, version, spec, rollout, ...registryOf(world) };
};

/** The rollout, in the order in which it happens. Each task reads AWS to see whether it is done already. */
const stepsOf = async (given: ShiftTrafficInputs, world: World): Promise<ReleaseOperation<ReleaseOutputs>> => {
  const environment = environmentOf(given.manifest, given.environment);
  const approval = termsOf(given.manifest, environment);
  const store = storeFor(given, world);
  const requested = requestOf(given, await requestedVersion(world, store, given.manifest.model, given.version), world);
  const wanted = () => ({ rollout: requested.rollout, unchanged: candidateStands });
  return {
    store,
    approval,
    notify: notifyTermsOf(given),
    plan: (record) => plan(world, given, requested, record, approval),
    recognise: ({ id, operation, planDigest }) => {
      if (operation !== 'shift-traffic' || planDigest !== stepsDigest(requested))
        throw new Refusal(
          'plan-changed',
          `${id} is live, but its plan differs from the plan of these inputs and this manifest`,
        );
    },
    tasks: () => ({
      preparing: [beginStage, candidateStands, submitChange(wanted)],
      ...followChange(wanted),
      settling: [restoreScaling, applyScaling(environment.endpoint), ...settlingTasks],
    }),
    outputs: (release) => outputsOf(store.endpoint, release),
  };
};

const plan = async (
  world: World,
  { retry, manifest, environment }: ShiftTrafficInputs,
  requested: DeliveryRequest,
  record: ReleaseRecord,
  { group }: ApprovalTerms,
): Promise<Opening<ReleaseOutputs>> => {
  const { version } = requested;
  const endpoint = requested.spec.name;
  const decision = rerunDecision(record, {
    operation: 'shift-traffic',
    version,
    planDigest: stepsDigest(requested),
    retry,
    holder: world.run.holder,
    now: world.clock.now(),
  });
  switch (decision.is) {
    case 'resume':
      return decision;
    case 'held':
      throw new Refusal('held-by-another-release', decision.because);
    case 'stopping':
      return { is: 'stop-first', release: decision.release };
    case 'plan-changed':
      // Its run is gone: traffic must not stay without a judge while two plans are compared.
      if (isLeft(decision.release, world)) return { is: 'stop-first', release: decision.release };
      throw new Refusal('plan-changed', `${decision.release.id} is live with another plan`);
    case 'already-convicted':
      throw repeatRefusal(version, decision.release);
    case 'no-op':
      // Rule 21: the record is a hint; the endpoint must confirm it.
      if ((await observe(world, endpoint))?.endpointConfig !== decision.release.candidate.endpointConfig)
        throw new Refusal(
          'changed-by-others',
          `by the release record ${endpoint} serves ${decision.release.candidate.endpointConfig}, but it serves another configuration: deploy ${version} again`,
        );
      return {
        is: 'done',
        progress: {
          is: 'done',
          outcome: 'succeeded',
          reason: 'already-delivered',
          outputs: outputsOf(endpoint, decision.release),
          because: `${endpoint} serves ${version} already`,
        },
      };
    case 'new-attempt': {
      const planned = await mechanismFor(requested.rollout).plan(world, {
        operation: 'shift-traffic',
        requested,
        record,
      });
      const registered = await registeredAs(world, group, planned.release);
      const refuseUnfit = async (): Promise<readonly string[]> => [
        ...requireAsked(planned.release, record),
        ...(await refuseUnfitVersion(world, registered)),
        ...requireSafeguards(manifest, environment, environmentOf(manifest, environment), registered),
        ...(await requireVerdict(world, {
          operation: 'shift-traffic',
          ...{ manifest, environment, registered },
          look: planned.look,
          isDark: false,
          after: record.live,
        })),
      ];
      const notes = await refuseUnfit().catch((error: unknown) => {
        const [move] = planned.release.stepping?.moves ?? [];
        if (!(error instanceof Refusal) || move === undefined) throw error;
        throw new Refusal(
          error.reason,
          `${error.message}; ${version} has all traffic of ${endpoint} since an earlier run: take it back with rollback`,
        );
      });
      return {
        is: 'begin',
        ...planned,
        metrics: () => plannedMetrics(world, endpoint, planned.look, registered),
        plan: { ...planned.plan, notes: [...planned.plan.notes, ...notes] },
        ...withoutUndefined({ abandons: decision.abandons }),
      };
    }
  }
};

/** The package of the dark candidate, which came up some time ago. */
const registeredAs = async (
  world: World,
  group: string,
  { version, candidate: { packageVersion } }: NewRelease,
): Promise<RegisteredVersion> => {
  const registered =
    packageVersion === undefined
      ? undefined
      : await describeVersion(world, group, {
          arn: packageArn(registryAccount(world), group, packageVersion),
          version,
          packageVersion,
        });
  if (registered === undefined)
    throw new Refusal(
      'not-approved',
      `the model package of ${version}, ${group}/${packageVersion ?? 'whose number the release record does not have'}, does not exist: register the model under a new version`,
    );
  return registered;
};

/** No run supervises the release any more, or only an earlier attempt of this run did. */
const isLeft = (release: Release, { run, clock }: World): boolean => !isHeldFrom(release, run.holder, clock.now());

/** Puts a person's command into the record of the live rollout, whose supervisor obeys it at its next look. */
const command = async (
  given: ShiftTrafficInputs,
  memory: ReleaseMemory | undefined,
  world: World,
): Promise<Progress<ReleaseMemory, ReleaseOutputs>> => {
  const { operation } = given;
  if (operation === 'run') throw new Error('run is no command');
  const store = storeFor(given, world);
  const stored = await store.read();
  if (stored === undefined) await refuseOtherRecord(world, store, true);
  const live = stored?.record.live;
  if (!stored || live === undefined || live.operation !== 'shift-traffic')
    throw new Refusal(
      'no-candidate',
      `no traffic of ${store.endpoint} is being shifted, so no run would obey ${operation}${operation === 'abort' ? '; to remove a candidate that waits without traffic, run rollback' : ''}`,
    );
  const { version } = await requestedVersion(world, store, given.manifest.model, given.version);
  if (live.version !== version)
    throw new Refusal(
      'no-candidate',
      `the traffic of ${store.endpoint} is shifted to ${live.version}, not ${given.version}`,
    );
  if (live.phase !== 'preparing' && live.phase !== 'stepping')
    throw new Refusal(
      'no-candidate',
      `${live.version} has all traffic of ${store.endpoint} and is being published: no run would obey ${operation}; wait, then roll back`,
    );
  const because = `${operation} of ${live.id}: ${given.because}`;
  if (memory === undefined)
    return { is: 'waiting', memory: { v: 1, release: live.id }, notBefore: world.clock.now(), percent: 1, because };
  writesOf(world);
  const by = world.run.actor ?? world.run.holder;
  const commands = [...live.commands, { command: operation, by, why: given.because, at: world.clock.now() }];
  try {
    await store.write(advance(stored.record, { commands }), stored.etag);
  } catch (error) {
    if (!(error instanceof LostRace)) throw error;
    // The supervisor wrote first: the next turn adds the command to the new record.
    return { is: 'waiting', memory, notBefore: world.clock.now(), percent: 1, because };
  }
  return {
    is: 'done',
    outcome: 'succeeded',
    reason: 'command-given',
    outputs: outputsOf(store.endpoint, live),
    because,
  };
};
