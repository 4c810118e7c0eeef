import { type Instant, minutes, seconds } from '../clock.ts';
import type { Arm, Bucket } from '../judge/bucket.ts';
import { type LatencyPlan, latencyCounts } from '../judge/latency.ts';
import { clientErrorsMetric, errorsMetric, type Policy } from '../judge/policy.ts';
import type { VerdictReason } from '../judge/verdict.ts';
import type { OwnRead } from '../manifest/manifest.ts';
import type { JudgeEvidence } from '../release/journal.ts';
import type { Bake, Folded, Release, Stepping } from '../release/record.ts';
import type { CountsRead, StepVerdict } from '../rollout/event.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { type Arms, armsOfFleets, armsOfVariants } from './arms.ts';
import { bucketSeconds, type Minute, type MinuteReading } from './fleet-metrics.ts';
import { type Carried, carriedIn, carriedOn, carryIn, comparedWith, foldedOf } from './folded.ts';
import { type OwnCounts, readOwn } from './own-metrics.ts';
import { judgeSettled } from './settled-counts.ts';

/** A bucket is read once it is complete and settled (reference/progressive-delivery.md §3.3: 2 min for 60 s metrics). */
const settled = minutes(2);

/** The judge's policy, and the begin of its blindness. */
export interface Bench {
  readonly policy: Policy;
  readonly latency?: LatencyPlan;
  readonly own?: readonly OwnRead[];
  readonly blindSince?: Instant;
  readonly countsRead?: readonly CountsRead[];
}

/** Marks a minute: whether it counts as evidence, and the candidate's intended share of the requests. */
type Mark = (from: Instant, until: Instant) => { readonly moved: boolean; readonly share?: number };

/**
 * The judge's verdict on all buckets since the first candidate request. Those that CloudWatch may revise are read anew each time.
 * When CloudWatch cannot be read, the verdict reports it: unknown is never healthy and never guilty (DESIGN §6).
 */
const judgement = async (
  world: World,
  bench: Bench,
  read: () => Promise<Found>,
  carried?: Carried,
): Promise<JudgedFleets & { readonly found?: Found }> => {
  const at = world.clock.now();
  try {
    const found = await read();
    const { verdict, buckets, countsRead } = judgeSettled(
      bench.policy,
      found.buckets,
      at,
      bench.countsRead,
      carried?.judging,
    );
    const { t, decision, reason, because, logEvidence, threshold, evidence, candidateRequests, stepRequests } = verdict;
    const why = whyOf(reason);
    return {
      verdict: {
        decision,
        newest: seconds(t + bucketSeconds),
        stepRequests,
        because,
        figures: { t, logEvidence, threshold, evidence, candidateRequests },
        ...(decision === 'rollback' && why ? { why } : {}),
        ...withoutUndefined({ countsRead }),
      },
      evidence: { at, buckets, verdict, ...withoutUndefined({ earlier: carried?.minutes }) },
      found,
    };
  } catch (error) {
    if (world.signal.aborted) throw error;
    const verdict = blind(bench, at, error);
    return { verdict, evidence: { at, buckets: [], verdict } };
  }
};

/** The judge's verdict in the rollout's terms, and its evidence for the journal. */
export interface JudgedFleets {
  readonly verdict: StepVerdict;
  readonly evidence: JudgeEvidence;
  /** Of two variants: the state that later looks go on from, and how it differs from that of an earlier process. */
  readonly folded?: Folded;
  readonly differs?: string;
}

/**
 * Judges two variants side by side: a rollout of days, of which each look reads the minutes that CloudWatch may revise (`folded.ts`).
 * Undefined before the first move.
 */
