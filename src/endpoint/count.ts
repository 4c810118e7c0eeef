import type { EndpointSpec } from '../manifest/manifest.ts';
import type { Submission } from '../release/record.ts';
import type { Live } from './observe.ts';

export interface Count {
  /** InitialInstanceCount of the new config. */
  readonly inConfig: number;
  /** Instances the candidate fleet will have. */
  readonly expected: number;
  readonly exclude: Submission['exclude'];
  readonly note?: string;
}

/**
 * Rule 4: without an autoscaling block the manifest's count wins; with one the live count wins, clamped to min–max. The count a
 * live fleet keeps is no part of the new config, so that the config's name does not depend on what autoscaling did last.
 */
export const countOf = (spec: EndpointSpec, live: Live | undefined): Count => {
  const { count } = spec.instance;
  if (spec.autoscaling === undefined)
    return { inConfig: count, expected: count, exclude: live ? ['DesiredInstanceCount'] : [] };
  const { min, max } = spec.autoscaling;
  const clamp = (value: number): number => Math.min(max, Math.max(min, value));
  const now = live?.variants[0]?.desired;
  if (now === undefined) return { inConfig: clamp(count), expected: clamp(count), exclude: [] };
  if (clamp(now) === now)
    return {
      inConfig: clamp(count),
      expected: now,
      exclude: [],
      note: `keeps the ${now} instances that autoscaling arrived at`,
    };
  return {
    inConfig: clamp(now),
    expected: clamp(now),
    exclude: ['DesiredInstanceCount'],
    note: `${now} instances serve, outside autoscaling's ${min} to ${max}: the new fleet has ${clamp(now)}`,
  };
};
