import { type Instant, minutes } from '../clock.ts';
import { baselineOf } from '../endpoint/baseline.ts';
import { kinds, servedKindOf } from '../endpoint/kind.ts';
import { lookAt } from '../endpoint/look.ts';
import { candidateVariant, canonicalOf } from '../endpoint/variants.ts';
import type { Bucket } from '../judge/bucket.ts';
import { errorsMetric } from '../judge/policy.ts';
import type { JudgePolicy } from '../manifest/manifest.ts';
import { Refusal } from '../operation.ts';
import type { Release, ReleaseRecord } from '../release/record.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { variantBuckets } from './judge-fleets.ts';
import { type FrozenPolicy, freezePolicy } from './judge-policy.ts';

/** An endpoint's metrics that CloudWatch still has, in the form of a judge's input. */
export interface RecordedMetrics {
  readonly frozen: FrozenPolicy;
  /** Both variants, if the candidate had requests; empty otherwise. */
  readonly buckets: readonly Bucket[];
  readonly alone: readonly { readonly requests: number; readonly bad: number; readonly seconds: number }[];
}

/**
 * @param record the times of the weight moves, for the releases that it still has
 * @throws {Refusal} `endpoint-unusable` when the endpoint does not exist now: its variants are not known then
 */
export const readPast = async (
  world: World,
  endpoint: string,
  judge: JudgePolicy,
  record: ReleaseRecord | undefined,
  from: Instant,
  to: Instant,
): Promise<RecordedMetrics> => {
  const look = await lookAt(world, endpoint);
  const baselineVariant = look && canonicalOf(look.live);
  if (look === undefined || baselineVariant === undefined)
    throw new Refusal('endpoint-unusable', `${endpoint} does not exist`);
  const kind = kinds[servedKindOf(look)];
  if (!kind.judged)
    throw new Refusal(
      'endpoint-unusable',
      `endpoint ${endpoint} ${kind.trait}, and CloudWatch has no metric by which the judge could compare its fleets`,
    );
  const walk = releasesOf(record).findLast(({ stepping }) =>
    stepping?.moves.some((move) => move.from < to && (move.until ?? to) > from),
  );
  const served = walk ? walk.baseline : baselineOf(look, record);
  const names = {
    endpoint,
    variant: baselineVariant,
    endpointConfig: look.live.endpointConfig,
    ...withoutUndefined({ version: served?.version }),
  };
  const frozen = await freezePolicy(
    world,
    { endpoint, variant: baselineVariant },
    judge,
    {
      minimumRequests: 0,
      names: {
        baseline: names,
        candidate: {
          ...names,
          variant: candidateVariant(baselineVariant),
          ...withoutUndefined({ version: walk?.candidate.version }),
        },
      },
    },
    from - (from % minutes(1)),
  );
  const moves = releasesOf(record)
    .flatMap(({ stepping }) => stepping?.moves ?? [])
    .filter((move) => move.from < to && (move.until ?? to) > from)
    .sort((one, other) => one.from - other.from);
  const buckets = await variantBuckets(
    world,
    endpoint,
    {
      policy: frozen.policy,
      ...withoutUndefined({ latency: frozen.latency, own: frozen.own?.reads }),
      moves,
      baselineVariant,
      candidateVariant: candidateVariant(baselineVariant),
    },
    from,
    to,
  );
  const walked = buckets.some(({ candidate }) => (candidate?.requests ?? 0) > 0);
  return {
    frozen,
    buckets: walked ? buckets : [],
    alone: walked
      ? []
      : buckets.flatMap(({ baseline, seconds }) =>
          baseline ? [{ requests: baseline.requests, bad: baseline.bad[errorsMetric] ?? 0, seconds }] : [],
        ),
  };
};

const releasesOf = (record: ReleaseRecord | undefined): readonly Release[] => [
  ...(record?.ended ?? []),
  ...(record?.live ? [record.live] : []),
];
