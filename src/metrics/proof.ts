import { duration, seconds } from '../clock.ts';
import { percent } from '../judge/amounts.ts';
import { toleratedRate } from '../judge/incident.ts';
import { dispersionIn } from '../judge/metric-state.ts';
import { isToBeProven, type Policy } from '../judge/policy.ts';
import { requestsToProof } from '../judge/time-to-proof.ts';
import type { Rollout } from '../manifest/manifest.ts';
import { Refusal } from '../operation.ts';
import type { FrozenPolicy } from './judge-policy.ts';

type Steps = Extract<Rollout, { strategy: 'steps' }>;

/** The time until a candidate as good as the serving version is proven healthy on one step. */
export interface Proof {
  readonly share: number;
  /** Infinite for an endpoint without requests. */
  readonly seconds: number;
  /** The slowest proof: `errors`, `requests slower than 249 ms`. */
  readonly says: string;
}

/**
 * One for each step but the last, which has no baseline left. Every metric needs a proof, and a frequent event needs a longer one: it
 * takes longer to see that it does not happen more often.
 * @param rate requests per second of the endpoint
 */
export const proofTimes = (
  { steps, minimumRequests }: Steps,
  { policy, rates, own }: Pick<FrozenPolicy, 'policy' | 'rates' | 'own'>,
  rate: number,
): readonly Proof[] =>
  steps
    .filter((share) => share < 1)
    .map((share) => {
      const slowest = policy.metrics
        .filter(isToBeProven)
        .map((metric) => ({
          says: metric.says,
          requests:
            requestsToProof(metric, policy.healthy.confidence, rates[metric.name] ?? 0, share) /
            (own?.perRequest[metric.name] ?? 1),
        }))
        .reduce((one, other) => (other.requests > one.requests ? other : one), {
          says: 'requests',
          requests: minimumRequests,
        });
      return {
        share,
        says: slowest.says,
        seconds: rate === 0 ? Number.POSITIVE_INFINITY : Math.ceil(slowest.requests / (rate * share)),
      };
    });

/** Longest stay on a step: the manifest's, or a default. */
export const longestStepSeconds = (rollout: Steps): number =>
  rollout.maxStepSeconds ?? Math.max(3600, 4 * rollout.bakeSeconds);

/** @throws {Refusal} `too-little-traffic`: a rollout that cannot be proven does not begin (DESIGN §6) */
export const refuseUnprovable = (rollout: Steps, proof: readonly Proof[], rate: number, endpoint: string): void => {
  const slow = proof.find(({ seconds: needed }) => needed > longestStepSeconds(rollout));
  if (slow === undefined) return;
  const needed = Number.isFinite(slow.seconds) ? `about ${duration(seconds(slow.seconds))}` : 'for ever';
  throw new Refusal(
    'too-little-traffic',
    `${endpoint} sees about ${Math.round(rate * 100) / 100} requests per second, so proving health at ${percent(slow.share)} takes ${needed} (${slow.says}), and max-step is ${duration(seconds(longestStepSeconds(rollout)))}: start with a larger share, lengthen max-step, or relax healthy.excess-below; where errors are usual, healthy.at-most is proven sooner`,
  );
};

/** Of a hundred good versions ten need more than this many times the mean, and one more than twice as many (docs/judge.md). */
const oneInTen = 2;

/** @param longest stay on a step, in seconds */
export const proofNotes = (proof: readonly Proof[], longest: number): readonly string[] =>
  proof.flatMap(({ share, seconds: needed, says }) => [
    `at ${percent(share)} a version as good as this one is proven after about ${duration(seconds(needed))} (the slowest proof: ${says})`,
    ...(Number.isFinite(needed) && longest < oneInTen * needed
      ? [
          `at ${percent(share)} one good version in ten is not proven after ${duration(seconds(oneInTen * needed))}, and max-step is ${duration(seconds(longest))}: it would be taken back unproven`,
        ]
      : []),
  ]);

/** The limits of health, and for each metric with two of them the one on which the bets are. */
export const healthyNotes = ({ healthy, metrics }: Pick<Policy, 'healthy' | 'metrics'>): readonly string[] => {
  const limits = [
    ...(healthy.excessBelow === undefined
      ? []
      : [`its excess is below ${percent(healthy.excessBelow, 6)} of requests`]),
    ...(healthy.atMost === undefined ? [] : [`its rate is below ${healthy.atMost} times the old version's`]),
  ];
  return [
    `healthy when ${limits.join(', or ')}, with ${percent(healthy.confidence, 6)} confidence`,
    ...metrics.flatMap(({ says, excessBelow, atMost, usual, bets: { ratioPart = 0 } = {} }) =>
      excessBelow === undefined || atMost === undefined
        ? []
        : [
            `${says}: ${percent(Math.max(ratioPart, 1 - ratioPart))} of the proof is put on ${ratioPart > 0.5 ? 'the ratio' : ratioPart < 0.5 ? 'the excess' : 'each of the two'}${typeof usual === 'number' ? `, which is proven sooner at the usual ${percent(usual)}` : ': their usual rate is not known'}`,
          ],
    ),
  ];
};

/** Below it nobody notices that a proof takes longer. */
const worthANote = 1.5;

/** How much longer proofs take than those of independent requests, and why. */
export const dispersionNotes = ({ metrics }: Pick<Policy, 'metrics'>): readonly string[] =>
  metrics.filter(isToBeProven).flatMap(({ says, dispersion }) => {
    if (dispersion === undefined) return [];
    const { against, health } = dispersionIn({}, { dispersion });
    if (health < worthANote) return [];
    const longer = `a proof of health needs ${times(health)} times as many requests as for errors that come singly`;
    if (dispersion === 'learned')
      return [
        `${says}: no day before shows whether they come in bursts, so ${longer} until the old version's own minutes show more; burst-guard: off says that they come singly`,
      ];
    return [
      against < worthANote
        ? `${says}: the day before had too few to see whether they come in bursts, or only rare bursts, so ${longer}`
        : `${says}: in the day before they came in bursts and varied ${times(against)} times as much as single ones, so ${longer}, and a conviction more evidence`,
    ];
  });

const times = (dispersion: number): string => String(Number(dispersion.toPrecision(2)));

/** A minute in which the old version exceeds its limit is an incident, and proves nothing. */
export const limitNotes = ({ metrics }: Pick<Policy, 'metrics'>): readonly string[] =>
  metrics
    .filter(isToBeProven)
    .flatMap(({ says, usual, excessBelow = 0 }) =>
      typeof usual === 'number'
        ? [
            `minutes in which the old version has ${says} on clearly more than ${percent(toleratedRate(usual, excessBelow))} of its requests (usual: ${percent(usual)}) are no evidence of health`,
          ]
        : [],
    );

/** Metrics lag two minutes behind, and the release looks at them every half minute. */
const lagSeconds = 180;

/** Length of all steps, for a candidate as good as the serving version. */
export const walkSeconds = ({ steps, bakeSeconds }: Steps, proof: readonly Proof[]): number =>
  steps.reduce((sum, share) => {
    const needed = proof.find((step) => step.share === share)?.seconds ?? 0;
    return sum + Math.max(bakeSeconds, Number.isFinite(needed) ? needed + lagSeconds : 0);
  }, 0);