export const judgeVariants = async (
  { world, endpoint }: { readonly world: World; readonly endpoint: string },
  stepping: Stepping,
): Promise<JudgedFleets | undefined> => {
  const from = stepping.moves[0]?.from;
  if (from === undefined) return undefined;
  const now = world.clock.now();
  const carried = carriedIn(world.session, endpoint, stepping);
  const read = () => readVariants(world, endpoint, stepping, carried?.until ?? from, now - settled);
  const { found, verdict, evidence } = await judgement(world, stepping, read, carried);
  const judged: JudgedFleets = { verdict, evidence: { ...evidence, waits: true } };
  // An answer in part may lack minutes of any age: it settles none. Without a session nothing is carried on.
  if (found === undefined || found.partial || world.session === undefined) return judged;
  const next = carriedOn(carried, stepping, found.buckets, now);
  if (next !== undefined) carryIn(world.session, endpoint, stepping, next);
  const before = carried === undefined ? stepping.folded : undefined;
  const differs = before && comparedWith(before, stepping, found.buckets);
  return {
    ...judged,
    ...withoutUndefined({ folded: next && foldedOf(next), differs }),
  };
};

export type Variants = Pick<Bench, 'policy' | 'latency' | 'own'> &
  Pick<Stepping, 'moves' | 'candidateVariant' | 'baselineVariant'>;

/** All whole buckets in [from, to) of two variants side by side, including the bucket that contains `from`. */
export const variantBuckets = async (...read: Parameters<typeof readVariants>): Promise<readonly Bucket[]> =>
  (await readVariants(...read)).buckets;

const readVariants = (
  world: World,
  endpoint: string,
  variants: Variants,
  from: Instant,
  to: Instant,
): Promise<Found> => {
  const { latency, moves, candidateVariant, baselineVariant } = variants;
  return readBuckets(
    world,
    variants,
    armsOfVariants(world, endpoint, { candidateVariant, baselineVariant }, latency),
    from,
    to,
    markOf(moves),
  );
};

/** A minute in which the weights may have moved is no evidence. */
const markOf =
  (moves: Stepping['moves']): Mark =>
  (at, until) => {
    const share = moves.findLast((move) => move.from <= at)?.share;
    return {
      moved: moves.some((move) => move.from < until && (move.until ?? Number.POSITIVE_INFINITY) > at),
      ...withoutUndefined({ share }),
    };
  };

/** Judges two versions while CodeDeploy moves their traffic. Undefined before the first move. */
export const judgeVersions = async (
  world: World,
  arms: Arms,
  bench: Bench,
  moves: Stepping['moves'],
): Promise<JudgedFleets | undefined> => {
  const from = moves[0]?.from;
  if (from === undefined) return undefined;
  return judgement(world, bench, () =>
    readBuckets(world, bench, arms, from, world.clock.now() - settled, markOf(moves)),
  );
};

/** Judges two fleets of one variant, during the bakes of a guardrail deployment. */
export const judgeFleets = async (
  { world, endpoint, release }: { readonly world: World; readonly endpoint: string; readonly release: Release },
  bench: Bench,
  bakes: readonly Bake[],
): Promise<JudgedFleets | undefined> => {
  const from = bakes[0]?.startedAt;
  if (from === undefined) return undefined;
  const mark: Mark = (at, until) => ({
    moved: !bakes.some(({ startedAt, endsAt }) => startedAt <= at && until <= endsAt),
  });
  return judgement(world, bench, () =>
    readBuckets(
      world,
      bench,
      armsOfFleets(world, endpoint, release, bench.latency),
      from,
      world.clock.now() - settled,
      mark,
    ),
  );
};

const whyOf = (reason: VerdictReason): StepVerdict['why'] => whys[reason] ?? 'convicted';
const whys: { readonly [Reason in VerdictReason]?: StepVerdict['why'] } = {
  'absolute-limit': 'safety-net',
  'both-failing': 'shared-outage',
  'worse-than-before': 'worse-than-before',
  'unobserved-too-long': 'metrics-blind',
};

/** Missing metrics freeze the weight. After the longest blind time they take the traffic back. */
const blind = ({ policy, blindSince }: Bench, now: Instant, error: unknown): StepVerdict => {
  const since = blindSince ?? now;
  const because = `metrics cannot be read since ${new Date(since).toISOString()}: ${error instanceof Error ? error.message : String(error)}`;
  return now - since >= seconds(policy.maxBlindSeconds)
    ? { decision: 'rollback', why: 'metrics-blind', newest: 0, stepRequests: 0, because, blind: true }
    : { decision: 'hold', newest: 0, stepRequests: 0, because, blind: true };
};

