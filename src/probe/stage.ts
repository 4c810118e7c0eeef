import { gzipSync } from 'node:zlib';
import { minutes, seconds } from '../clock.ts';
import { alarmMark } from './mark.ts';
import { Undecided } from './observation.ts';
import type { Given, Outcome, ProbeWorld, Seen } from './world.ts';

/** The objects that questions begin with: models, configurations, endpoints, alarms. */

/** Members of DescribeEndpoint that questions read (API reference). Times are epoch seconds. */
export interface EndpointState {
  readonly EndpointStatus?: string;
  readonly EndpointConfigName?: string;
  readonly FailureReason?: string;
  readonly ProductionVariants?: readonly VariantState[];
  readonly PendingDeploymentSummary?: { readonly ProductionVariants?: readonly VariantState[] };
}
export interface VariantState {
  readonly VariantName?: string;
  readonly CurrentInstanceCount?: number;
  readonly DeployedImages?: readonly object[];
  readonly VariantStatus?: readonly { readonly Status?: string; readonly StartTime?: number }[];
}

export interface Variant {
  readonly VariantName: string;
  readonly ModelName: string;
  readonly InstanceType?: string;
  readonly InitialInstanceCount?: number;
  readonly InitialVariantWeight?: number;
  readonly ContainerStartupHealthCheckTimeoutInSeconds?: number;
  readonly ServerlessConfig?: { readonly MemorySizeInMB: number; readonly MaxConcurrency: number };
}

export const variantName = 'AllTraffic';
/** Long enough for the slowest launch that AWS describes; a question's own limit is shorter or longer. */
export const launchLimit = minutes(40);
/** How often an endpoint is looked at: DescribeEndpoint is the only cost. */
export const lookMs = seconds(5);

/** Parts of names, from where they are used: `mdprobe-1a2b3c4d-<part>`. */
export const makeModel = async (world: ProbeWorld, part: string, broken = false): Promise<string> => {
  const { role, image, modelData } = world.given;
  const ModelName = world.name(part);
  const data = broken ? await emptyModel(world) : modelData;
  await world.make('CreateModel', {
    ModelName,
    ExecutionRoleArn: role,
    PrimaryContainer: { Image: image, ModelDataUrl: data },
  });
  return ModelName;
};

/** An archive without a model: a serving container starts with it, and does not pass its health check. */
const emptyModel = async (world: ProbeWorld): Promise<string> => {
  const key = `${world.prefix}empty/model.tar.gz`;
  // Two blocks of zeros are the end of an archive (POSIX, "pax": ustar).
  await world.s3('PutObject', { key, body: new Uint8Array(gzipSync(Buffer.alloc(1024))) });
  return `s3://${world.given.bucket}/${key}`;
};

export const variantOf = ({ instance }: Given, ModelName: string, more: Partial<Variant> = {}): Variant => ({
  VariantName: variantName,
  ModelName,
  InstanceType: instance,
  InitialInstanceCount: 1,
  InitialVariantWeight: 1,
  ...more,
});

export const makeConfig = async (
  world: ProbeWorld,
  part: string,
  variants: readonly Variant[],
  more: object = {},
): Promise<string> => {
  const EndpointConfigName = world.name(part);
  await world.make('CreateEndpointConfig', { EndpointConfigName, ProductionVariants: variants, ...more });
  await world.until('the configuration', seconds(2), minutes(5), async () => {
    const seen = await world.attempt('sagemaker', 'DescribeEndpointConfig', { EndpointConfigName });
    return 'answer' in seen ? true : undefined;
  });
  return EndpointConfigName;
};

export const makeEndpoint = async (world: ProbeWorld, part: string, config: string): Promise<string> => {
  const EndpointName = world.name(part);
  await world.make('CreateEndpoint', { EndpointName, EndpointConfigName: config });
  return EndpointName;
};

export const look = (world: ProbeWorld, EndpointName: string): Promise<EndpointState> =>
  world.call<EndpointState>('sagemaker', 'DescribeEndpoint', { EndpointName });

/** Until the endpoint has left its change. */
export const settled = (world: ProbeWorld, endpoint: string): Promise<Seen<EndpointState>> =>
  world.until(`the end of a change of ${endpoint}`, lookMs, launchLimit, async () => {
    const state = await look(world, endpoint);
    return /^(Creating|Updating|RollingBack|SystemUpdating)$/.test(state.EndpointStatus ?? '') ? undefined : state;
  });

/** @throws {Undecided} when it ends otherwise */
export const inService = async (world: ProbeWorld, endpoint: string): Promise<EndpointState> => {
  const { found } = await settled(world, endpoint);
  if (found.EndpointStatus !== 'InService')
    throw new Undecided(`the endpoint ended ${found.EndpointStatus}: ${found.FailureReason ?? 'no reason given'}`);
  return found;
};

