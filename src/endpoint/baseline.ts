import { orUndefined } from '../aws/errors.ts';
import { Refusal } from '../operation.ts';
import type { Configuration, ReleaseRecord } from '../release/record.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { serverlessHardware } from './desired.ts';
import type { Live } from './observe.ts';

/**
 * What serves now, as a configuration that can be gone back to. What the suite delivered itself is in the history; anything
 * else is described as SageMaker knows it.
 * @throws {Refusal} `config-missing` when its configuration was deleted: the next update would fail on the old name
 */
export const baselineOf = async (
  world: World,
  live: Live,
  record: ReleaseRecord | undefined,
): Promise<Configuration> => {
  const described = await orUndefined(
    world.read.sagemaker.describeEndpointConfig({ EndpointConfigName: live.endpointConfig }),
  );
  if (described === undefined)
    throw new Refusal(
      'config-missing',
      `endpoint config ${live.endpointConfig}, which serves now, was deleted: create it again under the same name, or SageMaker refuses every update`,
    );
  const variant = described.ProductionVariants?.[0];
  const known = record?.history.find(({ endpointConfig }) => endpointConfig === live.endpointConfig);
  return {
    endpointConfig: live.endpointConfig,
    model: variant?.ModelName ?? '',
    instanceType: variant?.InstanceType ?? serverlessHardware,
    instanceCount: live.variants[0]?.desired ?? variant?.InitialInstanceCount ?? 0,
    ...withoutUndefined({
      version: known?.version,
      packageVersion: known?.packageVersion,
      imageDigest: known?.imageDigest,
    }),
  };
};

/**
 * Refuses an endpoint that no update can reach, before anything is written.
 * @throws {Refusal} `endpoint-unusable`
 */
export const refuseUnusable = (endpoint: string, live: Live): void => {
  const unusable = (why: string): never => {
    throw new Refusal('endpoint-unusable', `endpoint ${endpoint} ${why}`);
  };
  if (live.status === 'Failed')
    unusable(`is Failed (${live.failureReason ?? 'SageMaker gives no reason'}): delete it, then deploy again`);
  if (live.status === 'Deleting' || live.status === 'OutOfService') unusable(`is ${live.status}`);
  if (live.status === 'Creating') unusable('is being created by somebody else: wait until it is InService');
  if (live.shadowed) unusable('has a shadow variant: end the shadow test first');
  if (live.variants.length > 1)
    unusable(
      `has ${live.variants.length} variants (${live.variants.map(({ name }) => name).join(', ')}): end the traffic shift first`,
    );
};
