import type { Shape } from '../measure.ts';
import { bootstrap, type Resampled } from '../statistics/bootstrap.ts';
import { type Evidence, studentEvidence, unseenEvidence } from '../statistics/evidence.ts';
import { areaEvidence } from './area.ts';
import { proportionEvidence } from './proportion.ts';
import type { Asked } from './question.ts';
import { resampledSums } from './sums.ts';
import { resampledTable } from './table.ts';
import { unitsOf } from './units.ts';
import { resampledWhole } from './whole.ts';

/** Rows of the rarest class below which each drawn set is divided by its own standard error. */
const rare = 50;

/**
 * The evidence of the rows about one number, by the statistic that fits the measure's shape: Tango's interval for proportions (Wilson's for
 * one alone), DeLong's for areas under the ROC curve, else the paired bootstrap. Null where the number is undefined, or is in more than 1 %
 * of the drawn sets.
 * @param estimate the number itself
 */
export const evidenceOf = (asked: Asked, estimate: number): Evidence | null => {
  const { measure, question, rows } = asked;
  const { shape } = measure;
  // Nearness to a value is no difference of two proportions.
  const near = question === 'difference' && typeof measure.better === 'object';
  if (shape.is === 'proportion' && !near) return proportionEvidence(asked, shape);
  if (shape.is === 'auc' && !near) return areaEvidence(asked, shape);
  const studentised = measure.classes.length > 0 && asked.support < rare;
  const resampled = resampledOf(asked, shape, studentised);
  const found = resampled && bootstrap(resampled, asked.effort, studentised);
  if (found !== 'constant') return found;
  const [smallest, largest] = measure.bounds;
  const units = Math.min(asked.support, rows.clusters || rows.groups ? unitsOf(rows, 0).count : rows.size);
  return Number.isFinite(largest - smallest)
    ? unseenEvidence(estimate, units, largest - smallest, 'bootstrap')
    : studentEvidence(estimate, 0, Number.POSITIVE_INFINITY, 'bootstrap');
};

const resampledOf = (asked: Asked, shape: Shape, studentised: boolean): Resampled | null => {
  switch (shape.is) {
    case 'proportion':
      return resampledSums(asked, {
        terms: (rows, answers) => [shape.hits(rows, answers)],
        of: ([hits = 0], weight) => hits / weight,
      });
    case 'table':
      return resampledTable(asked, shape);
    case 'sums':
      return resampledSums(asked, shape);
    case 'whole':
      return resampledWhole(asked, shape, studentised);
    case 'auc':
      // An area has no best value in between.
      return null;
  }
};