/** One model, two configurations with it, and an endpoint that serves the first. */
export interface Served {
  readonly endpoint: string;
  readonly model: string;
  readonly serving: string;
  readonly other: string;
}
export const serve = async (world: ProbeWorld, part: string, instances = 1): Promise<Served> => {
  const model = await makeModel(world, `${part}-model`);
  const variant = variantOf(world.given, model, { InitialInstanceCount: instances });
  const serving = await makeConfig(world, `${part}-a`, [variant]);
  const other = await makeConfig(world, `${part}-b`, [variant]);
  const endpoint = await makeEndpoint(world, part, serving);
  await inService(world, endpoint);
  return { endpoint, model, serving, other };
};

export const update = (
  world: ProbeWorld,
  endpoint: string,
  config: string,
  DeploymentConfig?: object,
): Promise<Outcome<object>> =>
  world.attempt('sagemaker', 'UpdateEndpoint', {
    EndpointName: endpoint,
    EndpointConfigName: config,
    ...(DeploymentConfig === undefined ? {} : { DeploymentConfig }),
  });

/** As `update`, where a refusal leaves nothing to ask. */
export const mustUpdate = async (...given: Parameters<typeof update>): Promise<void> => {
  const outcome = await update(...given);
  if ('refused' in outcome) throw new Undecided(`UpdateEndpoint was refused: ${outcome.refused.message}`);
};

/** All at once with a bake, watched by alarms. */
export const baked = (bakeSeconds: number, alarms: readonly string[] = []): object => ({
  BlueGreenUpdatePolicy: {
    TrafficRoutingConfiguration: { Type: 'ALL_AT_ONCE', WaitIntervalInSeconds: 0 },
    TerminationWaitInSeconds: bakeSeconds,
    MaximumExecutionTimeoutInSeconds: bakeSeconds + 3600,
  },
  ...watchedBy(alarms),
});

export const watchedBy = (alarms: readonly string[]): object =>
  alarms.length === 0 ? {} : { AutoRollbackConfiguration: { Alarms: alarms.map((AlarmName) => ({ AlarmName })) } };

/** The status of a phase, on the new fleet or the old one, with the time at which AWS says it began. */
export const phase = (state: EndpointState, fleet: 'new' | 'old', status: string): number | undefined => {
  const variants = fleet === 'new' ? state.PendingDeploymentSummary?.ProductionVariants : state.ProductionVariants;
  return variants?.flatMap(({ VariantStatus = [] }) => VariantStatus).find(({ Status }) => Status === status)
    ?.StartTime;
};

/** Until the new fleet bakes. @returns the time at which AWS says that it began, in epoch seconds */
export const baking = (world: ProbeWorld, endpoint: string, everyMs = lookMs): Promise<Seen<number>> =>
  world.until('the bake', everyMs, launchLimit, async () => {
    const state = await look(world, endpoint);
    if (state.EndpointStatus !== 'Updating')
      throw new Undecided(`the update ended ${state.EndpointStatus} before its bake`);
    return phase(state, 'new', 'Baking');
  });

/**
 * An alarm on a metric that nobody publishes. With `ignore` it keeps the state that it is given.
 * @param metric members of PutMetricAlarm in place of the usual ones
 */
export const makeAlarm = async (world: ProbeWorld, part: string, metric: object = {}): Promise<string> => {
  const AlarmName = world.name(part);
  await world.call('cloudwatch', 'PutMetricAlarm', {
    AlarmName,
    AlarmDescription: alarmMark(world.run),
    Namespace: 'ModelDeliveryProbe',
    MetricName: AlarmName,
    Statistic: 'Sum',
    Period: 60,
    EvaluationPeriods: 1,
    Threshold: 1,
    ComparisonOperator: 'GreaterThanThreshold',
    TreatMissingData: 'ignore',
    ...metric,
  });
  return AlarmName;
};

export const setAlarm = (world: ProbeWorld, AlarmName: string, StateValue: 'OK' | 'ALARM'): Promise<object> =>
  world.call('cloudwatch', 'SetAlarmState', { AlarmName, StateValue, StateReason: 'asked by a probe' });

/** IAM actions of these stages. */
export const stages = {
  model: ['sagemaker:CreateModel', 'sagemaker:AddTags', 'iam:PassRole'],
  broken: ['s3:PutObject'],
  config: ['sagemaker:CreateEndpointConfig', 'sagemaker:DescribeEndpointConfig', 'sagemaker:AddTags'],
  endpoint: ['sagemaker:CreateEndpoint', 'sagemaker:DescribeEndpoint', 'sagemaker:AddTags'],
  update: ['sagemaker:UpdateEndpoint'],
  alarm: ['cloudwatch:PutMetricAlarm', 'cloudwatch:SetAlarmState'],
} as const;
export const served: readonly string[] = [...stages.model, ...stages.config, ...stages.endpoint];
