import { counted, percent } from '../judge/amounts.ts';
import type { Capacity, Rollout } from '../manifest/manifest.ts';

/**
 * Picks the mechanism that carries out a rollout, or refuses it; either way with the reason. Pure. Limits are AWS's (API Reference:
 * BlueGreenUpdatePolicy, RollingUpdatePolicy, TrafficRoutingConfig, CapacitySize).
 */
export type Compiled =
  | { readonly is: 'feasible'; readonly path: Path; readonly notes: readonly string[] }
  | { readonly is: 'infeasible'; readonly because: string };

/** The known facts about the endpoint when the rollout is compiled. */
export interface FleetFacts {
  /** False on a first deployment: no version serves, so no traffic is shifted. */
  readonly exists: boolean;
  /** Instances the candidate will have. */
  readonly instanceCount: number;
  readonly fleet: Hardware;
  /** The serving fleet; absent on a first deployment. */
  readonly replaced?: Hardware;
  /** ProductId of a container from the AWS Marketplace. */
  readonly productId?: string;
  /** Limit for one instance to download the model and pass its health check. */
  readonly startSeconds: number;
}

export type Hardware = { readonly serverless: true } | { readonly serverless: false; readonly instanceType: string };

export type Path = CreationPath | Plain | Guardrail;

export interface CreationPath {
  readonly mechanism: 'creation';
  readonly expectedSeconds: number;
}

/** An update without deployment guardrails: checks before it, a verified end, and no alarm that watches in between. */
export interface Plain {
  readonly mechanism: 'plain';
  readonly expectedSeconds: number;
}

/** SageMaker moves the traffic by its own timer; the suite supervises to the verified end. */
export interface Guardrail {
  readonly mechanism: 'guardrail';
  readonly routing: 'ALL_AT_ONCE' | 'CANARY' | 'LINEAR' | 'ROLLING';
  /** Instances per step; absent for ALL_AT_ONCE. */
  readonly stepInstances?: number;
  /** ROLLING only: instances per step on the way back; absent = all at once. */
  readonly rollbackInstances?: number;
  /** Bake after each step but the last. */
  readonly waitSeconds: number;
  /** Bake on the full candidate fleet before the old one goes. */
  readonly terminationWaitSeconds: number;
  readonly timeoutSeconds: number;
  /** Bakes in order, with the candidate's share of the traffic while each lasts. */
  readonly stages: readonly BakeStage[];
  readonly expectedSeconds: number;
}

export interface BakeStage {
  /** Fraction of requests, proportional to active capacity. */
  readonly share: number;
  readonly bakeSeconds: number;
}

/** Estimate for launching a fleet of CPU instances; AWS publishes none. The plan marks it as an estimate. */
const launchSeconds = 300;
const longestWaitSeconds = 3600;
const shortestTimeoutSeconds = 600;
const longestTimeoutSeconds = 28_800;

export const compile = (rollout: Rollout, fleet: FleetFacts): Compiled => {
  if (rollout.strategy === 'steps')
    return fleet.exists
      ? refuse('strategy steps is carried out by variant weights, not by deployment guardrails')
      : creation(rollout);
  const unguarded = withoutGuardrails(rollout, fleet);
  if (unguarded !== undefined) return unguarded;
  if (!fleet.exists) return creation(rollout);
  const route = routeOf(rollout, fleet);
  if (route.is === 'infeasible') return route;
  return withTimes(rollout, fleet, route);
};

const creation = ({ strategy }: Rollout): Compiled => ({
  is: 'feasible',
  path: { mechanism: 'creation', expectedSeconds: launchSeconds },
  notes: [`no version serves yet: the endpoint is created at full size and ${strategy} begins with the next version`],
});

interface Exclusion {
  readonly what: string;
  readonly instead: string;
}

const exclusionOf = (facts: FleetFacts): Exclusion | undefined => {
  if (hasInf1(facts))
    return { what: 'an endpoint on ml.inf1 instances', instead: 'use another instance type or strategy: steps' };
  return facts.productId === undefined
    ? undefined
    : { what: `a container from the AWS Marketplace (${facts.productId})`, instead: 'use strategy: steps' };
};

const hasInf1 = ({ fleet, replaced }: FleetFacts): boolean =>
  [fleet, replaced].some((hardware) => hardware?.serverless === false && hardware.instanceType.startsWith('ml.inf1.'));

/**
 * AWS: "Deployment guardrails: exclusions". SageMaker does not refuse a rollout that it cannot guard. It silently switches all at
 * once without a bake, so the manifest may request nothing else there.
 */
