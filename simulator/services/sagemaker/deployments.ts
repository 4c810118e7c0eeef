import type { Instant } from '../../contracts.ts';
import type { Context } from './context.ts';
import type { Plan, Step } from './deployment-plan.ts';
import type { Endpoint, Transitions } from './endpoint.ts';
import { type Fleet, type Fleets, type FleetVariant, hush, say, sum } from './fleets.ts';
import { Setback, type Timeline } from './timeline.ts';

/** The changes of one UpdateEndpoint to the fleets. */
export interface Deployment {
  readonly endpoint: Endpoint;
  readonly green: Fleet;
  readonly plan: Plan;
  readonly alarms: readonly string[];
  /** Injected: goes back to the old config without a reason. */
  readonly silent: boolean;
}
type BlueGreen = Deployment & { readonly plan: Plan & { readonly kind: 'blue-green' } };
type Rolling = Deployment & { readonly plan: Plan & { readonly kind: 'rolling' } };

/** The timelines of AWS's deployment guardrails (reference/sagemaker.md §3.2, §3.3). */
export const createDeployments = (context: Context, fleets: Fleets, { note, become, fail }: Transitions) => {
  const { kernel } = context;
  const now = (): Instant => kernel.clock.now();
  const deadlineOf = (plan: Plan): { deadline?: Instant } =>
    plan.timeoutSeconds === undefined ? {} : { deadline: now() + plan.timeoutSeconds * 1000 };

  /** Traffic follows active capacity: blue deactivates as much as green activates (AWS: "Use linear traffic shifting"). */
  const activate = (green: Fleet, old: readonly Fleet[], active: (variant: FleetVariant) => number): void => {
    const shareOf = new Map<string, number>();
    for (const variant of green.variants) {
      variant.active = active(variant);
      shareOf.set(variant.name, share(variant.active, variant.desired));
    }
    const overall = share(
      sum(green, (variant) => variant.active),
      sum(green, (variant) => variant.desired),
    );
    for (const fleet of old)
      for (const variant of fleet.variants)
        variant.active = variant.instances * (1 - (shareOf.get(variant.name) ?? overall));
  };

  /** A fleet that scaled to zero is whole as it is. */
  const share = (part: number, all: number): number => (all === 0 ? 1 : part / all);

  const oldFleets = (endpoint: Endpoint): readonly Fleet[] => [
    endpoint.live,
    ...(endpoint.stray ? [endpoint.stray] : []),
  ];

  function* terminate(fleet: Fleet): Timeline {
    say(fleet, now(), 'Deleting', (variant) => `Terminating ${variant.instances} instance(s).`);
    yield { label: 'terminate', milliseconds: kernel.settings.terminateMs };
    for (const variant of fleet.variants) variant.instances = variant.active = 0;
    fleets.stop(fleet);
  }

  function* shift({ endpoint, green, alarms }: Deployment, step: Step, limit: { deadline?: Instant }): Timeline {
    const capacity = (variant: FleetVariant): string => {
      const kind = step.kind === 'full' ? 'full capacity' : step.kind === 'canary' ? 'canary capacity' : 'capacity';
      return `${kind} of ${step.active(variant.desired)} instance(s)`;
    };
    say(green, now(), 'ActivatingTraffic', (variant) => `Activating traffic on ${capacity(variant)}.`);
    yield { label: 'activate traffic', milliseconds: kernel.settings.activateTrafficMs, ...limit };
    activate(green, oldFleets(endpoint), (variant) => step.active(variant.desired));
    const [active, desired] = [sum(green, (variant) => variant.active), sum(green, (variant) => variant.desired)];
    note(endpoint, `${step.kind}-activated`, `${active} of ${desired} instances of ${green.config.name}`);
    say(
      green,
      now(),
      'Baking',
      (variant) =>
        `Baking for ${step.bakeSeconds} seconds (${step.bakeName}) with traffic enabled on ${capacity(variant)}.`,
    );
    yield { label: 'bake', milliseconds: step.bakeSeconds * 1000, alarms, ...limit };
  }

  const success = (endpoint: Endpoint, green: Fleet): void => {
    hush(green);
    endpoint.live = green;
    delete endpoint.stray;
    delete endpoint.pending;
    if (kernel.settings.failureReasonClearedBy === 'next-success') delete endpoint.failureReason;
    become(endpoint, 'InService');
    note(endpoint, 'in-service', green.config.name);
  };

  /** Traffic returns to the old fleets at once, green goes; the endpoint is InService on the OLD config (§2.7, AWS ACK e2e test). */
  function* backToBlue({ endpoint, green }: Deployment, setback: Setback): Timeline {
    note(endpoint, setback.what, setback.reason ?? 'no reason given');
    for (const variant of green.variants) variant.active = 0;
    for (const fleet of oldFleets(endpoint)) for (const variant of fleet.variants) variant.active = variant.instances;
    yield* terminate(green);
    delete endpoint.pending;
    fail(endpoint, setback.reason);
    become(endpoint, endpoint.stray ? 'UpdateRollbackFailed' : 'InService');
    note(endpoint, 'rolled-back', `${endpoint.live.config.name} serves again`);
  }

  function* blueGreen(deployment: BlueGreen): Timeline {
    const { endpoint, green, plan } = deployment;
    const limit = deadlineOf(plan);
    for (const variant of green.variants) variant.instances = variant.desired;
    say(green, now(), 'Creating', (variant) => `Launching ${variant.desired} instance(s).`);
    try {
      yield* fleets.launch(green, limit.deadline);
      if (deployment.silent) throw new Setback('silent-rollback', undefined);
      for (const step of plan.steps) yield* shift(deployment, step, limit);
    } catch (error) {
      if (!(error instanceof Setback)) throw error;
      yield* backToBlue(deployment, error);
      return;
    }
    hush(green);
    for (const fleet of oldFleets(endpoint)) yield* terminate(fleet);
    success(endpoint, green);
  }

  /** Old capacity comes back in batches, new capacity leaves; if that fails too, both serve (§2.7, UpdateRollbackFailed). */
  function* rollBackInBatches({ endpoint, green, plan }: Rolling, setback: Setback): Timeline {
    note(endpoint, setback.what, setback.reason ?? 'no reason given');
    const [blue] = endpoint.live.variants;
    const [fresh] = green.variants;
    if (!blue || !fresh) return;
    fresh.instances = fresh.active;
    try {
      while (blue.instances < blue.desired) {
        const batch = Math.min(plan.rollbackBatch(blue.desired), blue.desired - blue.instances);
        blue.instances += batch;
        say(endpoint.live, now(), 'Creating', () => `Launching ${batch} instance(s).`);
        try {
          yield* fleets.launch(endpoint.live);
        } catch (error) {
          blue.instances -= batch;
          throw error;
        }
        blue.active = blue.instances;
        fresh.instances = fresh.active = Math.max(0, fresh.instances - batch);
      }
      hush(endpoint.live);
      yield* backToBlue({ endpoint, green, plan, alarms: [], silent: false }, setback);
    } catch (error) {
      if (!(error instanceof Setback)) throw error;
      hush(endpoint.live);
      hush(green);
      const both = `${endpoint.live.config.name} and ${green.config.name} both serve`;
      [endpoint.live, endpoint.stray] =
        kernel.settings.rollbackFailedNames === 'old' ? [endpoint.live, green] : [green, endpoint.live];
      delete endpoint.pending;
      fail(endpoint, error.reason);
      become(endpoint, 'UpdateRollbackFailed');
      note(endpoint, 'rollback-failed', both);
    }
  }

  /** Batch by batch: launch, shift its share, bake, terminate as much of blue (AWS: "Use rolling deployments"). */
  function* rolling(deployment: Rolling): Timeline {
    const { endpoint, green, plan, alarms } = deployment;
    const limit = deadlineOf(plan);
    const [blue] = endpoint.live.variants;
    const [fresh] = green.variants;
    if (!blue || !fresh) return;
    const blueAtFirst = blue.instances;
    try {
      while (fresh.active < fresh.desired) {
        const batch = Math.min(plan.batch(fresh.desired), fresh.desired - fresh.active);
        fresh.instances += batch;
        say(green, now(), 'Creating', () => `Launching ${batch} instance(s).`);
        yield* fleets.launch(green, limit.deadline);
        if (deployment.silent) throw new Setback('silent-rollback', undefined);
        say(
          green,
          now(),
          'ActivatingTraffic',
          () => `Activating traffic on capacity of ${fresh.instances} instance(s).`,
        );
        yield { label: 'activate traffic', milliseconds: kernel.settings.activateTrafficMs, ...limit };
        fresh.active = fresh.instances;
        const remaining = Math.round(blueAtFirst * (1 - share(fresh.active, fresh.desired)));
        blue.active = remaining;
        note(endpoint, 'batch-activated', `${fresh.active} of ${fresh.desired} instances of ${green.config.name}`);
        say(
          green,
          now(),
          'Baking',
          () =>
            `Baking for ${plan.bakeSeconds} seconds (WaitIntervalInSeconds) with traffic enabled on capacity of ${fresh.active} instance(s).`,
        );
        yield { label: 'bake', milliseconds: plan.bakeSeconds * 1000, alarms, ...limit };
        say(endpoint.live, now(), 'Deleting', () => `Terminating ${blue.instances - remaining} instance(s).`);
        yield { label: 'terminate batch', milliseconds: kernel.settings.terminateMs };
        blue.instances = remaining;
        hush(endpoint.live);
      }
    } catch (error) {
      if (!(error instanceof Setback)) throw error;
      yield* rollBackInBatches(deployment, error);
      return;
    }
    for (const fleet of oldFleets(endpoint))
      if (sum(fleet, (variant) => variant.instances) > 0) yield* terminate(fleet);
      else fleets.stop(fleet);
    success(endpoint, green);
  }

  /** A DeploymentConfig given at creation does not alter it (AWS: CreateEndpoint). A failed endpoint can only be deleted (§2.7). */
  function* creation(endpoint: Endpoint): Timeline {
    const fleet = endpoint.live;
    for (const variant of fleet.variants) variant.instances = variant.desired;
    say(fleet, now(), 'Creating', (variant) => `Launching ${variant.desired} instance(s).`);
    note(endpoint, 'creating', fleet.config.name);
    try {
      yield* fleets.launch(fleet);
    } catch (error) {
      if (!(error instanceof Setback)) throw error;
      for (const variant of fleet.variants) variant.instances = 0;
      fleets.stop(fleet);
      delete endpoint.pending;
      note(endpoint, error.what, error.reason ?? 'no reason given');
      fail(endpoint, error.reason);
      become(endpoint, 'Failed');
      return;
    }
    for (const variant of fleet.variants) variant.active = variant.instances;
    success(endpoint, fleet);
  }

  const update = (deployment: Deployment): Timeline => {
    const { plan } = deployment;
    return plan.kind === 'rolling' ? rolling({ ...deployment, plan }) : blueGreen({ ...deployment, plan });
  };

  return { creation, update, terminate, stop: fleets.stop };
};
export type Deployments = ReturnType<typeof createDeployments>;
