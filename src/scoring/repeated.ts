import type { Repeated } from '../findings/regression.ts';
import type { Answered } from './ask.ts';
import type { Answer } from './response.ts';

/** How often each model answered the same request in two ways. @returns undefined where no row was asked twice */
export const repeatedOf = (answers: readonly Answered[]): Repeated | undefined => {
  const twice = answers.filter(({ again }) => again !== undefined);
  if (twice.length === 0) return undefined;
  const changed = (side: 'candidate' | 'baseline'): number =>
    twice.filter((one) => differs(one[side] ?? undefined, one.again?.[side] ?? undefined)).length;
  return { rows: twice.length, candidate: changed('candidate'), baseline: changed('baseline') };
};

/** A row without one of the two answers tells nothing. */
const differs = (one: Answer | undefined, other: Answer | undefined): boolean => {
  if (one === undefined || other === undefined) return false;
  if ('error' in one || 'error' in other) return 'error' in one !== 'error' in other;
  const [first, second] = [one.prediction, other.prediction];
  // The last digits of a sum depend on its order, which a GPU does not keep.
  if (typeof first === 'number' && typeof second === 'number')
    return Math.abs(first - second) > 1e-6 * Math.max(1, Math.abs(first), Math.abs(second));
  return JSON.stringify(first) !== JSON.stringify(second);
};

/** A warning for each model that is not deterministic. */
export const repeatedWarnings = ({ rows, ...changed }: Repeated): readonly string[] =>
  (['candidate', 'baseline'] as const).flatMap((side) =>
    changed[side] === 0
      ? []
      : [
          `the ${side} is not deterministic: it answered ${changed[side]} of ${rows} repeated requests differently, so another test of the same rows gives other numbers`,
        ],
  );
