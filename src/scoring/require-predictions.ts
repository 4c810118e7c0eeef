import type { RegressionSpec } from '../manifest/regression.ts';
import { InputError } from '../schema.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { Side } from './ask.ts';
import type { GoldenRow } from './golden-set.ts';
import type { Answer, LabelKind } from './response.ts';
import type { Site } from './site.ts';

/** A model's answer to a row. */
interface AnsweredRow {
  readonly row: GoldenRow;
  readonly answer: Answer;
}

/**
 * One unreadable answer is the model's fault; all of the first ones are a wrong selector. So are predictions of which none is of a kind
 * that the labels have: every one of them would be wrong.
 * @param answered the first rows
 * @throws {InputError}
 */
export const requirePredictions = (
  regression: RegressionSpec,
  side: Side,
  site: Pick<Site, 'name'>,
  answered: readonly AnsweredRow[],
): void => {
  requireSome(regression, side, site, answered);
  if (regression.task.endsWith('-classification')) requireKind(regression, side, site, answered);
};

const requireSome = (
  { asking: { response } }: RegressionSpec,
  side: Side,
  { name }: Pick<Site, 'name'>,
  answered: readonly AnsweredRow[],
): void => {
  const given = answered.map(({ answer }) => answer).filter((answer) => !('error' in answer && !answer.unreadable));
  const [one] = given;
  if (one === undefined || !given.every((answer) => 'error' in answer)) return;
  throw new InputError(
    `regression.response: no answer of the ${side} (${name}) has a prediction as it says${'error' in one ? `; ${one.error}` : ''}; it has ${JSON.stringify(withoutUndefined({ prediction: response?.prediction, score: response?.score }))}`,
  );
};

const requireKind = (
  { task, asking: { response } }: RegressionSpec,
  side: Side,
  { name }: Pick<Site, 'name'>,
  answered: readonly AnsweredRow[],
): void => {
  const predicted = answered.flatMap(({ row: { labels }, answer }) =>
    'error' in answer ? [] : [{ labels, kind: kindOf(answer.prediction) }],
  );
  const [first] = predicted;
  if (first === undefined || predicted.some(({ labels, kind }) => fits(labels.kinds, kind))) return;
  const { file, kinds } = first.labels;
  const byScores =
    task === 'multiclass-classification' && response?.prediction === undefined
      ? ', or list the classes in response.classes as the labels have them'
      : '';
  throw new InputError(
    `regression.response: the labels of ${file} are ${kinds.map((kind) => plural[kind]).join(' and ')}, and every prediction of the ${side} (${name}) is a ${singular[first.kind]}: such a prediction is never right. Write the labels as ${plural[first.kind]}${byScores}`,
  );
};

/** Labels of CSV have no kind. */
const fits = (kinds: readonly LabelKind[], kind: LabelKind): boolean =>
  kinds.includes(kind) || kinds.includes('untyped');

const kindOf = (prediction: unknown): LabelKind => {
  if (typeof prediction === 'number') return 'numbers';
  return typeof prediction === 'boolean' ? 'booleans' : 'text';
};

const plural: Readonly<Record<LabelKind, string>> = {
  text: 'texts',
  numbers: 'numbers',
  booleans: 'booleans',
  untyped: 'cells of CSV',
};
const singular: Readonly<Record<LabelKind, string>> = {
  text: 'text',
  numbers: 'number',
  booleans: 'boolean',
  untyped: 'cell of CSV',
};
