import { Refusal } from '../operation.ts';
import type { Configuration, ReleaseRecord } from '../release/record.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { hardwareOfVariant } from './kind.ts';
import type { Look } from './look.ts';
import type { LiveVariant } from './observe.ts';
import { canonicalOf } from './variants.ts';

/**
 * The config that serves.
 * @throws {Refusal} `config-missing` when it was deleted: the next update would fail on the old name
 */
export const requireConfig = ({ live, config }: Look): NonNullable<Look['config']> => {
  if (config !== undefined) return config;
  throw new Refusal(
    'config-missing',
    `endpoint config ${live.endpointConfig}, which serves now, was deleted: create it again under the same name, or SageMaker refuses every update`,
  );
};

/**
 * The serving configuration, as a target for a way back. Its version comes from the history if the suite delivered it; the other
 * members come from SageMaker.
 * @throws {Refusal} `config-missing` when it was deleted; `endpoint-unusable` when its variant has no model or no hardware of its own
 */
export const baselineOf = (look: Look, record: ReleaseRecord | undefined): Configuration => {
  const { live } = look;
  const config = requireConfig(look);
  const name = canonicalOf(live);
  const variant =
    config.ProductionVariants?.find(({ VariantName }) => VariantName === name) ?? config.ProductionVariants?.[0];
  const model = variant?.ModelName;
  const instanceType = variant && hardwareOfVariant(variant);
  const running = live.variants.find((one) => one.name === variant?.VariantName);
  const instanceCount = variant?.ServerlessConfig ? 0 : countOf(running, variant?.InitialInstanceCount);
  if (model === undefined || instanceType === undefined || instanceCount === undefined)
    throw new Refusal(
      'endpoint-unusable',
      `the variant ${variant?.VariantName ?? ''} of endpoint config ${live.endpointConfig} has no ${
        model === undefined ? 'model' : instanceType === undefined ? 'instance type' : 'number of instances'
      } of its own, so this suite could not bring it back`,
    );
  const known = record?.history.find(({ endpointConfig }) => endpointConfig === live.endpointConfig);
  return {
    endpointConfig: live.endpointConfig,
    model,
    instanceType,
    instanceCount,
    ...withoutUndefined({
      version: known?.version,
      packageVersion: known?.packageVersion,
      imageDigest: known?.imageDigest,
      kept: known?.kept,
      imageDigests: known?.imageDigests,
      unpinned: known?.unpinned,
    }),
  };
};

/** A fleet may have been scaled since its config was made. */
const countOf = (running: LiveVariant | undefined, initial: number | undefined): number | undefined =>
  running?.desired ?? initial;
