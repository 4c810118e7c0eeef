import type { Check, CheckName } from '../findings/regression.ts';
import type { CheckLevel } from '../manifest/asking.ts';

/** The result of a check that cannot be made: never a pass. */
export const openCheck = (name: CheckName, level: CheckLevel, because: string): Check => ({
  ...{ name, level, because },
  verdict: 'inconclusive',
  cases: [],
});
