import type { Handler, Hosting } from '../../contracts.ts';
import { notSimulated } from '../../not-simulated.ts';
import { createCapacityChanges, type DesiredWeightAndCapacity } from './capacity-changes.ts';
import { assumed, type Context, sagemakerArn } from './context.ts';
import { alarmNames, allAtOnce, type DeploymentConfig, type Plan, planDeployment } from './deployment-plan.ts';
import { createDeployments } from './deployments.ts';
import { createTransitions, type Endpoint, fleetsOf, settled } from './endpoint.ts';
import type { EndpointConfig, EndpointConfigs } from './endpoint-configs.ts';
import { describe, summarise } from './endpoint-description.ts';
import { type Fleet, type Fleets, initial, instanceType, newFleet, production, type Start } from './fleets.ts';
import type { Models } from './models.ts';
import { type ListRequest, list } from './pages.ts';
import { alreadyExists, failedEndpoint, inProgress, invalid, notFound, quotaExceeded } from './refusals.ts';
import type { Tag, Tags } from './tags.ts';
import { createTimelines } from './timeline.ts';

type RetainedProperty = 'DesiredInstanceCount' | 'DesiredWeight' | 'DataCaptureConfig';
interface CreateInput {
  readonly EndpointName: string;
  readonly EndpointConfigName: string;
  readonly DeploymentConfig?: DeploymentConfig;
  readonly Tags?: readonly Tag[];
}
interface UpdateInput {
  readonly EndpointName: string;
  readonly EndpointConfigName: string;
  readonly RetainAllVariantProperties?: boolean;
  readonly ExcludeRetainedVariantProperties?: readonly { readonly VariantPropertyType: RetainedProperty }[];
  readonly DeploymentConfig?: DeploymentConfig;
  readonly RetainDeploymentConfig?: boolean;
}
interface ListInput extends ListRequest {
  readonly StatusEquals?: string;
}

export interface Nouns {
  readonly models: Models;
  readonly configs: EndpointConfigs;
  readonly fleets: Fleets;
  readonly tags: Tags;
}

