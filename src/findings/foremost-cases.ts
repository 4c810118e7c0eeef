import type { CheckCase } from './regression.ts';

const urgency = { fail: 0, inconclusive: 1, pass: 2 } as const;

/** The cases that fail, then those that are open: where there is no room for all, only cases that pass are left out first. */
export const foremostCases = (cases: readonly CheckCase[], most: number): readonly CheckCase[] =>
  [...cases].sort((one, other) => urgency[one.verdict] - urgency[other.verdict]).slice(0, most);
