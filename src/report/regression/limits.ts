import type { Cell } from '../../findings/comparison.ts';

/** Where a rule's limits stand on the axis of its oriented difference; empty where the margin needs a baseline that is undefined. */
export const limitsOf = ({ rule: { criterion }, baseline }: Cell): readonly number[] => {
  switch (criterion.is) {
    case 'superior':
    case 'floor':
    case 'ceiling':
      return [0];
    case 'non-inferior':
    case 'max-drop':
    case 'must-improve-by':
    case 'equivalent': {
      const { value, of } = criterion.margin;
      if (of === 'baseline' && baseline === null) return [];
      const margin = of === 'baseline' ? value * Math.abs(baseline ?? 0) : value;
      if (criterion.is === 'equivalent') return [-margin, margin];
      return [criterion.is === 'must-improve-by' ? margin : -margin];
    }
  }
};
