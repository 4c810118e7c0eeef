import { minutes, seconds } from '../../clock.ts';
import { type Span, Undecided } from '../observation.ts';
import { question } from '../question.ts';
import {
  baked,
  baking,
  type EndpointState,
  inService,
  launchLimit,
  look,
  lookMs,
  makeConfig,
  makeEndpoint,
  makeModel,
  mustUpdate,
  phase,
  serve,
  served,
  settled,
  stages,
  update,
  variantOf,
} from '../stage.ts';
import type { ProbeWorld } from '../world.ts';

/** From AWS's own times, which are whole or broken seconds. */
const between = (from: number, to: number): Span => ({
  from: Math.max(0, Math.floor((to - from - 1) * 1000)),
  to: Math.ceil((to - from + 1) * 1000),
});
/** The rest of a span that began with a part of known length. */
const less = (whole: Span, part: Span): Span => ({
  from: Math.max(0, whole.from - part.to),
  to: whole.to - part.from,
});
const shorter = (whole: Span, milliseconds: number): Span => less(whole, { from: milliseconds, to: milliseconds });

const updating = [...served, ...stages.update];
const broken = [...stages.broken];

/** Until the endpoint shows its phase `Deleting`, and then until it has ended. */
const ended = (world: ProbeWorld, endpoint: string, seen: (state: EndpointState) => void) =>
  world.until('the end of the update', lookMs, launchLimit, async () => {
    const state = await look(world, endpoint);
    seen(state);
    return state.EndpointStatus === 'Updating' ? undefined : state;
  });

/** The shortest limit that AWS takes (API reference, ProductionVariant). */
const shortestHealthCheckSeconds = 60;

