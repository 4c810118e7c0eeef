import type { Instant } from '../clock.ts';
import type { LatencyPlan } from '../judge/latency.ts';
import type { Release, Stepping } from '../release/record.ts';
import type { World } from '../world.ts';
import { type Fleet, type MinuteReading, type Minutes, readFleet } from './fleet-metrics.ts';

/** Reads the minutes of one arm in [from, to). */
export type Reading = (from: Instant, to: Instant) => Promise<Minutes>;

/** The two versions that answer requests side by side. */
export interface Arms {
  readonly candidate: Reading;
  readonly baseline: Reading;
}

/** Two variants of one endpoint. */
export const armsOfVariants = (
  world: World,
  endpoint: string,
  { candidateVariant, baselineVariant }: Pick<Stepping, 'candidateVariant' | 'baselineVariant'>,
  latency: LatencyPlan | undefined,
): Arms => {
  const arm =
    (variant: string): Reading =>
    (from, to) =>
      readFleet(world, { endpoint, variant }, latency, from, to);
  return { candidate: arm(candidateVariant), baseline: arm(baselineVariant) };
};

/**
 * Two fleets of one variant. AWS documents metrics per configuration for the new fleet; the old fleet's are the difference between the
 * variant's and the new fleet's.
 */
export const armsOfFleets = (
  world: World,
  endpoint: string,
  { submission: { variant }, candidate: { endpointConfig } }: Pick<Release, 'submission' | 'candidate'>,
  latency: LatencyPlan | undefined,
): Arms => {
  const incoming: Fleet = { endpoint, variant, endpointConfig };
  const candidate: Reading = (from, to) => readFleet(world, incoming, latency, from, to);
  return {
    candidate,
    baseline: async (from, to) => {
      const [all, part] = await Promise.all([
        readFleet(world, { endpoint, variant }, latency, from, to),
        candidate(from, to),
      ]);
      return (at) => without(all(at), part(at));
    },
  };
};

/** Counts can be subtracted; percentiles and maxima cannot. Two reads of one minute may differ, so a count never falls below zero. */
const without = (all: MinuteReading, part: MinuteReading): MinuteReading => {
  if (all === 'unsettled' || part === 'unsettled') return 'unsettled';
  if (all === undefined || part === undefined) return undefined;
  return {
    requests: less(all.requests, part.requests),
    errors: less(all.errors, part.errors),
    clientErrors: less(all.clientErrors, part.clientErrors),
    ...(all.cells && part.cells ? { cells: all.cells.map((cell, index) => less(cell, part.cells?.[index] ?? 0)) } : {}),
    ...(all.sum !== undefined && part.sum !== undefined ? { sum: less(all.sum, part.sum) } : {}),
  };
};

const less = (all: number, part: number): number => Math.max(0, all - part);
