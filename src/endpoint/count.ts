import { counted } from '../judge/amounts.ts';
import type { EndpointSpec } from '../manifest/manifest.ts';
import type { NotRetained } from '../release/record.ts';
import type { LiveEndpoint } from './observe.ts';

export interface Count {
  /** InitialInstanceCount of the new config. */
  readonly inConfig: number;
  /** Instances of the candidate fleet. */
  readonly expected: number;
  readonly exclude: NotRetained;
  readonly note?: string;
}

/** The live count, if it differs from the expected one and only the manifest controls it; undefined otherwise. */
export const drifted = (count: Count, live: LiveEndpoint | undefined): number | undefined => {
  const now = live?.variants[0]?.desired;
  return count.exclude.length > 0 && now !== count.expected ? now : undefined;
};

/** Autoscaling brought it there: only the fleet of an endpoint with a queue can have no instance (AWS: "Autoscale an asynchronous endpoint"). */
export const isAtZero = (live: LiveEndpoint | undefined): boolean =>
  live !== undefined && live.serverless === undefined && live.variants[0]?.desired === 0;

/** A fleet at zero that serves the wanted version already stays there, as long as zero is within autoscaling's limits. */
export const whereItServes = (count: Count, live: LiveEndpoint | undefined, min = 1): Count =>
  isAtZero(live) && min === 0 ? { inConfig: count.inConfig, expected: 0, exclude: [] } : count;

/**
 * Rule 4: without autoscaling the manifest's count wins; with it the live count wins, clamped to the manifest's min–max. A count that
 * the live fleet keeps is no part of the new config, so that the config's name does not depend on autoscaling's last action.
 * @param scaled the live variant is a scalable target, registered by this suite or by others
 */
export const countOf = (spec: EndpointSpec, live: LiveEndpoint | undefined, scaled = false): Count => {
  // Serverless capacity is not counted in instances.
  if (spec.instance === undefined) return { inConfig: 0, expected: 0, exclude: [] };
  const { count } = spec.instance;
  const now = live?.variants[0]?.desired;
  // A serverless endpoint has no count that could be kept, and a bake needs an instance.
  if (now === undefined || now === 0) {
    const { min = 1, max = count } = spec.autoscaling ?? {};
    const first = Math.min(max, Math.max(min, count));
    return {
      inConfig: first,
      expected: first,
      exclude: live ? ['DesiredInstanceCount'] : [],
      ...(isAtZero(live)
        ? {
            note: `no instance runs: the new fleet starts with ${first}, and each step has all requests`,
          }
        : {}),
    };
  }
  if (spec.autoscaling === undefined) {
    if (!scaled || now === count) return { inConfig: count, expected: count, exclude: ['DesiredInstanceCount'] };
    return {
      inConfig: count,
      expected: now,
      exclude: [],
      note: `keeps the ${counted(now, 'instance')} of a fleet under autoscaling, although the manifest has no autoscaling and a count of ${count}`,
    };
  }
  const { min, max } = spec.autoscaling;
  const clamp = (value: number): number => Math.min(max, Math.max(min, value));
  if (clamp(now) === now)
    return {
      inConfig: clamp(count),
      expected: now,
      exclude: [],
      note: `keeps the ${counted(now, 'instance')} that autoscaling has set`,
    };
  return {
    inConfig: clamp(now),
    expected: clamp(now),
    exclude: ['DesiredInstanceCount'],
    note: `the fleet has ${counted(now, 'instance')}, outside autoscaling's ${min} to ${max}: the new fleet has ${clamp(now)}`,
  };
};
