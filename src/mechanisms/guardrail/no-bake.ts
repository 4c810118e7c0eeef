import { orUndefined } from '../../aws/errors.ts';
import type { DeploymentConfig } from '../../aws/sagemaker.ts';
import { duration, type Instant, minutes, seconds } from '../../clock.ts';
import type { LiveEndpoint, PendingVariant } from '../../endpoint/observe.ts';
import { candidateFleet, firstRequestAt, requestsSeen } from '../../metrics/traffic.ts';
import type { GuardedUpdate } from '../../release/record.ts';
import type { Turn, TurnResult } from '../turn.ts';

/**
 * Rule 19: a bake that did not take place proves nothing. SageMaker ignores the guardrails of some containers and hardware without a word
 * and switches all at once (AWS: "Deployment guardrails: exclusions"). An update that took less time than its bakes alone had none of
 * them, or not all of them, whether or not a run watched it. A run that watched the launch of the instances knows more: the bakes came
 * later. Where no run saw a bake, the first request to the new fleet tells. The comparison is mild, and never takes a true bake for a missing one.
 */
export const unbaked = async (turn: Turn, live: LiveEndpoint): Promise<TurnResult | undefined> => {
  const { endpoint, release } = turn;
  if (release.submission.mechanism !== 'guardrail') return undefined;
  const bakes = bakesOf(release.submission, instancesOf(turn, live));
  const [bakeMs, tolerance] = [seconds(bakes.reduce((sum, bake) => sum + bake, 0)), shortfall * bakes.length];
  if (bakes.length === 0) return undefined;
  const neededMs = bakeMs - tolerance;
  const begun = Math.max(await begunAt(turn), launchedAt(turn));
  const tooLate = live.modifiedAt - begun >= neededMs ? await lateTraffic(turn, live, begun, neededMs) : begun;
  if (tooLate === undefined) return undefined;
  const leftMs = live.modifiedAt - tooLate;
  const seen = release.witnessed.bakes ?? [];
  const missing =
    seen.length === 0
      ? 'no bake took place, so no alarm watched it'
      : 'the bakes were cut short, so the alarms watched a part of them only';
  return turn.conclude(
    'no-bake',
    `${endpoint} serves ${release.version}, but ${missing}: its update left them at most ${duration(Math.max(0, leftMs))}, and they take ${duration(bakeMs)}`,
  );
};

/** SageMaker's timers may end a bake this much early. No figure is published; its time stamps have seconds. */
const shortfall = seconds(10);
/** Where only this machine's clock tells the begin: AWS refuses requests that are signed farther from its own time. */
const skew = minutes(5);

/**
 * The earliest begin of the update, in AWS's time like the end: the deployment's own StartTime. A run that died before it saw one leaves
 * two bounds, the creation of the configuration, which came before, and the submission by this machine's clock.
 */
const begunAt = async ({ world, release }: Turn): Promise<Instant> => {
  const { startedAt, submittedAt = release.startedAt } = release.witnessed;
  if (startedAt !== undefined) return startedAt;
  const config = await orUndefined(
    world.read.sagemaker.describeEndpointConfig({ EndpointConfigName: release.candidate.endpointConfig }),
  );
  return Math.max(submittedAt - skew, config?.CreationTime?.getTime() ?? Number.NEGATIVE_INFINITY);
};

/** SageMaker is launching the first instances of the new fleet: no bake has begun. */
export const isLaunching = ({ release }: Turn, variant: PendingVariant | undefined): boolean =>
  release.submission.mechanism === 'guardrail' &&
  (release.witnessed.bakes ?? []).length === 0 &&
  variant?.current === 0 &&
  variant.phases.length > 0 &&
  variant.phases.every(({ phase }) => phase === 'Creating');

/** UpdateEndpoint answers within this time. */
const longestCall = seconds(30);

/**
 * The last look at the launch, in AWS's time: this machine's clock differs from it as the submission differs from the deployment's
 * StartTime, which came at most one call later. Without a StartTime the look tells nothing.
 */
const launchedAt = ({ launchingAt, release, world }: Turn): Instant => {
  const { startedAt, submittedAt } = release.witnessed;
  const isSane = launchingAt !== undefined && launchingAt <= world.clock.now();
  if (!isSane || startedAt === undefined || submittedAt === undefined) return Number.NEGATIVE_INFINITY;
  return launchingAt + (startedAt - submittedAt) - longestCall;
};

/** Requests after which a fleet with its share of the traffic has had one: the chance that it has had none is e^-30. */
const certain = 30;

/**
 * The first request to the new fleet, when it came too late for the bakes, although callers called all the while. Not needed where a bake
 * was seen; without traffic it tells nothing.
 */
const lateTraffic = async (
  turn: Turn,
  live: LiveEndpoint,
  begun: Instant,
  neededMs: number,
): Promise<Instant | undefined> => {
  const { world, release } = turn;
  if ((release.witnessed.bakes ?? []).length > 0 || release.submission.mechanism !== 'guardrail') return undefined;
  const fleet = candidateFleet(turn);
  const first = await firstRequestAt(world, fleet, begun);
  if (first === undefined) return undefined;
  const { endpointConfig: _, ...both } = fleet;
  const calls = await requestsSeen(world, both, live.modifiedAt - neededMs, first);
  return calls * firstShare(release.submission, instancesOf(turn, live)) >= certain ? first : undefined;
};

/** Share of the traffic in the first bake. */
const firstShare = ({ deployment }: GuardedUpdate, instances: number): number => {
  const { RollingUpdatePolicy: rolling, BlueGreenUpdatePolicy: blueGreen } = deployment as DeploymentConfig;
  const { CanarySize: canary, LinearStepSize: linear } = blueGreen?.TrafficRoutingConfiguration ?? {};
  const size = (rolling?.MaximumBatchSize ?? canary ?? linear)?.Value;
  return size === undefined ? 1 : size / Math.max(1, size, instances);
};

/** A fleet that was scaled before or after the update has other steps: the fewest count. */
const instancesOf = ({ release }: Turn, live: LiveEndpoint): number => {
  const { variant } = release.submission;
  const now = live.variants.find(({ name }) => name === variant)?.desired ?? release.candidate.instanceCount;
  return Math.min(release.candidate.instanceCount, now);
};

/** The bakes of a deployment in order, in seconds, without those of no length. AWS: step by step (reference/sagemaker.md §3.2). */
export const bakesOf = (
  { deployment, bakeSeconds, finalBakeSeconds }: GuardedUpdate,
  instances: number,
): readonly number[] => {
  const { RollingUpdatePolicy: rolling, BlueGreenUpdatePolicy: blueGreen } = deployment as DeploymentConfig;
  const routing = blueGreen?.TrafficRoutingConfiguration;
  const steps = (size: number | undefined): number => Math.max(2, Math.ceil(instances / Math.max(1, size ?? 1)));
  const bakes = rolling
    ? repeated(bakeSeconds, steps(rolling.MaximumBatchSize?.Value))
    : routing?.Type === 'LINEAR'
      ? [...repeated(bakeSeconds, steps(routing.LinearStepSize?.Value) - 1), finalBakeSeconds]
      : [bakeSeconds, finalBakeSeconds];
  return bakes.filter((bake) => bake > 0);
};

const repeated = (value: number, times: number): readonly number[] => Array.from({ length: times }, () => value);