const withoutGuardrails = (rollout: ByGuardrail, facts: FleetFacts): Compiled | undefined => {
  const { fleet, replaced } = facts;
  const asksNothing =
    rollout.strategy === 'all-at-once' &&
    rollout.finalBakeSeconds === 0 &&
    rollout.minimumRequests === 0 &&
    rollout.alarms.errors === undefined &&
    rollout.alarms.latencyP99Milliseconds === undefined &&
    rollout.alarms.named.length === 0;
  const only = 'use strategy: all-at-once with final-bake: 0s, minimum-requests: 0 and no alarms';
  if (fleet.serverless) {
    if (replaced?.serverless === false)
      return refuse(
        'SageMaker does not update an endpoint with instances to a serverless one: deliver to an endpoint of another name',
      );
    if (!asksNothing) return refuse(`serverless endpoints have no deployment guardrails: ${only}`);
    return facts.exists
      ? plain([
          'serverless endpoints have neither deployment guardrails nor variants: all requests go to the new version at once and no alarm watches it; it is taken back only when it does not start',
        ])
      : undefined;
  }
  const exclusion = exclusionOf(facts);
  if (exclusion !== undefined && !asksNothing)
    return refuse(
      `${exclusion.what} has no deployment guardrails (SageMaker would silently switch all at once, without a bake): ${exclusion.instead}, or ${only.replace('use ', '')}`,
    );
  if (replaced?.serverless)
    return plain([
      `all requests go from serverless to instances at once and no alarm watches it; ${rollout.strategy} begins with the next version`,
      'there is no way back: SageMaker does not update an endpoint with instances to a serverless one',
    ]);
  return undefined;
};

const plain = (notes: readonly string[]): Compiled => ({
  is: 'feasible',
  path: { mechanism: 'plain', expectedSeconds: launchSeconds },
  notes,
});

interface Route {
  readonly is: 'route';
  readonly routing: Guardrail['routing'];
  readonly stepInstances?: number;
  readonly rollbackInstances?: number;
  readonly waitSeconds: number;
  readonly terminationWaitSeconds: number;
  readonly stages: readonly BakeStage[];
  readonly notes: readonly string[];
}
type Infeasible = Extract<Compiled, { is: 'infeasible' }>;
type ByGuardrail = Exclude<Rollout, { strategy: 'steps' }>;

const refuse = (because: string): Infeasible => ({ is: 'infeasible', because });

const routeOf = (rollout: ByGuardrail, fleet: FleetFacts): Route | Infeasible => {
  if (rollout.strategy === 'all-at-once')
    return {
      is: 'route',
      routing: 'ALL_AT_ONCE',
      waitSeconds: 0,
      terminationWaitSeconds: rollout.finalBakeSeconds,
      stages: [{ share: 1, bakeSeconds: rollout.finalBakeSeconds }],
      notes: rollout.finalBakeSeconds === 0 ? ['no final bake: alarms have no time to stop this rollout'] : [],
    };
  const step = stepOf(rollout, fleet);
  if ('because' in step) return refuse(step.because);
  const { instances, notes } = step;
  const waitSeconds = rollout.bakeSeconds;
  if (rollout.strategy === 'canary')
    return {
      is: 'route',
      routing: 'CANARY',
      stepInstances: instances,
      waitSeconds,
      terminationWaitSeconds: rollout.finalBakeSeconds,
      stages: [
        { share: instances / fleet.instanceCount, bakeSeconds: waitSeconds },
        { share: 1, bakeSeconds: rollout.finalBakeSeconds },
      ],
      notes,
    };
  const terminationWaitSeconds = rollout.strategy === 'linear' ? rollout.finalBakeSeconds : 0;
  const steps = Math.ceil(fleet.instanceCount / instances);
  const stages = Array.from({ length: steps }, (_, index) => ({
    share: Math.min(1, ((index + 1) * instances) / fleet.instanceCount),
    bakeSeconds: index + 1 < steps || rollout.strategy === 'rolling' ? waitSeconds : terminationWaitSeconds,
  }));
  const rollbackInstances =
    rollout.strategy === 'rolling' && rollout.rollbackBatch
      ? instancesOf(rollout.rollbackBatch, fleet.instanceCount)
      : undefined;
  return {
    is: 'route',
    routing: rollout.strategy === 'linear' ? 'LINEAR' : 'ROLLING',
    stepInstances: instances,
    ...(rollbackInstances === undefined ? {} : { rollbackInstances: Math.max(1, Math.floor(rollbackInstances)) }),
    waitSeconds,
    terminationWaitSeconds,
    stages,
    notes,
  };
};

/** AWS: CanarySize ≤ 50 %, LinearStepSize 10–50 %, MaximumBatchSize 5–50 % of the variant's instances. */
const limits = {
  canary: { word: 'canary size', smallest: 0, key: 'size' },
  linear: { word: 'linear step', smallest: 0.1, key: 'step' },
  rolling: { word: 'rolling batch', smallest: 0.05, key: 'batch' },
} as const;

