import { selecting } from '../answers/selecting.ts';
import type { ResponseForm } from '../manifest/asking.ts';
import type { Label, Task } from '../manifest/regression.ts';
import { mostOff } from '../regression/scoring/answers.ts';

/** A model's answer to one row. */
export type Answer =
  | {
      readonly prediction: unknown;
      readonly score?: unknown;
      /** Milliseconds from the request to the whole answer, as this machine saw it; absent for batch transform. */
      readonly 'latency-ms'?: number;
      readonly bytes?: number;
    }
  /** The model answered with an error, or with a body that has no prediction. `unreadable`: the latter. */
  | { readonly error: string; readonly unreadable?: true };

/** As a file of predictions has it. */
export const withoutMark = (answer: Answer): Readonly<Record<string, unknown>> => {
  const { unreadable: _, ...given } = { unreadable: undefined, ...answer };
  return given;
};

/** `untyped`: the golden set is CSV itself, and answers are compared as texts. */
export type LabelKind = 'text' | 'numbers' | 'booleans' | 'untyped';

export interface Reading {
  readonly task: Task;
  readonly form: ResponseForm;
  /** Binary classification: the labels of the golden set. */
  readonly positive?: Label;
  readonly negative?: Label;
  /** How the golden set writes labels; an answer in CSV, where every value is text, becomes the same. */
  readonly labels: LabelKind;
}

/** @param body of a response with status 2xx */
export const readAnswer = (
  {
    body,
    contentType,
    latencyMs,
  }: { readonly body: Buffer; readonly contentType: string; readonly latencyMs?: number },
  reading: Reading,
): Answer => {
  const { task, form } = reading;
  const select = selecting(body.toString('utf8'), contentType);
  if (typeof select === 'string') return unreadable(select);
  const score = form.score === undefined ? undefined : select(form.score);
  if (form.score !== undefined && score === undefined) return unreadable(`nothing at ${form.score}`);
  const scored = score === undefined ? undefined : scoreOf(score, reading, select.isText);
  if (typeof scored === 'string') return unreadable(scored);
  const prediction = form.prediction === undefined ? decided(scored?.value, reading) : select(form.prediction);
  if (prediction === undefined)
    return unreadable(form.prediction === undefined ? 'the score decides no class' : `nothing at ${form.prediction}`);
  const given =
    form.prediction === undefined
      ? prediction
      : select.isText
        ? asLabel(String(prediction), reading)
        : asWritten(prediction, reading);
  const odd = oddness(given, reading);
  if (odd !== undefined) return unreadable(odd);
  return {
    prediction: given,
    ...(scored === undefined || task === 'text' ? {} : { score: scored.value }),
    ...(latencyMs === undefined ? {} : { 'latency-ms': latencyMs, bytes: body.length }),
  };
};

const unreadable = (why: string): Answer => ({ error: `no prediction in the answer: ${why}`, unreadable: true });

const asLabel = (text: string, { task, labels }: Reading): unknown => {
  const isNumber = task === 'regression' || task === 'ranking' || (task !== 'text' && labels === 'numbers');
  if (isNumber && text.trim() !== '' && Number.isFinite(Number(text))) return Number(text);
  if (task !== 'text' && labels === 'booleans' && /^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  return text;
};

const asWritten = (prediction: unknown, { task, labels }: Reading): unknown =>
  labels === 'untyped' &&
  /classification$/.test(task) &&
  (typeof prediction === 'number' || typeof prediction === 'boolean')
    ? String(prediction)
    : prediction;

/** @returns why a prediction is none of its task; without the value, which may quote the row */
const oddness = (prediction: unknown, { task, positive, negative }: Reading): string | undefined => {
  switch (task) {
    case 'regression':
      return isNumber(prediction) ? undefined : 'the prediction is no number';
    case 'text':
      return typeof prediction === 'string' ? undefined : 'the prediction is no text';
    case 'ranking':
      return undefined;
    default:
      if (typeof prediction !== 'string' && typeof prediction !== 'boolean' && !isNumber(prediction))
        return 'the prediction is no class';
      // `1` and `"1"` are the mistake of the golden set: the comparison names both.
      return task === 'multiclass-classification' ||
        positive === undefined ||
        negative === undefined ||
        [positive, negative].some((label) => String(label) === String(prediction))
        ? undefined
        : 'the prediction is neither of the two classes';
  }
};

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

const isProbability = (value: unknown): value is number => isNumber(value) && value >= 0 && value <= 1;

/** @returns why it is no score */
const scoreOf = (score: unknown, { task, form }: Reading, isText: boolean): { readonly value: unknown } | string => {
  const value = isText ? Number(score) : score;
  if (task === 'binary-classification')
    return isProbability(value) ? { value } : 'the score is no probability between 0 and 1';
  if (task !== 'multiclass-classification') return isNumber(value) ? { value } : 'the score is no number';
  if (Array.isArray(value)) {
    const { classes } = form;
    if (classes === undefined) return 'the scores are a list: name its classes in response.classes';
    if (classes.length !== value.length) return `${value.length} scores, and response.classes has ${classes.length}`;
    return probabilities(Object.fromEntries(classes.map((name, at) => [String(name), value[at]])));
  }
  return typeof value === 'object' && value !== null
    ? probabilities(value)
    : 'the scores are neither a mapping nor a list';
};

const probabilities = (value: object): { readonly value: unknown } | string => {
  const scores: readonly unknown[] = Object.values(value);
  if (!scores.every(isProbability)) return 'a score is no probability between 0 and 1';
  const sum = scores.reduce((total, score) => total + score, 0);
  return Math.abs(sum - 1) > mostOff ? 'the scores do not add up to 1' : { value };
};

/** The class that the scores decide; of a ranking the score itself. */
const decided = (score: unknown, { task, form, positive, negative }: Reading): unknown => {
  if (task === 'ranking') return score;
  if (task === 'binary-classification' && typeof score === 'number')
    return score >= form.threshold ? positive : negative;
  if (task !== 'multiclass-classification' || typeof score !== 'object' || score === null) return undefined;
  const entries = Object.entries(score).filter(([, value]) => typeof value === 'number');
  const [best] = entries.toSorted(([, one], [, other]) => other - one);
  // The class as the manifest writes it: the members of a JSON object are texts.
  return best && (form.classes?.find((name) => String(name) === best[0]) ?? best[0]);
};
