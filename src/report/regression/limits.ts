import type { Cell } from '../../findings/comparison.ts';
import { wantedBy } from '../../regression/decide.ts';

/** Where a rule's limits stand on the axis of its oriented difference; empty where the margin needs a baseline that is undefined. */
export const limitsOf = ({ rule: { criterion }, baseline }: Cell): readonly number[] => {
  if ('margin' in criterion && criterion.margin.of === 'baseline' && baseline == null) return [];
  const { lowest, highest } = wantedBy(criterion, baseline ?? null);
  return highest === undefined ? [lowest] : [lowest, highest];
};
