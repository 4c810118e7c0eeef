import { Refusal } from '../operation.ts';
import type { World } from '../world.ts';
import { type Content, contentOf } from './look.ts';
import { type Settings, settingsOf } from './settings.ts';

/** An endpoint config with its model, as AWS describes them. */
export interface Serving {
  readonly endpointConfig: string;
  readonly settings: Settings;
  /** The model was deleted: its settings are not known. */
  readonly withoutModel?: true;
}

/**
 * The settings of one config, of one of its variants, and of that variant's model.
 * @param variant the only one when it is absent
 * @returns undefined when the config does not exist
 */
export const servingOf = async (world: World, endpointConfig: string, variant?: string): Promise<Serving | undefined> =>
  servingIn(await contentOf(world, endpointConfig), endpointConfig, variant);

/** As `servingOf`, from content that was read already. */
export const servingIn = (
  { config, models }: Content,
  endpointConfig: string,
  variant?: string,
): Serving | undefined => {
  if (config === undefined) return undefined;
  const variants = config.ProductionVariants ?? [];
  const ModelName = (variants.find(({ VariantName }) => VariantName === variant) ?? variants[0])?.ModelName;
  const model = ModelName === undefined ? {} : models.get(ModelName);
  return {
    endpointConfig,
    settings: settingsOf(config, model ?? {}, variant),
    ...(model === undefined ? { withoutModel: true } : {}),
  };
};

/** As `servingOf`, for a config that a release depends on. @throws {Refusal} `config-missing` */
export const servingStill = async (world: World, endpointConfig: string, variant?: string): Promise<Serving> => {
  const serving = await servingOf(world, endpointConfig, variant);
  if (serving !== undefined) return serving;
  throw new Refusal(
    'config-missing',
    `endpoint config ${endpointConfig}, whose settings this release keeps, was deleted: run again`,
  );
};