interface Found {
  readonly buckets: readonly Bucket[];
  /** CloudWatch did not answer in full. */
  readonly partial: boolean;
}

const readBuckets = async (
  world: World,
  { policy, latency, own: reads = [] }: Pick<Bench, 'policy' | 'latency' | 'own'>,
  { candidate, baseline }: Arms,
  from: Instant,
  to: Instant,
  mark: Mark,
): Promise<Found> => {
  const start = from - (from % seconds(bucketSeconds));
  const end = to - (to % seconds(bucketSeconds));
  if (end <= start) return { buckets: [], partial: false };
  const [one, other, [ownOne, ownOther]] = await Promise.all([
    candidate(start, end),
    baseline(start, end),
    readOwn(
      world,
      [
        { reads, arm: 'candidate' },
        { reads, arm: 'baseline' },
      ],
      start,
      end,
    ),
  ]);
  const ownAt = (at: Instant): readonly (OwnCounts | 'unsettled' | undefined)[] => [
    ownOne?.(at, known(one(at))?.requests ?? 0),
    ownOther?.(at, known(other(at))?.requests ?? 0),
  ];
  const starts = Array.from(
    { length: (end - start) / seconds(bucketSeconds) },
    (_, index) => start + index * seconds(bucketSeconds),
  );
  // A newest minute is not closed before all its series have arrived; an older minute that never arrives is a hole.
  const closed =
    starts.findLastIndex((at) => [one(at), other(at), ...ownAt(at)].every((reading) => reading !== 'unsettled')) + 1;
  const buckets = starts.slice(0, closed).map((at): Bucket => {
    const { moved, share } = mark(at, at + seconds(bucketSeconds));
    return {
      t: at / 1000,
      seconds: bucketSeconds,
      ...(moved ? { weightMoved: true } : {}),
      ...withoutUndefined({ share }),
      ...withOwn(countsOf(policy, latency, known(one(at)), known(other(at))), ownAt(at)),
    };
  });
  return { buckets, partial: [one, other, ownOne, ownOther].some((read) => read?.partial === true) };
};

/** Both arms with the user's own counts; without such metrics they stay as they are. */
const withOwn = (
  arms: Pick<Bucket, 'candidate' | 'baseline'>,
  [candidate, baseline]: readonly (OwnCounts | 'unsettled' | undefined)[],
): Pick<Bucket, 'candidate' | 'baseline'> =>
  withoutUndefined({ candidate: armWith(arms.candidate, candidate), baseline: armWith(arms.baseline, baseline) });

const armWith = (arm: Arm | undefined, own: OwnCounts | 'unsettled' | undefined): Arm | undefined => {
  if (arm === undefined || own === undefined || own === 'unsettled') return arm;
  const { bad, of, cells } = own;
  return {
    ...arm,
    bad: { ...arm.bad, ...bad },
    ...(Object.keys(of).length > 0 ? { of } : {}),
    ...(Object.keys(cells).length > 0 ? { cells } : {}),
  };
};

const known = (reading: MinuteReading): Minute | undefined => (reading === 'unsettled' ? undefined : reading);

const countsOf = (
  policy: Policy,
  latency: LatencyPlan | undefined,
  candidate: Minute | undefined,
  baseline: Minute | undefined,
): Pick<Bucket, 'candidate' | 'baseline'> => {
  const counted =
    candidate && baseline && latency && latencyCounts(latency, policy.convict.worseThan, candidate, baseline);
  const arm = (
    minute: Minute | undefined,
    slow: { readonly bad: Arm['bad']; readonly trials?: Arm['trials'] } | undefined,
  ): Arm | undefined =>
    minute && {
      requests: minute.requests,
      bad: { [errorsMetric]: minute.errors, [clientErrorsMetric]: minute.clientErrors, ...slow?.bad },
      ...withoutUndefined({ trials: slow?.trials }),
    };
  const [one, other] = [arm(candidate, counted?.candidate), arm(baseline, counted?.baseline)];
  return withoutUndefined({ candidate: one, baseline: other });
};