const instancesOf = (size: Capacity, count: number): number =>
  size.unit === 'instances' ? size.value : (size.value * count) / 100;

const written = (size: Capacity): string =>
  size.unit === 'percent' ? percent(size.value / 100, 6) : counted(size.value, 'instance');

/**
 * How SageMaker rounds percentages on small fleets is not published, so a percentage is turned into instances here and sent as
 * INSTANCE_COUNT: down, unless that falls below AWS's smallest step.
 */
const stepOf = (
  rollout: Exclude<ByGuardrail, { strategy: 'all-at-once' }>,
  fleet: FleetFacts,
): { readonly instances: number; readonly notes: readonly string[] } | { readonly because: string } => {
  const { word, smallest, key } = limits[rollout.strategy];
  const size =
    rollout.strategy === 'canary' ? rollout.size : rollout.strategy === 'linear' ? rollout.step : rollout.batch;
  const count = fleet.instanceCount;
  if (count < 2)
    return {
      because: `${rollout.strategy} needs at least 2 instances and the fleet has ${count}: raise instance.count (autoscaling.min of a fleet that scales), or use all-at-once with a final-bake`,
    };
  const exact = instancesOf(size, count);
  if (exact < 1)
    return {
      because: `${key} ${written(size)} of ${count} instances is ${round(exact)} of an instance: use ${key}: 1 instance, or more instances`,
    };
  const down = Math.floor(exact);
  const instances = down / count < smallest ? Math.ceil(exact) : down;
  const share = instances / count;
  if (share > 0.5)
    return {
      because: `${word} ${written(size)} of ${count} instances is ${percent(share)}, and AWS allows at most 50 %: use ${key}: ${counted(Math.floor(count / 2), 'instance')} or fewer`,
    };
  if (share < smallest)
    return {
      because: `${word} ${written(size)} of ${count} instances is ${percent(share)}, and AWS allows at least ${percent(smallest)}: use ${key}: ${counted(Math.ceil(count * smallest), 'instance')}`,
    };
  const notes = Number.isInteger(exact)
    ? []
    : [
        `${key} ${written(size)} of ${count} instances is ${round(exact)}; ${instances} of ${count} (${percent(share)}) are used`,
      ];
  return { instances, notes };
};

const withTimes = (rollout: ByGuardrail, fleet: FleetFacts, route: Route): Compiled => {
  const waits = [
    ['bake', route.waitSeconds],
    ['final-bake', route.terminationWaitSeconds],
  ] as const;
  for (const [key, value] of waits)
    if (value > longestWaitSeconds)
      return refuse(`${key} ${minutesOf(value)} is over SageMaker's limit of 1 h per wait: use ${key}: 1h or less`);
  const baking = route.stages.reduce((sum, stage) => sum + stage.bakeSeconds, 0);
  // Whether the last step also waits is not published: the limit must hold for both readings.
  const longest = launchSeconds + fleet.startSeconds + baking + route.waitSeconds;
  const enough = Math.max(shortestTimeoutSeconds, Math.ceil((longest * 1.2) / 60) * 60);
  if (baking + launchSeconds > longestTimeoutSeconds)
    return refuse(
      `${route.stages.length} bakes of ${minutesOf(baking)} in all do not fit into SageMaker's limit of 8 h: use fewer or shorter ones`,
    );
  if (rollout.timeoutSeconds !== undefined) {
    if (rollout.timeoutSeconds < shortestTimeoutSeconds || rollout.timeoutSeconds > longestTimeoutSeconds)
      return refuse(`timeout ${minutesOf(rollout.timeoutSeconds)} is outside SageMaker's range (10m to 8h)`);
    if (rollout.timeoutSeconds < baking + launchSeconds)
      return refuse(
        `timeout ${minutesOf(rollout.timeoutSeconds)} cannot hold ${minutesOf(baking)} of bakes and about ${minutesOf(launchSeconds)} to launch: use at least ${minutesOf(Math.min(enough, longestTimeoutSeconds))}`,
      );
  }
  const { is: _, notes, ...times } = route;
  return {
    is: 'feasible',
    path: {
      mechanism: 'guardrail',
      ...times,
      timeoutSeconds: rollout.timeoutSeconds ?? Math.min(enough, longestTimeoutSeconds),
      expectedSeconds: launchSeconds + baking,
    },
    notes: [
      `duration assumes about ${minutesOf(launchSeconds)} to launch the new fleet (AWS publishes no figure)`,
      ...notes,
    ],
  };
};

const round = (value: number): string => String(Math.round(value * 100) / 100);
const minutesOf = (value: number): string =>
  value % 3600 === 0 ? `${value / 3600}h` : value % 60 === 0 ? `${value / 60}m` : `${value}s`;