export const updates = [
  question({
    id: 'startup',
    asks: 'How long does an instance take to start, its container to pass its health check, and SageMaker to give one up that never passes?',
    decides: ['provisionMs', 'containerStartMs', 'startupHealthCheckTimeoutMs'],
    source: 'sagemaker.md §2.6, §2.8',
    actions: [...served, ...broken],
    instances: 3,
    minutes: 75,
    async ask(world) {
      const good = await makeModel(world, 'startup-good');
      const bad = await makeModel(world, 'startup-bad', true);
      const limited = { ContainerStartupHealthCheckTimeoutInSeconds: shortestHealthCheckSeconds };
      const variants = {
        healthy: variantOf(world.given, good),
        limited: variantOf(world.given, bad, limited),
        unlimited: variantOf(world.given, bad),
      };
      const configs = await Promise.all(
        Object.entries(variants).map(
          async ([name, variant]) => [name, await makeConfig(world, `startup-${name}`, [variant])] as const,
        ),
      );
      const began = new Map<string, number>();
      for (const [name, config] of configs) {
        began.set(name, world.clock.now());
        await makeEndpoint(world, `startup-${name}`, config);
      }
      const open = new Map(configs.map(([name]) => [name, world.clock.now()]));
      const taken: Record<string, Span> = {};
      await world.until('the last of three endpoints', lookMs, minutes(70), async () => {
        for (const [name, lastLook] of open) {
          const { EndpointStatus } = await look(world, world.name(`startup-${name}`));
          const since = began.get(name) ?? 0;
          if (EndpointStatus === 'Creating') open.set(name, world.clock.now());
          else {
            if (EndpointStatus !== (name === 'healthy' ? 'InService' : 'Failed'))
              throw new Undecided(`the ${name} endpoint ended ${EndpointStatus}`);
            taken[name] = { from: lastLook - since, to: world.clock.now() - since };
            open.delete(name);
          }
        }
        return open.size === 0 ? true : undefined;
      });
      return taken as Readonly<Record<keyof typeof variants, Span>>;
    },
    read: ({ healthy, limited, unlimited }) => {
      const provision = shorter(limited, seconds(shortestHealthCheckSeconds));
      return {
        provisionMs: provision,
        containerStartMs: less(healthy, provision),
        startupHealthCheckTimeoutMs: less(unlimited, provision),
      };
    },
  }),

  question({
    id: 'phases',
    asks: 'How long are the phases of an update besides its bakes, and how long is the state before it still described?',
    decides: ['activateTrafficMs', 'terminateMs', 'staleDescribeMs'],
    source: 'sagemaker.md §2.6, §2.7',
    actions: updating,
    instances: 2,
    minutes: 75,
    async ask(world) {
      const { endpoint, other } = await serve(world, 'phases');
      await mustUpdate(world, endpoint, other, baked(60));
      const { after: stale } = await world.until('the update in a description', seconds(2), minutes(10), async () =>
        (await look(world, endpoint)).EndpointStatus === 'Updating' ? true : undefined,
      );
      const starts: Record<string, number> = {};
      const end = await ended(world, endpoint, (state) => {
        for (const status of ['ActivatingTraffic', 'Baking'])
          starts[status] = phase(state, 'new', status) ?? starts[status] ?? Number.NaN;
        starts['Deleting'] = phase(state, 'old', 'Deleting') ?? starts['Deleting'] ?? Number.NaN;
      });
      const { ActivatingTraffic: activating = Number.NaN, Baking: bake = Number.NaN } = starts;
      const { Deleting: deleting = Number.NaN } = starts;
      return {
        stale,
        activated: Number.isNaN(activating + bake) ? null : between(activating, bake),
        // The end is seen by a look; one second on each side for the difference of the two clocks.
        terminated: Number.isNaN(deleting)
          ? null
          : {
              from: Math.max(0, end.at - (end.after.to - end.after.from) - deleting * 1000 - 1000),
              to: end.at - deleting * 1000 + 1000,
            },
      };
    },
    read: ({ stale, activated, terminated }) => ({
      staleDescribeMs: stale,
      activateTrafficMs: activated ?? undefined,
      terminateMs: terminated ?? undefined,
    }),
  }),

  question({
    id: 'config-visible',
    asks: 'How long after CreateEndpointConfig does a lookup miss the configuration?',
    decides: ['configVisibleAfterMs'],
    source: 'sagemaker.md §2.2',
    actions: [...stages.model, ...stages.config],
    instances: 0,
    minutes: 10,
    async ask(world) {
      const model = await makeModel(world, 'visible');
      const EndpointConfigName = world.name('visible');
      await world.make('CreateEndpointConfig', {
        EndpointConfigName,
        ProductionVariants: [variantOf(world.given, model)],
      });
      const { after } = await world.until('the configuration', seconds(1), minutes(5), async () => {
        const seen = await world.attempt('sagemaker', 'DescribeEndpointConfig', { EndpointConfigName });
        return 'answer' in seen ? true : undefined;
      });
      return { after };
    },
    read: ({ after }) => ({ configVisibleAfterMs: after }),
  }),

  question({
    id: 'same-config',
    asks: 'Does UpdateEndpoint with the configuration that serves begin a deployment?',
    decides: ['sameConfigUpdate'],
    source: 'sagemaker.md §13.6',
    actions: updating,
    instances: 2,
    minutes: 60,
    async ask(world) {
      const { endpoint, serving } = await serve(world, 'same');
      const outcome = await update(world, endpoint, serving);
      if ('refused' in outcome) return { refused: outcome.refused.message };
      await inService(world, endpoint);
      return { refused: null };
    },
    read: ({ refused }) => ({ sameConfigUpdate: refused === null ? 'redeploys' : 'refused' }),
  }),

  question({
    id: 'deployment-words',
    asks: 'With which words does UpdateEndpoint refuse deployment policies that contradict themselves?',
    decides: [],
    source: 'sagemaker.md §13.3',
    actions: updating,
    instances: 2,
    minutes: 150,
    async ask(world) {
      const { endpoint, serving, other } = await serve(world, 'words');
      const half = { Type: 'INSTANCE_COUNT', Value: 1 };
      const rolling = { RollingUpdatePolicy: { MaximumBatchSize: half, WaitIntervalInSeconds: 0 } };
      const policies: Readonly<Record<string, object>> = {
        'canary of all instances': canary({ Type: 'CAPACITY_PERCENT', Value: 100 }, 0, 0),
        'canary without a size': {
          BlueGreenUpdatePolicy: { TrafficRoutingConfiguration: { Type: 'CANARY', WaitIntervalInSeconds: 0 } },
        },
        'both policies': { ...baked(0), ...rolling },
      };
      const words: Record<string, string | null> = {};
      let [from, to] = [serving, other];
      for (const [name, policy] of Object.entries(policies)) {
        const outcome = await update(world, endpoint, to, policy);
        words[name] = 'refused' in outcome ? outcome.refused.message : null;
        if ('refused' in outcome) continue;
        await inService(world, endpoint);
        [from, to] = [to, from];
      }
      return words;
    },
    read: () => ({}),
  }),

  question({
    id: 'renamed-variant',
    asks: 'Does UpdateEndpoint take a deployment policy when the name of the variant changes?',
    decides: ['renamedVariantUpdate'],
    source: 'sagemaker.md §13.3',
    actions: updating,
    instances: 2,
    minutes: 75,
    async ask(world) {
      const { endpoint, model } = await serve(world, 'renamed');
      const other = await makeConfig(world, 'renamed-c', [variantOf(world.given, model, { VariantName: 'Renamed' })]);
      const outcome = await update(world, endpoint, other, baked(120));
      if ('refused' in outcome) return { refused: outcome.refused.message, baked: false };
      let bakes = false;
      await ended(world, endpoint, (state) => {
        bakes ||= phase(state, 'new', 'Baking') !== undefined;
      });
      return { refused: null, baked: bakes };
    },
    read: ({ refused, baked }) => ({
      renamedVariantUpdate: refused !== null ? 'refused' : baked ? undefined : 'all-at-once',
    }),
  }),

  question({
    id: 'last-step',
    asks: 'Does the last step of a canary wait WaitIntervalInSeconds before TerminationWaitInSeconds?',
    decides: ['lastStepWaits'],
    source: 'sagemaker.md §13.5',
    actions: updating,
    instances: 4,
    minutes: 90,
    async ask(world) {
      const { endpoint, other } = await serve(world, 'last', 2);
      await mustUpdate(world, endpoint, other, canary({ Type: 'INSTANCE_COUNT', Value: 1 }, 300, 60));
      const bakes = new Set<number>();
      let deleting: number | undefined;
      await ended(world, endpoint, (state) => {
        const bake = phase(state, 'new', 'Baking');
        if (bake !== undefined) bakes.add(bake);
        deleting = phase(state, 'old', 'Deleting') ?? deleting;
      });
      const last = [...bakes].at(-1);
      if (last === undefined || bakes.size < 2 || deleting === undefined)
        throw new Undecided('the description showed no last bake with an end');
      return { lastBakeSeconds: Math.round(deleting - last) };
    },
    // 60 s, or 360 s: whatever lies between is nearer to one of them.
    read: ({ lastBakeSeconds }) => ({ lastStepWaits: lastBakeSeconds > 210 }),
  }),

  question({
    id: 'rounding',
    asks: 'How many of three instances are 40 %, and how many are 50 %?',
    decides: ['percentRounding'],
    source: 'sagemaker.md §13.4',
    actions: updating,
    instances: 6,
    minutes: 120,
    async ask(world) {
      const { endpoint, serving, other } = await serve(world, 'round', 3);
      const counted = async (config: string, Value: number): Promise<number> => {
        await mustUpdate(world, endpoint, config, canary({ Type: 'CAPACITY_PERCENT', Value }, 60, 0));
        await baking(world, endpoint);
        const { PendingDeploymentSummary: pending } = await look(world, endpoint);
        const count = pending?.ProductionVariants?.[0]?.CurrentInstanceCount;
        await inService(world, endpoint);
        if (count === undefined) throw new Undecided('the description has no count of the new fleet');
        return count;
      };
      return { of40: await counted(other, 40), of50: await counted(serving, 50) };
    },
    // 1.2 and 1.5 instances.
    read: ({ of40, of50 }) => ({
      percentRounding:
        of40 === 2 && of50 === 2
          ? 'up'
          : of40 === 1 && of50 === 1
            ? 'down'
            : of40 === 1 && of50 === 2
              ? 'nearest'
              : undefined,
    }),
  }),

  question({
    id: 'failure-reason',
    asks: 'How long does the FailureReason of an update stay, and does the next update clear it?',
    decides: ['eraseFailureReasonAfterMs', 'failureReasonClearedBy'],
    source: 'sagemaker.md §2.7',
    actions: [...updating, ...broken],
    instances: 2,
    minutes: 120,
    async ask(world) {
      const { endpoint, other } = await serve(world, 'reason');
      const bad = await makeModel(world, 'reason-bad', true);
      const failing = await makeConfig(world, 'reason-c', [
        variantOf(world.given, bad, { ContainerStartupHealthCheckTimeoutInSeconds: shortestHealthCheckSeconds }),
      ]);
      await mustUpdate(world, endpoint, failing);
      const rolledBack = await world.until('the rollback', seconds(1), launchLimit, async () => {
        const state = await look(world, endpoint);
        return state.EndpointStatus === 'Updating' || state.EndpointStatus === 'RollingBack' ? undefined : state;
      });
      let reason = rolledBack.found.FailureReason;
      const words = reason ?? null;
      let erased: Span | null = null;
      // The reason may come after the status, so that an absent one is looked for, too.
      for (let looks = 0; looks < 60 && erased === null; looks++) {
        await world.sleep(seconds(1));
        const before = reason;
        reason = (await look(world, endpoint)).FailureReason;
        const at = world.clock.now() - rolledBack.at;
        if (before !== undefined && reason === undefined) erased = { from: Math.max(1, at - 1000), to: at + 1000 };
      }
      if (words === null && reason === undefined) erased = { from: 1, to: 1000 };
      if (erased !== null) return { words, erased, duringNext: null };
      await mustUpdate(world, endpoint, other);
      const { found } = await world.until('the next update', seconds(2), minutes(10), async () => {
        const state = await look(world, endpoint);
        return state.EndpointStatus === 'Updating' ? state : undefined;
      });
      await inService(world, endpoint);
      return { words, erased, duringNext: found.FailureReason !== undefined };
    },
    read: ({ erased, duringNext }) => ({
      eraseFailureReasonAfterMs: erased ?? 0,
      failureReasonClearedBy: duringNext === null ? undefined : duringNext ? 'next-success' : 'next-update',
    }),
  }),

  question({
    id: 'weights',
    asks: 'How long does a change of weights take, and is a variant of weight zero answered when a request names it?',
    decides: ['weightUpdateMs', 'zeroWeightTarget'],
    source: 'sagemaker.md §4.1, §13.8',
    actions: [...served, 'sagemaker:UpdateEndpointWeightsAndCapacities', 'sagemaker:InvokeEndpoint'],
    instances: 2,
    minutes: 75,
    async ask(world) {
      const model = await makeModel(world, 'weights');
      const names = ['Light', 'Dark'] as const;
      const config = await makeConfig(
        world,
        'weights',
        names.map((VariantName, index) =>
          variantOf(world.given, model, { VariantName, InitialVariantWeight: index === 0 ? 1 : 0 }),
        ),
      );
      const endpoint = await makeEndpoint(world, 'weights', config);
      await inService(world, endpoint);
      const answer = await world.invoke(endpoint, { headers: { 'x-amzn-sagemaker-target-variant': 'Dark' } });
      const refused = 'refused' in answer ? answer.refused : undefined;
      await world.call('sagemaker', 'UpdateEndpointWeightsAndCapacities', {
        EndpointName: endpoint,
        DesiredWeightsAndCapacities: names.map((VariantName) => ({ VariantName, DesiredWeight: 1 })),
      });
      const { after } = await settled(world, endpoint);
      // The model's own failure is an answer of the model.
      return { after, refused: refused === undefined || refused.code === 'ModelError' ? null : refused };
    },
    read: ({ after, refused }) => ({
      weightUpdateMs: after,
      zeroWeightTarget: refused === null ? 'answers' : 'refused',
    }),
  }),

  question({
    id: 'package-containers',
    asks: 'Which containers of a package with two run in a model that names the package in its one container?',
    decides: ['packageContainersRun'],
    source: 'sagemaker.md §2.1',
    actions: [...served, 'sagemaker:CreateModelPackageGroup', 'sagemaker:CreateModelPackage'],
    instances: 1,
    minutes: 60,
    async ask(world) {
      const group = world.name('containers');
      await world.make('CreateModelPackageGroup', { ModelPackageGroupName: group });
      const { image, modelData, role, contentType } = world.given;
      const { ModelPackageArn } = await world.call<{ readonly ModelPackageArn: string }>(
        'sagemaker',
        'CreateModelPackage',
        {
          ModelPackageGroupName: group,
          ModelApprovalStatus: 'Approved',
          InferenceSpecification: {
            Containers: ['first', 'second'].map((ContainerHostname) => ({
              ContainerHostname,
              Image: image,
              ModelDataUrl: modelData,
            })),
            SupportedContentTypes: [contentType],
            SupportedResponseMIMETypes: [contentType],
          },
        },
      );
      const ModelName = world.name('containers');
      await world.make('CreateModel', {
        ModelName,
        ExecutionRoleArn: role,
        PrimaryContainer: { ModelPackageName: ModelPackageArn },
      });
      const config = await makeConfig(world, 'containers', [variantOf(world.given, ModelName)]);
      const endpoint = await makeEndpoint(world, 'containers', config);
      const { ProductionVariants } = await inService(world, endpoint);
      return { containers: ProductionVariants?.[0]?.DeployedImages?.length ?? 0 };
    },
    read: ({ containers }) => ({
      packageContainersRun: containers === 2 ? 'all' : containers === 1 ? 'first' : undefined,
    }),
  }),
];

export const canary = (CanarySize: object, wait: number, termination: number): object => ({
  BlueGreenUpdatePolicy: {
    TrafficRoutingConfiguration: { Type: 'CANARY', WaitIntervalInSeconds: wait, CanarySize },
    TerminationWaitInSeconds: termination,
    MaximumExecutionTimeoutInSeconds: 7200,
  },
});
