import type { Fault, Faults } from './contracts.ts';

export type Harm = Exclude<Fault, { kind: 'call' }>;

export interface FaultQueue extends Faults {
  /** The faults of this call: every planned action that is due (they run first), and at most one harm, in the order of addition. */
  take(
    service: string,
    operation: string,
    participant: string | undefined,
  ): { readonly actions: readonly (() => void | Promise<void>)[]; readonly harm?: Harm };
}

export const createFaults = (): FaultQueue => {
  const queue: { readonly fault: Fault; toSkip: number; left: number }[] = [];
  return {
    add(fault) {
      queue.push({ fault, toSkip: fault.after ?? 0, left: fault.times });
    },
    take(service, operation, participant) {
      const actions: (() => void | Promise<void>)[] = [];
      let harm: Harm | undefined;
      for (const entry of queue) {
        const { fault } = entry;
        if (entry.left === 0 || (fault.service ?? service) !== service || (fault.operation ?? operation) !== operation)
          continue;
        if (fault.participant !== undefined && fault.participant !== participant) continue;
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
