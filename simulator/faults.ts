import type { Fault, Faults } from './contracts.ts';
import { createRandom, digestOf } from './random.ts';
import type { WireRequest } from './wire.ts';

export type Harm = Exclude<Fault, { kind: 'call' }>;

export interface FaultQueue extends Faults {
  /** The faults of this call: every planned action that is due (they run first), and at most one harm, in the order of addition. */
  take(
    service: string,
    operation: string,
    participant: string | undefined,
    request: Pick<WireRequest, 'path' | 'body' | 'headers'>,
  ): { readonly actions: readonly (() => void | Promise<void>)[]; readonly harm?: Harm };
}

export const createFaults = (): FaultQueue => {
  const queue: {
    readonly fault: Fault;
    readonly index: number;
    toSkip: number;
    left: number;
    readonly seen: Map<string, number>;
  }[] = [];

  /**
   * Of requests that come side by side, the order is chance: only their contents, and how often they came, may decide. Each fault draws for
   * itself.
   */
  const isDrawn = (
    share: number,
    { index, seen }: (typeof queue)[number],
    { path, body, headers }: Pick<WireRequest, 'path' | 'body' | 'headers'>,
  ): boolean => {
    const which = digestOf(path, headers['x-amzn-sagemaker-target-variant'] ?? '', body.toString('latin1')).toString(
      'hex',
    );
    const times = (seen.get(which) ?? 0) + 1;
    seen.set(which, times);
    return createRandom(times, `${index} ${which}`)() < share;
  };
  return {
    add(fault) {
      queue.push({ fault, index: queue.length, toSkip: fault.after ?? 0, left: fault.times, seen: new Map() });
    },
    take(service, operation, participant, request) {
      const actions: (() => void | Promise<void>)[] = [];
      let harm: Harm | undefined;
      for (const entry of queue) {
        const { fault } = entry;
        if (entry.left === 0 || (fault.service ?? service) !== service || (fault.operation ?? operation) !== operation)
          continue;
        if (fault.participant !== undefined && fault.participant !== participant) continue;
        if (fault.share !== undefined && !isDrawn(fault.share, entry, request)) continue;
        if (entry.toSkip > 0) {
          entry.toSkip--;
        } else if (fault.kind === 'call') {
          entry.left--;
          actions.push(fault.action);
        } else if (harm === undefined) {
          entry.left--;
          harm = fault;
        }
      }
      return { actions, ...(harm === undefined ? {} : { harm }) };
    },
  };
};
