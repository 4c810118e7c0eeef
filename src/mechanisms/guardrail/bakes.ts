import { type Instant, minutes, seconds } from '../../clock.ts';
import type { Pending } from '../../endpoint/observe.ts';
import { type CountedFleet, metricDelay, requestsSeen } from '../../metrics/traffic.ts';
import type { Bake, Submission } from '../../release/record.ts';
import type { World } from '../../world.ts';

/** The bakes seen so far and those that SageMaker shows now. A fleet below its full size bakes as a canary. */
export const witnessBakes = (
  seen: readonly Bake[],
  pending: Pending | undefined,
  submission: Submission,
): readonly Bake[] => {
  // Without guardrails SageMaker swaps all at once, and nothing bakes.
  if (submission.mechanism !== 'guardrail') return seen;
  const variant = pending?.variants.find(({ name }) => name === submission.variant);
  const baking = variant?.phases.filter(({ phase }) => phase === 'Baking') ?? [];
  const fresh = baking
    .filter(({ since }) => !seen.some(({ startedAt }) => startedAt === since))
    .map(({ since }): Bake => {
      const stage = (variant?.current ?? 0) < (variant?.desired ?? 0) ? 'canary' : 'full';
      const length = stage === 'canary' ? submission.bakeSeconds : submission.finalBakeSeconds;
      return { stage, startedAt: since, endsAt: since + seconds(length) };
    });
  return fresh.length === 0 ? seen : [...seen, ...fresh];
};

/** Counts the candidate's requests in every bake whose metrics are complete by now. */
export const countBakes = async (
  world: World,
  candidate: CountedFleet,
  bakes: readonly Bake[],
): Promise<readonly Bake[]> => {
  const now = world.clock.now();
  return Promise.all(
    bakes.map(async (bake) =>
      bake.requests === undefined && now >= bake.endsAt + metricDelay
        ? { ...bake, requests: await requestsSeen(world, candidate, bake.startedAt, bake.endsAt), countedAt: now }
        : bake,
    ),
  );
};

/**
 * Rule 5: a bake without traffic proves nothing. Finds the bake that had, or will have, fewer requests than it needs. A finished bake
 * is judged by its count. The running bake is judged in its last three minutes, by a projection from the minutes whose metrics are
 * complete. That is the last moment at which an abort still takes effect before SageMaker goes on.
 */
export const starvedBake = async (
  world: World,
  candidate: CountedFleet,
  bakes: readonly Bake[],
  minimumRequests: number,
): Promise<{ readonly bake: Bake; readonly requests: number; readonly projected: boolean } | undefined> => {
  if (minimumRequests === 0) return undefined;
  const counted = bakes.find(({ requests }) => requests !== undefined && requests < minimumRequests);
  if (counted?.requests !== undefined) return { bake: counted, requests: counted.requests, projected: false };
  const now = world.clock.now();
  const ending = bakes.find(
    (bake) => bake.requests === undefined && now < bake.endsAt && now >= bake.endsAt - metricDelay,
  );
  if (ending === undefined) return undefined;
  const until = now - metricDelay;
  if (until - ending.startedAt < minutes(1)) return undefined;
  const seen = await requestsSeen(world, candidate, ending.startedAt, until);
  const projected = Math.floor((seen * (ending.endsAt - ending.startedAt)) / (until - ending.startedAt));
  return projected < minimumRequests ? { bake: ending, requests: projected, projected: true } : undefined;
};

/** The time at which the last uncounted bake can be counted; undefined when all are counted. */
export const countableAt = (bakes: readonly Bake[]): Instant | undefined => {
  const open = bakes.filter(({ requests }) => requests === undefined).map(({ endsAt }) => endsAt + metricDelay);
  return open.length === 0 ? undefined : Math.max(...open);
};
