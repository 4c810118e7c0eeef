import { orUndefined } from '../aws/errors.ts';
import { Refusal } from '../operation.ts';
import type { Configuration, ReleaseRecord } from '../release/record.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { hardwareOfVariant } from './kind.ts';
import type { LiveEndpoint } from './observe.ts';

/**
 * The serving configuration, as a target for a way back. Its version comes from the history if the suite delivered it; the other
 * members come from SageMaker.
 * @throws {Refusal} `config-missing` when its configuration was deleted: the next update would fail on the old name
 */
export const baselineOf = async (
  world: World,
  live: LiveEndpoint,
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
    instanceType: hardwareOfVariant(variant?.InstanceType),
    instanceCount: live.variants[0]?.desired ?? variant?.InitialInstanceCount ?? 0,
    ...withoutUndefined({
      version: known?.version,
      packageVersion: known?.packageVersion,
      imageDigest: known?.imageDigest,
      kept: known?.kept,
    }),
  };
};
