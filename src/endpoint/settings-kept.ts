import type { HardwareKey, Protection } from '../manifest/manifest.ts';
import type { Kept } from '../release/record.ts';
import { hardwareSettings } from './hardware.ts';
import {
  eachSetting,
  isWithin,
  needs,
  type ProtectingSetting,
  protections,
  type Settings,
  settingAt,
  valueAt,
  withValues,
} from './settings.ts';

export interface Merge {
  /** Paths of the settings to keep. */
  readonly keep: readonly string[];
  /** Protections that serve, and that the manifest neither has nor gives up. */
  readonly lost: readonly ProtectingSetting[];
  /** Settings that would be kept on another instance type, which may not take them; the manifest neither has nor gives them up. */
  readonly unfit: readonly HardwareKey[];
}

/** A protection is in force when it has any value; data capture only when it is on and captures some requests. */
const isInForce = (settings: Settings, path: string): boolean => {
  const { path: capture } = protections['data-capture'];
  const off =
    valueAt(settings, `${capture}.EnableCapture`) === false ||
    valueAt(settings, `${capture}.InitialSamplingPercentage`) === 0;
  return valueAt(settings, path) !== undefined && !(off && isWithin(path, capture));
};

const protectingSettings = Object.keys(protections) as ProtectingSetting[];

/** The protections of one configuration that another one lacks. A protection within one that is gone is no loss of its own. */
export const lostProtections = (before: Settings, after: Settings): readonly ProtectingSetting[] => {
  const isAbsent = (key: ProtectingSetting): boolean => valueAt(after, protections[key].path) === undefined;
  return protectingSettings.filter((key) => {
    const { path } = protections[key];
    const part = protectingSettings.some((other) => key.startsWith(`${other}.`) && isAbsent(other));
    // A key that encrypts nothing for now encrypts again when the captured share rises.
    const held = path === protections['data-capture'].path ? isInForce(after, path) : !isAbsent(key);
    return isInForce(before, path) && !held && !part;
  });
};

/** Keys of the settings that serve on one instance type, and that the manifest's may not take. */
const unfitSettings = (serving: Settings, manifest: Settings): readonly HardwareKey[] => {
  const [from, to] = [serving, manifest].map(({ variant }) => variant['InstanceType']);
  if (typeof from !== 'string' || typeof to !== 'string' || from === to) return [];
  return (Object.keys(hardwareSettings) as HardwareKey[]).filter((key) => {
    const { path, fits } = hardwareSettings[key];
    return valueAt(manifest, path) === undefined && !fits(from, to);
  });
};

/** A variant without instances has nothing in common with one that has some (AWS: ProductionVariant, ServerlessConfig). */
const isServerless = ({ variant }: Settings): boolean => variant['ServerlessConfig'] !== undefined;

/**
 * The three-way merge of the settings that serve with those that the manifest has. The manifest's value comes first. Without a value, a
 * setting that an earlier manifest made goes; a setting that others made, or that the manifest cannot have, is kept.
 * @param made the serving config's own list of kept settings; without one the suite did not make it, and others made every setting
 */
export const merge = (
  serving: Settings,
  manifest: Settings,
  made: Kept | undefined,
  givenUp: readonly (Protection | HardwareKey)[],
): Merge => {
  // A protection with a value that protects nothing is given up by that value.
  const missing = lostProtections(serving, manifest).filter(
    (key) => valueAt(manifest, protections[key].path) === undefined,
  );
  const otherKind = isServerless(serving) !== isServerless(manifest);
  const places = { ...protections, ...hardwareSettings };
  const gone = (Object.keys(places) as (keyof typeof places)[])
    .filter((key) => [...missing, ...givenUp].includes(key))
    .map((key) => places[key].path);
  const goes = (path: string): boolean =>
    (otherKind && isWithin(path, 'variant')) || gone.some((place) => isWithin(path, place));
  const stays = (path: string): boolean => {
    const { key, requested, partOf } = settingAt(path);
    if (valueAt(manifest, path) !== undefined || requested === true || goes(path)) return false;
    if (partOf !== undefined && !stays(partOf)) return false;
    const anchor = needs(path);
    if (anchor !== undefined && valueAt(manifest, anchor) === undefined && !stays(anchor)) return false;
    // A record of an older version has a setting whole that has several values now.
    return key === undefined || made === undefined || made.settings.some((kept) => isWithin(path, kept));
  };
  const staying = [...eachSetting(serving).keys()].filter(stays);
  const isOf = (key: HardwareKey, path: string): boolean => isWithin(path, hardwareSettings[key].path);
  const unfit = unfitSettings(serving, manifest).filter((key) => staying.some((path) => isOf(key, path)));
  return {
    keep: staying.filter((path) => !unfit.some((key) => isOf(key, path))),
    lost: missing.filter((key) => !givenUp.includes(key)),
    unfit,
  };
};

/** The manifest's settings, and those that are kept. A record is a hint: no path in it takes the place of a request's own value. */
export const overlaid = (manifest: Settings, serving: Settings, keep: readonly string[]): Settings => {
  const values = keep
    .filter((path) => settingAt(path).requested !== true && valueAt(manifest, path) === undefined)
    .map((path) => [path, valueAt(serving, path)] as const);
  return withValues(manifest, new Map(values.filter(([, value]) => value !== undefined)));
};
