import { followChange, submitChange } from '../delivery/mechanism-tasks.ts';
import { outputsOf, type ReleaseOutputs } from '../delivery/release-outputs.ts';
import type { Opening, ReleaseMemory, ReleaseOperation } from '../delivery/run-release.ts';
import { settlingTasks } from '../delivery/settle.ts';
import type { CodeDeployEnvironment } from '../manifest/manifest.ts';
import { runningIn } from '../mechanisms/codedeploy/deployment.ts';
import { allAtOnce } from '../mechanisms/codedeploy/plan.ts';
import { routingOf } from '../mechanisms/codedeploy/routing.ts';
import { shown, submissionOf, type TargetLook } from '../mechanisms/codedeploy/target.ts';
import { notifyTermsOf } from '../notify/notice.ts';
import { Refusal } from '../operation.ts';
import { termsOf } from '../registry/approval-terms.ts';
import { readReference, unnamedVersion } from '../registry/version-reference.ts';
import { lastGood } from '../release/history.ts';
import { isHeldFrom, isStopping } from '../release/lifecycle.ts';
import type { Configuration, Release, ReleaseRecord } from '../release/record.ts';
import { storeFor } from '../release/store.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { type CodeDeployPlace, placeOf, wantedIn } from './codedeploy-place.ts';
import type { RollbackInputs } from './rollback-inputs.ts';
import { tidied } from './tidied.ts';
import { configurationOf, nameOf, refuseLongAgo, restoredAlready, served } from './way-back.ts';

/** `rollback` where the alias of a Lambda function or a service of ECS serves: one deployment, all at once, that no alarm stops. */
export const rollbackByCodeDeploy = (
  given: RollbackInputs,
  world: World,
  memory: ReleaseMemory | undefined,
  environment: CodeDeployEnvironment,
): ReleaseOperation<ReleaseOutputs> => {
  const store = storeFor(given, world);
  const place = placeOf(environment);
  const { name } = place;
  const wanted = wantedIn(place, given.manifest.model);
  return {
    store,
    approval: termsOf(given.manifest, environment),
    notify: notifyTermsOf(given),
    plan: async (record) => {
      const refused = (['rejected', 'event', 'only-rejected'] as const).find((input) => given[input]);
      if (refused !== undefined)
        throw new Refusal(
          'invalid-input',
          `${refused}: ${name} is ${place.what}, where a rejection takes back only a delivery under way; name the version to go back to with to`,
        );
      if (record.live !== undefined) place.refuseForeign(record.live);
      return given['only-expired']
        ? tidied(world, record, memory !== undefined)
        : plan(world, given, environment, place, record, memory !== undefined);
    },
    recognise: (release) => {
      if (release.operation !== 'rollback')
        throw new Refusal('held-by-another-release', `${release.id} is live and is not a rollback`);
      place.refuseForeign(release);
      const submission = submissionOf(release);
      const { config, judged } = submission;
      const hooks = submission.kind === 'deployment' ? submission.hooks : undefined;
      if (config !== routingOf(allAtOnce, place.platform).config || hooks !== undefined || judged !== undefined)
        throw new Refusal(
          'foreign-record',
          `${release.id} in the release record shifts by ${config.slice(0, 100)}, and a rollback is all at once, without a hook or a judge; nothing was changed`,
        );
    },
    tasks: () => ({
      preparing: [submitChange(() => wanted)],
      ...followChange(() => wanted),
      settling: settlingTasks,
    }),
    outputs: (release) => outputsOf(name, release),
  };
};

