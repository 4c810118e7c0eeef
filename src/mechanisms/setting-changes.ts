import { orUndefined } from '../aws/errors.ts';
import { type Desired, settingsOfDesired } from '../endpoint/desired.ts';
import { hardwareSettings } from '../endpoint/hardware.ts';
import { type Serving, servingOf } from '../endpoint/serving.ts';
import { isWithin, type ProtectingSetting, protections, type Settings, valueAt } from '../endpoint/settings.ts';
import { lostProtections } from '../endpoint/settings-kept.ts';
import {
  type Difference,
  differenceLine,
  differences,
  keptLine,
  nameOf,
  valueLine,
  valuesOf,
} from '../endpoint/settings-lines.ts';
import type { Protection } from '../manifest/manifest.ts';
import type { Change } from '../operation.ts';
import type { Configuration } from '../release/record.ts';
import type { World } from '../world.ts';
import type { Compared } from './compared.ts';
import type { Planned } from './mechanism.ts';

/** The lines of a plan about its model and its config, before the settings in which they differ from those that serve. */
interface Published {
  readonly wanted: Desired;
  readonly compared: Compared;
  readonly model: readonly string[];
  readonly config: readonly string[];
}

/** The model and the config of a delivery: what does not exist is created, and each setting that changes or is kept is a line. */
export const publishingChanges = async (
  world: World,
  { wanted, compared, model, config }: Published,
): Promise<readonly Change[]> => {
  const { sagemaker } = world.read;
  const { ModelName } = wanted.model;
  const { EndpointConfigName } = wanted.config;
  const existingModel = await orUndefined(sagemaker.describeModel({ ModelName }));
  const existingConfig = await orUndefined(sagemaker.describeEndpointConfig({ EndpointConfigName }));
  const lines = linesOf(compared, settingsOfDesired(wanted), existingConfig === undefined);
  return [
    {
      verb: existingModel === undefined ? 'create' : 'reuse',
      object: `model ${ModelName}`,
      details: [...model, ...lines.model],
    },
    {
      verb: existingConfig === undefined ? 'create' : 'reuse',
      object: `endpoint config ${EndpointConfigName}`,
      details: [...config, ...lines.config],
    },
  ];
};

/**
 * A candidate beside the version that serves has one config with it: the settings that are no variant's change for both, and at the
 * first swap. Their values are lines of the candidate's own config.
 */
export const sharedChanges = ({ before }: Compared, wanted: Desired): readonly string[] => {
  if (before === undefined) return [];
  const names = differences(before.settings, settingsOfDesired(wanted))
    .filter(({ path }) => isWithin(path, 'config'))
    .map(({ path }) => nameOf(path));
  return names.length === 0 ? [] : [`already changes, for the version that serves too: ${names.join(', ')}`];
};

interface Lines {
  readonly model: readonly string[];
  readonly config: readonly string[];
}

/** @param created the config does not exist yet */
const linesOf = ({ before, source }: Compared, after: Settings, created: boolean): Lines => {
  if (before === undefined) return { model: [], config: [] };
  const changed = differences(before.settings, after);
  const kept = source ? valuesOf(source.from, source.settings) : [];
  const { model, config } = bySide(changed);
  const merelyAgain = config.every(({ path }) => path === 'variant.ModelName');
  return {
    model: [...model.map(differenceLine), ...bySide(kept).model.map(keptLine)],
    config: [
      ...(merelyAgain && created
        ? [`every setting as in ${before.endpointConfig}; created again, because a config never gets another model`]
        : []),
      ...config.map(differenceLine),
      ...bySide(kept).config.map(keptLine),
    ],
  };
};

const bySide = (all: readonly Difference[]) => {
  const ofModel = ({ path }: Difference): boolean => isWithin(path, 'model') || isWithin(path, 'container');
  return { model: all.filter(ofModel), config: all.filter((one) => !ofModel(one)) };
};

/** The settings in which two existing configurations differ, for an update from one to the other. */
export interface Swap {
  readonly lines: readonly string[];
  readonly notes: readonly string[];
}
export const planSwap = async (
  world: World,
  {
    before,
    to,
    variant,
  }: { readonly before: Serving | undefined; readonly to: Configuration; readonly variant: string },
): Promise<Swap> => {
  return swapBetween(before, await servingOf(world, to.endpointConfig, variant));
};

