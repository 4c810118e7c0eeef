import { orUndefined } from '../aws/errors.ts';
import { digest } from '../digest.ts';
import type { Configuration } from '../release/record.ts';
import type { World } from '../world.ts';
import { eachSetting, settingAt, settingsOf } from './settings.ts';

/** A short hash of each setting, by variant and path: enough to find a changed setting, and no value that may be a secret. */
export type Promised = Readonly<Record<string, string>>;

/** The settings of a configuration and of its models, as AWS describes them now; undefined when the config does not exist. */
export const promisedBy = async (
  world: World,
  { endpointConfig }: Pick<Configuration, 'endpointConfig'>,
): Promise<Promised | undefined> => {
  const { sagemaker } = world.read;
  const config = await orUndefined(sagemaker.describeEndpointConfig({ EndpointConfigName: endpointConfig }));
  if (config === undefined) return undefined;
  const found = await Promise.all(
    (config.ProductionVariants ?? []).map(async ({ VariantName, ModelName }) => {
      const model = ModelName === undefined ? undefined : await orUndefined(sagemaker.describeModel({ ModelName }));
      const settings = [...eachSetting(settingsOf(config, model ?? {}, VariantName))];
      return settings.map(([path, value]) => [`${VariantName} ${path}`, digest(value).slice(0, 8)] as const);
    }),
  );
  return Object.fromEntries(found.flat());
};

/** The settings that are not as they were when the update was submitted, one phrase each. */
export const brokenPromises = (
  before: Promised,
  now: Promised | undefined,
  endpointConfig: string,
): readonly string[] =>
  now === undefined
    ? [`endpoint config ${endpointConfig} was deleted`]
    : [...new Set([...Object.keys(before), ...Object.keys(now)])]
        .filter((key) => before[key] !== now[key])
        .map((key) => {
          const [variant = '', path = ''] = key.split(' ');
          return `${settingAt(path).name} of variant ${variant} is not as submitted`;
        });