const plan = async (
  world: World,
  given: RollbackInputs,
  environment: CodeDeployEnvironment,
  place: CodeDeployPlace,
  record: ReleaseRecord,
  acted: boolean,
): Promise<Opening<ReleaseOutputs>> => {
  const { live: release } = record;
  const { name } = place;
  if (release !== undefined && release.operation !== 'rollback')
    return { is: 'stop-first', release, command: { command: 'abort', why: given.because } };
  const to = given.to === undefined ? undefined : nameGiven(given.to, given, record);
  if (release !== undefined) {
    if (isHeldFrom(release, world.run.holder, world.clock.now()))
      throw new Refusal(
        'held-by-another-release',
        `${release.id} is rolling ${name} back already (${release.lease.holder})`,
      );
    if (isStopping(release)) return { is: 'stop-first', release };
    if (to !== undefined && to !== release.version)
      throw new Refusal('plan-changed', `${release.id} is live and goes back to ${release.version}: wait for its end`);
    return { is: 'resume', release };
  }
  const look = await place.require(world);
  const serving = place.configOf(look.version);
  if (to === undefined) {
    if (look.other !== undefined) throw await shared(world, environment, place, look);
    const left = leftBy(record, serving);
    if (left !== undefined) {
      refuseLongAgo(world, record, left.release);
      return restoredAlready(world, name, acted, left.to, left.release);
    }
  }
  const target = targetOf(record, serving, name, to);
  if (target.endpointConfig === serving) {
    if (look.other !== undefined) throw await shared(world, environment, place, look);
    return restoredAlready(world, name, acted, target);
  }
  if (target.version === undefined)
    throw new Refusal(
      'nothing-to-roll-back-to',
      `${target.endpointConfig.replace('-', ' ')} of ${name} was not delivered by this suite, so no package says what it is: go back by hand, or deliver a registered version`,
    );
  const planned = await place.planRollback(world, {
    ...{ record, to: target, because: given.because },
    ...withoutUndefined({ named: to === undefined ? undefined : (true as const) }),
  });
  return { is: 'begin', ...planned };
};

/**
 * Two versions share the traffic, and the version to go back to is one of them. CodeDeploy moves traffic only to a version that has none yet, so
 * it cannot give this one all requests. Without `to` the version before that one is no answer: perhaps the newest release left the traffic shared.
 */
const shared = async (
  world: World,
  environment: CodeDeployEnvironment,
  place: CodeDeployPlace,
  look: TargetLook,
): Promise<Refusal> => {
  const [running] = await runningIn(world, 'lambda' in environment ? environment.lambda : environment.service);
  const remedy =
    running === undefined
      ? `no deployment runs: ${place.remedy}`
      : `deployment ${running} runs: stop it, or wait until it has ended`;
  return new Refusal(
    'endpoint-unusable',
    `${place.name} is on ${shown(look, place.noun)}, and ${remedy}; or name another version to go back to with to`,
  );
};

/**
 * The newest release left the alias on an earlier version already: a second rollback must not go back one version further. A delivery that
 * ended before its submission left nothing.
 */
const leftBy = (
  record: ReleaseRecord,
  serving: string,
): { readonly to: Configuration; readonly release: Release } | undefined => {
  const release = record.ended.find(({ reason }) => reason !== 'abandoned');
  if (release === undefined) return undefined;
  const { operation, witnessed, reason, candidate, baseline } = release;
  if (operation !== 'rollback' && witnessed.submittedAt === undefined && reason !== 'aborted-by-hand') return undefined;
  const to = operation === 'rollback' ? candidate : baseline;
  return to?.endpointConfig === serving ? { to, release } : undefined;
};

const targetOf = (record: ReleaseRecord, serving: string, name: string, to: string | undefined): Configuration => {
  const known = record.history.find(({ endpointConfig }) => endpointConfig === serving);
  const found =
    to === undefined
      ? lastGood(record.history, known ?? { endpointConfig: serving })
      : record.history.find((entry) => nameOf(entry) === to);
  if (found !== undefined) return configurationOf(found);
  throw new Refusal(
    'nothing-to-roll-back-to',
    to === undefined
      ? `no version served ${name} well before ${known?.version ?? serving}: ${served(record)}`
      : `${to} never served ${name}: ${served(record)}`,
  );
};

const nameGiven = (to: string, { manifest }: RollbackInputs, { history }: ReleaseRecord): string => {
  const reference = readReference(manifest.model, to, 'to');
  if (reference.is === 'version') return reference.version;
  const { packageVersion } = reference;
  return history.find((entry) => entry.packageVersion === packageVersion)?.version ?? unnamedVersion(packageVersion);
};
