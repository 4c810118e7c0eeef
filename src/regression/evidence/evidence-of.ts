import type { Shape } from '../measure.ts';
import { bootstrap, type Resampled } from '../statistics/bootstrap.ts';
import { type Evidence, studentEvidence, unseenEvidence, widened } from '../statistics/evidence.ts';
import { areaEvidence } from './area.ts';
import { proportionEvidence } from './proportion.ts';
import type { Asked } from './question.ts';
import { resampledSums } from './sums.ts';
import { resampledTable } from './table.ts';
import { type Units, unitsOf } from './units.ts';
import { biasOf, jackknifed, resampledWhole } from './whole.ts';

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
  const [smallest, largest] = measure.bounds;
  const units = unitsOf(rows, asked.effort.seed);
  const found =
    shape.is === 'whole' && units.are === 'groups' ? jackknifed(asked, shape, units) : drawn(asked, shape, units);
  if (found === null) return null;
  if (found !== 'constant')
    return shape.is === 'whole' && shape.isBiased ? widened(found, biasOf(asked, shape, units)) : found;
  return Number.isFinite(largest - smallest)
    ? unseenEvidence(estimate, Math.min(asked.support, units.count), largest - smallest, 'bootstrap')
    : studentEvidence(estimate, 0, Number.POSITIVE_INFINITY, 'bootstrap');
};

const drawn = (asked: Asked, shape: Shape, units: Units): Evidence | null | 'constant' => {
  const studentised = asked.measure.classes.length > 0 && asked.support < rare;
  const resampled = resampledOf(asked, shape, units, studentised);
  return resampled && bootstrap(resampled, asked.effort, studentised);
};

const resampledOf = (asked: Asked, shape: Shape, units: Units, studentised: boolean): Resampled | null => {
  switch (shape.is) {
    case 'proportion':
      return resampledSums(asked, units, {
        terms: (rows, answers) => [shape.hits(rows, answers)],
        of: ([hits = 0], weight) => hits / weight,
      });
    case 'table':
      return resampledTable(asked, units, shape);
    case 'sums':
      return resampledSums(asked, units, shape);
    case 'whole':
      return resampledWhole(asked, shape, units, studentised);
    case 'auc':
      // An area has no best value in between.
      return null;
  }
};
