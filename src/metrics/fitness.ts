import { duration, seconds } from '../clock.ts';
import { percent } from '../judge/amounts.ts';
import type { Rollout } from '../manifest/manifest.ts';
import { Refusal } from '../operation.ts';
import type { Guardrail } from '../rollout/compile.ts';
import type { World } from '../world.ts';
import type { AlarmFacts } from './alarm-lint.ts';
import { type AlarmSpec, lintAlarms } from './alarms.ts';
import type { CountedFleet } from './traffic.ts';

/** A rollout and its endpoint; `endpointConfig` is the candidate's. */
export interface Fitness extends CountedFleet {
  readonly rollout: Rollout;
  readonly path: Guardrail;
  readonly alarms: readonly AlarmSpec[];
  /** The endpoint's usual requests per second. */
  readonly rate: number;
}

/**
 * Rules 5 and 6, before the first write: every alarm can go off within the bake, every named alarm exists and is not red, and the
 * usual traffic reaches the minimum of requests in each bake.
 * @returns warnings, one sentence each
 * @throws {Refusal} `alarm-cannot-fire`, `alarm-not-ready`, `too-little-traffic`
 */
export const refuseUnfit = async (world: World, fitness: Fitness): Promise<readonly string[]> => {
  refuseTooLittleTraffic(fitness);
  const { rollout, path, alarms, endpoint, variant, endpointConfig } = fitness;
  return refuseUnfitAlarms(world, alarms, rollout.alarms.named, shortestBake(path), {
    endpoint,
    variant,
    endpointConfig,
    candidateRequestsPerSecond: fitness.rate * Math.min(...path.stages.map(({ share }) => share)),
  });
};

/**
 * Rule 6 alone.
 * @param own the release's own alarms
 * @param named alarm names in the manifest
 * @throws {Refusal} `alarm-cannot-fire`, `alarm-not-ready`
 */
export const refuseUnfitAlarms = async (
  world: World,
  own: readonly AlarmSpec[],
  named: readonly string[],
  bakeSeconds: number,
  facts: AlarmFacts,
): Promise<readonly string[]> => {
  const AlarmNames = [...named];
  const { MetricAlarms = [], CompositeAlarms = [] } =
    named.length === 0
      ? { MetricAlarms: [], CompositeAlarms: [] }
      : await world.read.cloudwatch.describeAlarms({ AlarmNames, AlarmTypes: ['MetricAlarm', 'CompositeAlarm'] });
  const described = { metric: MetricAlarms, composite: CompositeAlarms };
  const problems = lintAlarms(own, named, described, bakeSeconds, { ...facts, now: world.clock.now() });
  for (const [kind, reason] of [
    ['cannot-fire', 'alarm-cannot-fire'],
    ['not-ready', 'alarm-not-ready'],
  ] as const) {
    const found = problems.filter((problem) => problem.kind === kind);
    if (found.length > 0) throw new Refusal(reason, found.map(({ sentence }) => sentence).join('; '));
  }
  return problems.map(({ sentence }) => sentence);
};

/** Zero for a rollout without a bake: no alarm can go off in it. */
const shortestBake = ({ stages }: Guardrail): number => {
  const bakes = stages.map(({ bakeSeconds }) => bakeSeconds).filter((bake) => bake > 0);
  return bakes.length === 0 ? 0 : Math.min(...bakes);
};

/** Rule 5: the endpoint's usual traffic predicts the candidate's requests in each bake. */
const refuseTooLittleTraffic = ({ rollout, path, rate, endpoint }: Fitness): void => {
  for (const { share, bakeSeconds } of path.stages) {
    const expected = Math.floor(rate * share * bakeSeconds);
    if (bakeSeconds === 0 || expected >= rollout.minimumRequests) continue;
    throw new Refusal(
      'too-little-traffic',
      `${endpoint} sees about ${Math.round(rate * 100) / 100} requests per second, so ${percent(share)} of them for ${duration(seconds(bakeSeconds))} are about ${expected}, and minimum-requests is ${rollout.minimumRequests}: lengthen the bake or lower minimum-requests`,
    );
  }
};
