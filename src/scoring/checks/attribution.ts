import type { Check } from '../../findings/regression.ts';
import { agreements } from '../../regression/clarify/attribution.ts';
import { attributionCheck } from '../../regression/clarify/attribution-check.ts';
import { openCheck } from '../../regression/open-check.ts';
import type { Standing } from '../standing.ts';
import { analysisIn } from './read-report.ts';

/** The order of the features by global SHAP values against that in the version that serves. */
export const attribution = {
  name: 'attribution',
  // Where nothing serves, there is no order to keep.
  isDue: ({ reports }: Standing): boolean => reports.explainability?.baseline !== undefined,
  notes: async ({ reports: { explainability: pair } }: Standing): Promise<readonly string[]> =>
    [pair?.candidate, pair?.baseline].flatMap((found) => {
      const read = found && analysisIn(found);
      return typeof read === 'string' ? [`attribution cannot be compared: ${read}`] : [];
    }),
  run: async ({ regression, reports }: Standing): Promise<Check> => {
    const { attribution: spec } = regression.asking;
    const { candidate, baseline } = reports.explainability ?? {};
    if (spec === undefined || candidate === undefined || baseline === undefined)
      throw new Error('there are no attributions to check');
    const [one, other] = [analysisIn(candidate), analysisIn(baseline)];
    if (typeof one === 'string') return openCheck('attribution', spec.level, one);
    if (typeof other === 'string') return openCheck('attribution', spec.level, other);
    return attributionCheck(spec, agreements(one, other));
  },
} as const;