/** The endpoint state machine of reference/sagemaker.md §2.7: the allowed requests in each state, and their effects. */
export const createEndpoints = (context: Context, { models, configs, fleets, tags }: Nouns) => {
  const { kernel, metrics } = context;
  const { clock, settings } = kernel;
  const endpoints = new Map<string, Endpoint>();
  const silent = new Set<string>();
  const unguarded = new Set<string>();
  const transitions = createTransitions(kernel);
  const timelines = createTimelines(kernel, metrics);
  const deployments = createDeployments(context, fleets, transitions);
  const capacity = createCapacityChanges(context, fleets, transitions);
  const arnOf = (name: string): string => sagemakerArn(context, `endpoint/${name}`);

  const find = (name: string): Endpoint => {
    const endpoint = endpoints.get(name);
    if (!endpoint) throw notFound('endpoint', arnOf(name));
    return endpoint;
  };
  const findSettled = (name: string): Endpoint => {
    const endpoint = find(name);
    if (endpoint.status === 'Failed') throw failedEndpoint(endpoint.arn);
    if (!settled(endpoint)) throw inProgress(endpoint.arn);
    return endpoint;
  };

  const used = (type: string): number =>
    [...endpoints.values()]
      .flatMap(fleetsOf)
      .flatMap((fleet) => fleet.variants)
      .reduce((total, variant) => total + (instanceType(variant) === type ? variant.instances : 0), 0);

  /** Blue/green counts both fleets (reference/sagemaker.md §2.3). @throws ResourceLimitExceeded */
  const refuseOverQuota = (deltas: ReadonlyMap<string, number>): void => {
    for (const [type, delta] of deltas) {
      const inUse = used(type);
      if (delta > 0 && inUse + delta > settings.endpointInstanceQuota)
        throw quotaExceeded(type, settings.endpointInstanceQuota, inUse, delta);
    }
  };
  const instancesByType = (fleet: Fleet, count: (desired: number) => number): ReadonlyMap<string, number> => {
    const counts = new Map<string, number>();
    for (const variant of fleet.variants) {
      const type = instanceType(variant);
      if (type !== undefined) counts.set(type, (counts.get(type) ?? 0) + count(variant.desired));
    }
    return counts;
  };

  const launchable = (name: string): EndpointConfig => {
    const config = configs.find(name);
    for (const { ModelName } of [...config.variants, ...config.shadows]) {
      if (ModelName === undefined) continue;
      models.find(ModelName);
      if (settings.unapprovedRefusedAt === 'CreateEndpoint') models.refuseUnapproved(ModelName);
    }
    return config;
  };

  /** Inf1, Marketplace and serverless ignore guardrails: silently everything at once, no bake (AWS: "Deployment guardrails: exclusions"). */
  const excluded = ({ variants }: EndpointConfig): boolean =>
    variants.some(
      (variant) =>
        variant.ServerlessConfig ||
        variant.InstanceType?.startsWith('ml.inf1.') ||
        (variant.ModelName !== undefined && models.runnable(variant.ModelName).some(({ marketplace }) => marketplace)),
    );

  const planFor = (endpoint: Endpoint, green: Fleet, config: DeploymentConfig | undefined, ignored: boolean): Plan => {
    const plan = planDeployment(
      config,
      production(green).map((variant) => variant.desired),
      settings,
    );
    if (config === undefined || ignored) return allAtOnce();
    // "…the same variant names" (AWS: "Deployment guardrails: exclusions"); refusal or fallback is [unconfirmed] (§13.3).
    const names = (fleet: Fleet): string =>
      production(fleet)
        .map((variant) => variant.name)
        .sort()
        .join();
    if (names(green) === names(endpoint.live)) return plan;
    if (settings.renamedVariantUpdate === 'all-at-once') return allAtOnce();
    throw invalid(
      'A deployment with traffic shifting requires the same variant names in the old and the new endpoint configuration.',
    );
  };

  /** The alarms that SageMaker may read: "Ensure that your IAM execution role has permission to perform the cloudwatch:DescribeAlarms action". */
  const readable = (alarms: readonly string[], { variants }: EndpointConfig): readonly string[] => {
    const roles = variants.flatMap(({ ModelName }) =>
      ModelName === undefined ? [] : (models.find(ModelName).input.ExecutionRoleArn ?? []),
    );
    return alarms.filter((alarm) => {
      const arn = kernel.arn('cloudwatch', `alarm:${alarm}`);
      const shut = roles.find((role) => !context.mayDo(assumed(context, role), 'cloudwatch:DescribeAlarms', arn));
      if (shut !== undefined && settings.unreadableAlarm === 'refused')
        throw invalid(`The role ${shut} is not authorized to perform cloudwatch:DescribeAlarms on alarm "${alarm}".`);
      return shut === undefined;
    });
  };

  const refuseAlarms = (alarms: readonly string[]): void => {
    for (const alarm of alarms) {
      if (metrics.isComposite(alarm) && settings.compositeAlarmAtUpdate === 'refused')
        throw invalid(`Alarm "${alarm}" is a composite alarm.`);
      const state = metrics.alarmState(alarm);
      if (state === undefined && settings.missingAlarmAtUpdate === 'refused')
        throw invalid(`Could not find alarm "${alarm}".`);
      if (state === 'ALARM' && settings.redAlarmAtUpdate === 'refused')
        throw invalid(`Alarm "${alarm}" is in ALARM state.`);
    }
  };

  /** AWS: "Update endpoints that use automatic scaling": another instance type or a removed variant fails. Wording [unconfirmed]. */
  const refuseScaled = (endpoint: Endpoint, config: EndpointConfig): void => {
    for (const { name, settings: before } of endpoint.live.variants) {
      if (!context.scaling().isRegistered(endpoint.name, name)) continue;
      const after = config.variants.find((variant) => variant.VariantName === name);
      if (!after || after.InstanceType !== before.InstanceType)
        throw invalid(
          `Variant ${name} of endpoint "${endpoint.arn}" is registered as a scalable target. Deregister it before you remove the variant or change its instance type.`,
        );
    }
  };

  /** Retain=false resets counts and weights to the config's; Exclude lists the properties to take from the config after all (§2.4). */
  const startOf = (endpoint: Endpoint, input: UpdateInput) => {
    const excludes = new Set(
      (input.ExcludeRetainedVariantProperties ?? []).map((property) => property.VariantPropertyType),
    );
    return (variant: EndpointConfig['variants'][number]): Start => {
      const fromConfig = initial(variant);
      const now = endpoint.live.variants.find(({ name }) => name === variant.VariantName);
      if (!input.RetainAllVariantProperties || !now) return fromConfig;
      return {
        desired:
          excludes.has('DesiredInstanceCount') || (now.desired === 0 && settings.retainedZero === 'initial')
            ? fromConfig.desired
            : now.desired,
        weight: excludes.has('DesiredWeight') ? fromConfig.weight : now.desiredWeight,
      };
    };
  };

  const rescale = (endpoint: Endpoint, wanted: readonly DesiredWeightAndCapacity[]): void => {
    const changes = capacity.resolve(endpoint, wanted);
    for (const { variant, instances } of changes) {
      const type = instanceType(variant);
      if (type !== undefined) refuseOverQuota(new Map([[type, instances - variant.instances]]));
    }
    timelines.run(capacity.apply(endpoint, changes));
  };

  const operations = {
    CreateEndpoint: (input: CreateInput) => {
      const name = input.EndpointName;
      const arn = arnOf(name);
      // Unique regardless of case, and taken until the deletion of its namesake has ended (§2.3).
      const taken = [...endpoints.keys()].some((other) => other.toLowerCase() === name.toLowerCase());
      if (taken) throw alreadyExists('endpoint', arn);
      const config = launchable(input.EndpointConfigName);
      const fleet = newFleet(config, initial);
      refuseOverQuota(instancesByType(fleet, (count) => count));
      const now = clock.now();
      const endpoint: Endpoint = {
        name,
        arn,
        createdAt: now,
        modifiedAt: now,
        status: 'Creating',
        live: fleet,
        pending: { fleet, startedAt: now },
      };
      if (input.DeploymentConfig) endpoint.deploymentConfig = input.DeploymentConfig;
      tags.open(arn, input.Tags);
      endpoints.set(name, endpoint);
      timelines.run(deployments.creation(endpoint));
      return { EndpointArn: arn };
    },

    DescribeEndpoint: (input: { EndpointName: string }) => {
      const endpoint = find(input.EndpointName);
      return endpoint.stale && clock.now() < endpoint.stale.until ? endpoint.stale.answer : describe(endpoint);
    },

    UpdateEndpoint: (input: UpdateInput) => {
      const endpoint = findSettled(input.EndpointName);
      // The config that serves must still exist, or every update fails on the OLD name (terraform-provider-aws#40048).
      configs.find(endpoint.live.config.name);
      const config = launchable(input.EndpointConfigName);
      // After UpdateRollbackFailed this update is the way out (AWS: "Use rolling deployments"), and the config does not serve
      // alone.
      if (config.name === endpoint.live.config.name && !endpoint.stray && settings.sameConfigUpdate === 'refused')
        throw invalid(`Endpoint "${endpoint.arn}" already uses endpoint configuration "${config.arn}".`);
      if (
        config.variants.some((variant) => variant.ServerlessConfig) &&
        !endpoint.live.variants.some(({ settings: live }) => live.ServerlessConfig)
      )
        throw invalid('A real-time endpoint cannot be updated to a serverless endpoint.');
      if (
        [endpoint.live.config, config].some(({ variants }) => variants.some(({ ModelName }) => ModelName === undefined))
      )
        throw notSimulated('updates of endpoints of inference components');
      if (input.RetainDeploymentConfig && input.DeploymentConfig)
        throw invalid('Only one of DeploymentConfig and RetainDeploymentConfig can be given.');
      const deploymentConfig = input.RetainDeploymentConfig ? endpoint.deploymentConfig : input.DeploymentConfig;
      const green = newFleet(config, startOf(endpoint, input));
      const ignored = unguarded.delete(endpoint.name) || excluded(config);
      const plan = planFor(endpoint, green, deploymentConfig, ignored);
      if (plan.kind === 'rolling' && [...green.variants, ...endpoint.live.variants].some(({ shadow }) => shadow))
        throw notSimulated('rolling deployments of endpoints with shadow variants');
      const alarms = ignored ? [] : readable(alarmNames(deploymentConfig), config);
      refuseAlarms(alarms);
      refuseScaled(endpoint, config);
      refuseOverQuota(instancesByType(green, plan.kind === 'rolling' ? plan.batch : (count) => count));

      const now = clock.now();
      if (settings.staleDescribeMs > 0)
        endpoint.stale = { until: now + settings.staleDescribeMs, answer: describe(endpoint) };
      if (settings.failureReasonClearedBy === 'next-update') delete endpoint.failureReason;
      if (deploymentConfig) endpoint.deploymentConfig = deploymentConfig;
      else delete endpoint.deploymentConfig;
      endpoint.pending = { fleet: green, startedAt: now };
      transitions.become(endpoint, 'Updating');
      transitions.note(endpoint, 'updating', `${endpoint.live.config.name} -> ${config.name}`);
      timelines.run(deployments.update({ endpoint, green, plan, alarms, silent: silent.delete(endpoint.name) }));
      return { EndpointArn: endpoint.arn };
    },

    UpdateEndpointWeightsAndCapacities: (input: {
      EndpointName: string;
      DesiredWeightsAndCapacities: readonly DesiredWeightAndCapacity[];
    }) => {
      const endpoint = findSettled(input.EndpointName);
      // Two configs serve: only UpdateEndpoint leads out of it (AWS: "Use rolling deployments").
      if (endpoint.status === 'UpdateRollbackFailed') throw inProgress(endpoint.arn);
      rescale(endpoint, input.DesiredWeightsAndCapacities);
      return { EndpointArn: endpoint.arn };
    },

    /** Returns before the endpoint is gone. Scalable targets go with it (AWS: "Delete endpoints that use automatic scaling"). */
    DeleteEndpoint: (input: { EndpointName: string }) => {
      const endpoint = find(input.EndpointName);
      if (endpoint.status !== 'Failed' && !settled(endpoint)) throw inProgress(endpoint.arn);
      for (const { name } of endpoint.live.variants) context.scaling().deregister(endpoint.name, name);
      for (const fleet of fleetsOf(endpoint)) for (const variant of fleet.variants) variant.active = 0;
      transitions.become(endpoint, 'Deleting');
      timelines.run(
        (function* () {
          yield* deployments.terminate(endpoint.live);
          if (endpoint.stray !== undefined) deployments.stop(endpoint.stray);
          endpoints.delete(endpoint.name);
          tags.close(endpoint.arn);
          transitions.note(endpoint, 'deleted', endpoint.name);
        })(),
      );
      return {};
    },

    /** Newest first, ten at a time by default (reference/sagemaker.md §9). */
    ListEndpoints: (input: ListInput) => {
      const found = [...endpoints.values()].filter(
        (endpoint) => input.StatusEquals === undefined || endpoint.status === input.StatusEquals,
      );
      const key = (endpoint: Endpoint): string => (input.SortBy === 'Status' ? endpoint.status : endpoint.name);
      const { items, next } = list(found, input, { order: 'Descending', key });
      return { Endpoints: items.map(summarise), ...next };
    },
  } satisfies Record<string, Handler>;

  const scale: Hosting['scale'] = (name, variant, desired) => {
    const endpoint = endpoints.get(name);
    if (endpoint?.status !== 'InService') return false;
    try {
      rescale(endpoint, [{ VariantName: variant, DesiredInstanceCount: desired }]);
      return true;
    } catch (error) {
      transitions.note(endpoint, 'scaling-refused', error instanceof Error ? error.message : String(error));
      return false;
    }
  };

  /** In place and at once: SageMaker publishes no duration. More than MaxConcurrency is refused (API reference, ServerlessUpdateConfig). */
  const provision: Hosting['provision'] = (name, variantName, ProvisionedConcurrency) => {
    const endpoint = endpoints.get(name);
    const variant = endpoint?.live.variants.find((candidate) => candidate.name === variantName);
    const serverless = variant?.settings.ServerlessConfig;
    if (endpoint?.status !== 'InService' || !variant || !serverless) return false;
    if (ProvisionedConcurrency > serverless.MaxConcurrency) return false;
    variant.settings = { ...variant.settings, ServerlessConfig: { ...serverless, ProvisionedConcurrency } };
    transitions.note(endpoint, 'rescaling', `${variantName}: provisioned concurrency ${ProvisionedConcurrency}`);
    return true;
  };

  const systemUpdate = (name: string, durationMs: number): boolean => {
    const endpoint = endpoints.get(name);
    if (endpoint?.status !== 'InService') return false;
    transitions.become(endpoint, 'SystemUpdating');
    transitions.note(endpoint, 'system-updating', endpoint.live.config.name);
    clock.at(clock.now() + durationMs, `system update of ${name}`, () => {
      transitions.become(endpoint, 'InService');
      transitions.note(endpoint, 'in-service', endpoint.live.config.name);
    });
    return true;
  };

  return {
    operations,
    scale,
    provision,
    systemUpdate,
    silentRollback: (name: string): void => {
      silent.add(name);
    },
    ignoreGuardrails: (name: string): void => {
      unguarded.add(name);
    },
    get: (name: string): Endpoint | undefined => endpoints.get(name),
    all: (): Iterable<Endpoint> => endpoints.values(),
  };
};
export type Endpoints = ReturnType<typeof createEndpoints>;
