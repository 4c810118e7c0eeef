import type { EndpointSpec } from '../manifest/manifest.ts';
import { arn, writesOf } from '../world.ts';
import { disarmAlarms } from './armament.ts';
import type { Task } from './carry.ts';
import { canonicalOf } from './dark.ts';
import { tags } from './desired.ts';
import { type Live, observe, type Status } from './observe.ts';
import { orTold } from './or-told.ts';
import { tagsOf } from './record-tag.ts';
import { putScaling, removeScaling, scalingIs, scalingOf, wantedScaling } from './scaling.ts';
import type { Step, Turn } from './turn.ts';

/**
 * An instance type of a variant with a scalable target cannot be changed (AWS: endpoint-scaling-update): the target, with all
 * its policies and scheduled actions, goes into the record, then away. `restoreScaling` brings it back however the update ends.
 */
export const freeScaling = async (turn: Turn): Promise<Step | undefined> => {
  const { world, endpoint, release } = turn;
  if (release.baseline === undefined || release.baseline.instanceType === release.candidate.instanceType)
    return undefined;
  const existing = await scalingOf(world, endpoint, release.submission.variant);
  if (existing === undefined) return undefined;
  await turn.save({ scaling: release.scaling ?? existing });
  await removeScaling(world, existing);
  return { because: `set autoscaling of ${existing.resourceId} aside: the instance type changes`, percent: 9 };
};

/** While the traffic is shifted the variant that serves must be able to take all of it back: it is not scaled in (DESIGN §5). */
export const holdScaling = async (turn: Turn): Promise<Step | undefined> => {
  const { world, endpoint, release } = turn;
  const existing = await scalingOf(world, endpoint, release.submission.variant);
  if (existing === undefined || existing.suspended.scaleIn) return undefined;
  await turn.save({ scaling: release.scaling ?? existing });
  await putScaling(world, { ...existing, suspended: { ...existing.suspended, scaleIn: true } });
  return { because: `scale-in of ${existing.resourceId} is suspended`, percent: 9 };
};

export const restoreScaling = async (turn: Turn): Promise<Step | undefined> => {
  const { release, world } = turn;
  const snapshot = release.scaling;
  if (snapshot === undefined) return undefined;
  await putScaling(world, snapshot);
  await turn.save({ scaling: undefined });
  return { because: `put autoscaling of ${snapshot.resourceId} back`, percent: 93 };
};

/** Brings the variant's scalable target to what the manifest's `autoscaling` block says, once the new version serves. */
export const applyScaling = async (turn: Turn, spec: EndpointSpec): Promise<Step | undefined> => {
  const { release, world, endpoint } = turn;
  if (release.outcome !== 'succeeded' || spec.autoscaling === undefined) return undefined;
  const wanted = wantedScaling(endpoint, release.submission.variant, spec.autoscaling);
  if (scalingIs(wanted, await scalingOf(world, endpoint, release.submission.variant))) return undefined;
  await putScaling(world, wanted);
  return { because: `autoscaling ${wanted.minCapacity} to ${wanted.maxCapacity} instances`, percent: 94 };
};

/** Tags are no part of UpdateEndpoint; AddTags adds and overwrites, and leaves tags of others alone. */
export const tagEndpoint = (wanted: Readonly<Record<string, string>>): Task =>
  orTold(
    async (turn) => {
      const { world, endpoint, release } = turn;
      if (release.outcome !== 'succeeded') return undefined;
      const ResourceArn = arn(world.account, 'sagemaker', `endpoint/${endpoint}`);
      const missing = await missingTags(turn, wanted);
      if (missing.length === 0) return undefined;
      await writesOf(world).sagemaker.addTags({ ResourceArn, Tags: [...missing] });
      return { because: `tagged ${endpoint}: ${missing.map(({ Key }) => Key).join(', ')}`, percent: 96 };
    },
    ({ endpoint }) => `the tags of ${endpoint} were not brought up to date`,
  );

export const missingTags = async (
  { world, endpoint }: Pick<Turn, 'world' | 'endpoint'>,
  wanted: Readonly<Record<string, string>>,
): Promise<readonly { readonly Key: string; readonly Value: string }[]> => {
  const existing = await tagsOf(world, endpoint);
  return tags(wanted).filter(({ Key, Value }) => existing.get(Key) !== Value);
};

/** One configuration serves. Autoscaling that was just put to work may have begun an update of its own. */
const answers: ReadonlySet<Status> = new Set(['InService', 'Updating', 'SystemUpdating', 'RollingBack']);

/** A candidate beside what serves has traffic: the config's name does not say which version serves. */
const isShared = (live: Live): boolean => {
  const canonical = canonicalOf(live);
  return live.variants.some(({ name, weight }) => name !== canonical && weight > 0);
};

/** The last task of every release: what serves is written into the history, and the endpoint is free for the next one. */
export const conclude = async (turn: Turn): Promise<Step> => {
  const live = await observe(turn.world, turn.endpoint);
  const { candidate, baseline } = turn.release;
  const ended = await turn.end(
    live === undefined || !answers.has(live.status) || isShared(live)
      ? 'unknown'
      : live.endpointConfig === candidate.endpointConfig
        ? 'candidate'
        : live.endpointConfig === baseline?.endpointConfig
          ? 'baseline'
          : 'unknown',
  );
  return { because: ended.because ?? '', percent: 100, ended };
};

/** What every release ends with, however it went. */
export const comeToRest: readonly Task[] = [
  restoreScaling,
  orTold(disarmAlarms, ({ release }) => `left behind: the alarms ${release.alarms.join(', ')}`),
  conclude,
];