export const swapBetween = (before: Serving | undefined, after: Serving | undefined): Swap => {
  if (before === undefined || after === undefined) return { lines: [], notes: [] };
  return {
    lines: differences(before.settings, after.settings).map(differenceLine),
    notes: lostProtections(before.settings, after.settings).map(
      (key) => `PROTECTION REMOVED: ${nameOfProtection(key)}: ${after.endpointConfig} ${lackOf(after.settings, key)}`,
    ),
  };
};

/** A configuration can have a protection, and it protects nothing there. */
const lackOf = (settings: Settings, key: ProtectingSetting): string => {
  const { path } = protections[key];
  if (valueAt(settings, path) === undefined) return 'does not have it';
  return valueAt(settings, `${path}.EnableCapture`) === false ? 'has it switched off' : 'has it at 0 %';
};

/** Notes about settings, before all others of a delivery's plan. */
export const settingNotes = ({ wanted, compared }: Pick<Published, 'wanted' | 'compared'>): readonly string[] => {
  const { before, deleted, lost } = compared;
  return [
    ...(deleted === undefined
      ? []
      : [`${deleted}, which served last, was deleted: nothing of it can be kept, and no protection can be compared`]),
    ...(before === undefined
      ? []
      : lostProtections(before.settings, settingsOfDesired(wanted)).map(
          (key) =>
            `PROTECTION REMOVED: ${nameOfProtection(key)}: ${lost.includes(key) ? 'the manifest does not have' : 'the manifest gives up'} \`${key}\``,
        )),
    ...(before === undefined ? [] : doubtful(before.settings, settingsOfDesired(wanted))),
    ...(before?.withoutModel
      ? [`the model of ${before.endpointConfig} was deleted: its role, VPC and network isolation cannot be compared`]
      : []),
  ];
};

/** The manifest has the value that served on the old instance type. Perhaps it was written for that type. */
const doubtful = (before: Settings, after: Settings): readonly string[] => {
  const [from, to] = [before, after].map(({ variant }) => variant['InstanceType']);
  if (typeof from !== 'string' || typeof to !== 'string' || from === to) return [];
  const changed = differences(before, after).map(({ path }) => path);
  return Object.entries(hardwareSettings).flatMap(([key, { path, fits, because }]) => {
    const values = valuesOf(after, [path]);
    const stays = values.length > 0 && !changed.some((one) => isWithin(one, path));
    return stays && !fits(from, to)
      ? [`${values.map(valueLine).join(', ')} served on ${from}, and ${to} may not take it: ${because} (\`${key}\`)`]
      : [];
  });
};

/** The refusal of a plan that loses a protection, or keeps a setting that the new instance type may not take. */
export const refusalOf = (
  endpoint: string,
  { before, lost, unfit }: Compared,
  { ProductionVariants }: Desired['config'],
): Pick<Planned, 'refused'> => {
  const type = ProductionVariants?.[0]?.InstanceType;
  const sentences = [
    ...(lost.length === 0 ? [] : [lostSentence(endpoint, lost)]),
    ...(unfit.length === 0 || before === undefined ? [] : [unfitSentence(endpoint, before, unfit, String(type))]),
  ];
  const reason = lost.length > 0 ? 'protection-lost' : 'hardware-setting';
  return sentences.length === 0 ? {} : { refused: { reason, because: sentences.join('; and ') } };
};

const unfitSentence = (endpoint: string, { settings }: Serving, unfit: Compared['unfit'], type: string): string => {
  const each = unfit.map((key) => {
    const { path, because } = hardwareSettings[key];
    return `${valuesOf(settings, [path]).map(valueLine).join(', ')} (\`${key}\`: ${because})`;
  });
  const [keys, value, them] =
    unfit.length === 1 ? ['that key', 'a value', 'the setting'] : ['those keys', 'values', 'them'];
  return `${endpoint} has settings on ${String(settings.variant['InstanceType'])} that ${type} may not take: ${each.join('; ')}: write ${keys} into \`endpoint\`, with ${value} for ${type}, or with \`none\` to give ${them} up`;
};

const lostSentence = (endpoint: string, lost: readonly Protection[]): string => {
  const names = lost.map((key) => `${nameOfProtection(key)} (\`${key}\`)`).join(', ');
  const keys = lost.length === 1 ? 'that key' : 'those keys';
  return `${endpoint} would lose ${names}, because the manifest does not have ${keys}: write ${keys} into \`endpoint\`, or give the protection up there with the value \`none\``;
};

const nameOfProtection = (key: Protection): string =>
  key === 'pinning' ? 'the pinning of image and artifact' : protections[key].name;
