import type { RegressionSpec } from '../manifest/regression.ts';
import { InputError } from '../schema.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { Answer } from './response.ts';
import type { Site } from './site.ts';

/**
 * One unreadable answer is the model's fault; all of the first ones are a wrong selector.
 * @param answers of the first rows
 * @throws {InputError}
 */
export const requirePredictions = (
  { asking: { response } }: RegressionSpec,
  side: 'candidate' | 'baseline',
  { name }: Pick<Site, 'name'>,
  answers: readonly Answer[],
): void => {
  const given = answers.filter((answer) => !('error' in answer && !answer.unreadable));
  const [one] = given;
  if (one === undefined || !given.every((answer) => 'error' in answer)) return;
  throw new InputError(
    `regression.response: no answer of the ${side} (${name}) has a prediction as it says${'error' in one ? `; ${one.error}` : ''}; it has ${JSON.stringify(withoutUndefined({ prediction: response?.prediction, score: response?.score }))}`,
  );
};
