import type { Measure } from './measure.ts';
import { type AnsweredRows, type Answers, answered, failed } from './rows.ts';
import { select } from './selection.ts';
import { randomOf, shuffled } from './statistics/random.ts';

/** Candidates made from the rows of the set, worse than any rule allows: by them the gate proves that it can fail. */

/** The answers that are made worse: those of the model that serves, or of a candidate that is judged alone. */
const templateOf = ({ baseline, candidate }: AnsweredRows): Answers => baseline ?? candidate;

/**
 * Answers that are always wrong and sure of it, ten times as slow and as large. Several, because no answer is bad by every metric: far too
 * high is a perfect coverage, and a failure is no wrong number.
 */
export const hopelessAnswers = (rows: AnsweredRows): readonly Answers[] => {
  const { size } = rows;
  const template = templateOf(rows);
  const slow = {
    ...template,
    ...(template.latencyMs && { latencyMs: template.latencyMs.map((value) => 10 * value) }),
    ...(template.bytes && { bytes: template.bytes.map((value) => 10 * value) }),
  };
  const states = new Uint8Array(size).fill(answered);
  return [
    ...wrongAnswers(rows).map((wrong) => ({ ...slow, ...wrong, states })),
    { ...slow, states: new Uint8Array(size).fill(failed), predictions: new Float64Array(size).fill(Number.NaN) },
  ];
};

/** Answers that are always right and sure of it, without delay: too good to be true, where a rule limits the good values. */
export const perfectAnswers = (rows: AnsweredRows): Answers => {
  const { size } = rows;
  const template = templateOf(rows);
  const zeros = new Float64Array(size);
  const ones = new Float64Array(size).fill(1);
  const scores = perfectScores(rows);
  return {
    states: new Uint8Array(size).fill(answered),
    predictions: rows.task === 'text' ? template.predictions : rows.labels,
    ...(scores && { scores }),
    ...(template.latencyMs && { latencyMs: zeros }),
    ...(template.bytes && { bytes: zeros }),
    ...(template.text && { text: { exact: ones, tokenF1: ones } }),
  };
};

const perfectScores = (rows: AnsweredRows): Float64Array | undefined => {
  const { task, size, labels, classes, positive } = rows;
  const given = templateOf(rows).scores;
  if (given === undefined || task === 'ranking') return given && labels;
  if (task === 'binary-classification') return labels.map((label) => (label === positive ? 1 : 0));
  const scores = new Float64Array(size * classes.length);
  for (let row = 0; row < size; row++) scores[row * classes.length + (labels[row] ?? 0)] = 1;
  return scores;
};

const wrongAnswers = (rows: AnsweredRows): readonly Pick<Answers, 'predictions' | 'scores' | 'text'>[] => {
  switch (rows.task) {
    case 'binary-classification':
    case 'multiclass-classification':
      return [wrongClasses(rows)];
    case 'regression':
      return [farOff(rows, 1), farOff(rows, -1)];
    case 'ranking':
      return [{ predictions: templateOf(rows).predictions, scores: rows.labels.map((relevance) => -relevance) }];
    case 'text':
      return [
        {
          predictions: templateOf(rows).predictions,
          text: { exact: new Float64Array(rows.size), tokenF1: new Float64Array(rows.size) },
        },
      ];
  }
};

/** Of a probability: sums of it, over all rows of a set, are none to any metric. */
const hardlyAny = 1e-20;

/** The next class that the rows have, with all but all of the probability; the right one has none. */
const wrongClasses = (rows: AnsweredRows): Pick<Answers, 'predictions' | 'scores'> => {
  const { size, labels, classes, task, positive } = rows;
  const seen = [...new Set(labels)].sort((a, b) => a - b);
  const next = new Map(
    seen.map((label, index) => [
      label,
      seen.length > 1 ? seen[(index + 1) % seen.length] : (label + 1) % classes.length,
    ]),
  );
  const predictions = labels.map((label) => next.get(label) ?? Number.NaN);
  if (templateOf(rows).scores === undefined) return { predictions };
  // Each positive row is alone with its score: rows of one score are one point of a precision-recall curve, which is never the worst.
  if (task === 'binary-classification')
    return { predictions, scores: labels.map((label, row) => (label === positive ? row * hardlyAny : 1)) };
  const others = classes.length > 2 ? 0.01 / (classes.length - 2) : 0;
  const scores = new Float64Array(size * classes.length).fill(others);
  for (let row = 0; row < size; row++) {
    scores[row * classes.length + (predictions[row] ?? 0)] = classes.length > 2 ? 0.99 : 1;
    scores[row * classes.length + (labels[row] ?? 0)] = 0;
  }
  return { predictions, scores };
};

/**
 * A hundred to three hundred times the largest label away, evenly spread: the errors' variance is large, and their median is none of two
 * values by chance.
 */
