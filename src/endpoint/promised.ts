import { digest } from '../digest.ts';
import type { Configuration } from '../release/record.ts';
import type { World } from '../world.ts';
import { contentOf } from './look.ts';
import { eachSetting, settingAt, settingsOf } from './settings.ts';

/** A short hash of each setting, by variant and path: enough to find a changed setting, and no value that may be a secret. */
export type Promised = Readonly<Record<string, string>>;

/** The settings of a configuration and of its models, as AWS describes them now; undefined when the config does not exist. */
export const promisedBy = async (
  world: World,
  { endpointConfig }: Pick<Configuration, 'endpointConfig'>,
): Promise<Promised | undefined> => {
  const { config, models } = await contentOf(world, endpointConfig);
  const found = config?.ProductionVariants?.flatMap(({ VariantName, ModelName = '' }) =>
    [...eachSetting(settingsOf(config, models.get(ModelName) ?? {}, VariantName))].map(
      ([path, value]) => [`${VariantName} ${path}`, digest(value).slice(0, 8)] as const,
    ),
  );
  return config && Object.fromEntries(found ?? []);
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
