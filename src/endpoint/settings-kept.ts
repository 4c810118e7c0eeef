import type { Protection } from '../manifest/manifest.ts';
import type { Kept } from '../release/record.ts';
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
}

/** A protection is in force when it has any value. Data capture can have all of its values and be off. */
const isInForce = (settings: Settings, path: string): boolean => {
  const { path: capture } = protections['data-capture'];
  const off = isWithin(path, capture) && valueAt(settings, `${capture}.EnableCapture`) === false;
  return valueAt(settings, path) !== undefined && !off;
};

const protectingSettings = Object.keys(protections) as ProtectingSetting[];

/** The protections of one configuration that another one lacks. A protection within a lost one is no loss of its own. */
export const lostProtections = (before: Settings, after: Settings): readonly ProtectingSetting[] => {
  const lost = protectingSettings.filter((key) => {
    const { path } = protections[key];
    return isInForce(before, path) && valueAt(after, path) === undefined;
  });
  return lost.filter((key) => !lost.some((other) => key.startsWith(`${other}.`)));
};

/**
 * The three-way merge of the settings that serve with those that the manifest has. The manifest's value comes first. Without a value, a
 * setting that an earlier manifest made goes; a setting that others made, or that the manifest cannot have, is kept.
 * @param made the serving config's own list of kept settings; without one the suite did not make it, and others made every setting
 */
export const merge = (
  serving: Settings,
  manifest: Settings,
  made: Kept | undefined,
  givenUp: readonly Protection[],
): Merge => {
  const missing = lostProtections(serving, manifest);
  const goes = (path: string): boolean =>
    protectingSettings.some(
      (key) => (missing.includes(key) || givenUp.includes(key)) && isWithin(path, protections[key].path),
    );
  const stays = (path: string): boolean => {
    const { key, requested, partOf } = settingAt(path);
    if (valueAt(manifest, path) !== undefined || requested === true || goes(path)) return false;
    if (partOf !== undefined && !stays(partOf)) return false;
    const anchor = needs(path);
    if (anchor !== undefined && valueAt(manifest, anchor) === undefined && !stays(anchor)) return false;
    return key === undefined || made === undefined || made.settings.includes(path);
  };
  return {
    keep: [...eachSetting(serving).keys()].filter(stays),
    lost: missing.filter((key) => !givenUp.includes(key)),
  };
};

/** The manifest's settings, and those that are kept. A record is a hint: no path in it takes the place of a request's own value. */
export const overlaid = (manifest: Settings, serving: Settings, keep: readonly string[]): Settings => {
  const values = keep
    .filter((path) => settingAt(path).requested !== true && valueAt(manifest, path) === undefined)
    .map((path) => [path, valueAt(serving, path)] as const);
  return withValues(manifest, new Map(values.filter(([, value]) => value !== undefined)));
};