const farOff = ({ labels }: AnsweredRows, sign: number): Pick<Answers, 'predictions'> => {
  const far = 100 * labels.reduce((largest, label) => Math.max(largest, Math.abs(label)), 1);
  return { predictions: labels.map((label, row) => label + sign * far * (1 + 2 * ((row * goldenRatio) % 1))) };
};

/** Its multiples modulo 1 are spread evenly, in any part of them. */
const goldenRatio = (Math.sqrt(5) - 1) / 2;

/** The template's answers, made hopeless in the first `count` rows of an order. */
export const partlyHopeless = (rows: AnsweredRows, hopeless: Answers, order: Int32Array, count: number): Answers => {
  const template = templateOf(rows);
  const mixed = (from: Float64Array | undefined, to: Float64Array | undefined): Float64Array | undefined => {
    if (from === undefined || to === undefined) return from;
    const block = rows.size === 0 ? 1 : from.length / rows.size;
    const values = from.slice();
    for (let place = 0; place < count; place++) {
      const start = (order[place] ?? 0) * block;
      values.set(to.subarray(start, start + block), start);
    }
    return values;
  };
  const states = template.states.slice();
  for (let place = 0; place < count; place++)
    states[order[place] ?? 0] = hopeless.states[order[place] ?? 0] ?? answered;
  const scores = mixed(template.scores, hopeless.scores);
  const latencyMs = mixed(template.latencyMs, hopeless.latencyMs);
  const bytes = mixed(template.bytes, hopeless.bytes);
  const exact = mixed(template.text?.exact, hopeless.text?.exact);
  const tokenF1 = mixed(template.text?.tokenF1, hopeless.text?.tokenF1);
  return {
    states,
    predictions: mixed(template.predictions, hopeless.predictions) ?? template.predictions,
    ...(scores && { scores }),
    ...(latencyMs && { latencyMs }),
    ...(bytes && { bytes }),
    ...(exact && tokenF1 && { text: { exact, tokenF1 } }),
  };
};

/** The template's numbers, moved towards hopeless ones: 0 not at all, 1 all the way. */
export const partOfTheWay = (rows: AnsweredRows, hopeless: Answers, way: number): Answers => {
  const template = templateOf(rows);
  const moved = (from: Float64Array, to: Float64Array | undefined): Float64Array =>
    from.map((value, row) => value + way * ((to?.[row] ?? value) - value));
  return {
    ...template,
    predictions: moved(template.predictions, hopeless.predictions),
    ...(template.latencyMs && { latencyMs: moved(template.latencyMs, hopeless.latencyMs) }),
    ...(template.bytes && { bytes: moved(template.bytes, hopeless.bytes) }),
  };
};

const mostOthers = 1000;
const fewestOfClass = 20;
const streamOfSample = 0x7ffffffe;

/**
 * Rows on which a gate that can fail must fail a hopeless candidate: up to about 2,000 random ones, with enough of each class that the
 * measure needs; of a ranking, whole queries.
 */
export const sampleForSelfTest = (rows: AnsweredRows, measure: Measure, seed: number): AnsweredRows => {
  if (rows.size <= 2 * mostOthers) return rows;
  const random = randomOf(seed, streamOfSample);
  return select(rows, rows.groups ? someQueries(rows, rows.groups, random) : someRows(rows, measure, random));
};

const someRows = (rows: AnsweredRows, { classes }: Measure, random: ReturnType<typeof randomOf>): Int32Array => {
  const quota = Math.max(fewestOfClass, Math.floor(mostOthers / Math.max(1, classes.length)));
  const left = new Map(classes.map((code) => [code, quota]));
  let others = classes.length > 0 ? mostOthers : 2 * mostOthers;
  return shuffled(rows.size, random)
    .filter((row) => {
      const label = rows.labels[row] ?? 0;
      const ofClass = left.get(label) ?? 0;
      if (ofClass > 0) left.set(label, ofClass - 1);
      else others--;
      return ofClass > 0 || others >= 0;
    })
    .sort();
};

const someQueries = (
  rows: AnsweredRows,
  groups: NonNullable<AnsweredRows['groups']>,
  random: ReturnType<typeof randomOf>,
): Int32Array => {
  const sizes = new Int32Array(groups.count);
  for (const group of groups.of) sizes[group] = (sizes[group] ?? 0) + 1;
  const chosen = new Uint8Array(groups.count);
  let size = 0;
  let queries = 0;
  for (const group of shuffled(groups.count, random)) {
    if (size >= 2 * mostOthers && queries >= 100) break;
    if ((sizes[group] ?? 0) === 0) continue;
    chosen[group] = 1;
    size += sizes[group] ?? 0;
    queries++;
  }
  return Int32Array.from({ length: rows.size }, (_, row) => row).filter((row) => chosen[groups.of[row] ?? 0] === 1);
};
