import type { Normalization, Task } from '../../manifest/regression.ts';
import { suggest } from '../../manifest/suggest.ts';
import { keyOf, quoted } from '../../secrets.ts';
import { type Answers, absent, answered, failed } from '../rows.ts';
import type { ClassTable } from './class-table.ts';
import { type Column, column } from './column.ts';
import { type Row, RowProblem, type Written } from './row.ts';
import { normalized, similarity } from './text-similarity.ts';
import type { TextTable } from './text-table.ts';

/** How a task's values become numbers. */
export interface Values {
  readonly task: Task;
  readonly classes: ClassTable;
  /** Texts of labels and predictions of the task `text`. */
  readonly texts: TextTable;
  readonly normalization: Normalization;
}

/** One model's answers while its file is read; `row` is the row's number among ids. */
export interface AnswerColumns {
  /**
   * @param ofText a class is the one with its text, whatever its kind
   * @throws {RowProblem}
   */
  readonly take: (at: number, row: Row, label: number, written: Written, ofText: boolean) => void;
  /** The columns in this order. @param codes the new code of each class */
  readonly ordered: (order: Uint32Array, codes: Int32Array) => Answers;
  /** The predictions as the model wrote them, in this order; undefined where they are the numbers that are compared. */
  readonly written: (order: Uint32Array) => Float64Array | undefined;
  readonly hasScores: () => boolean;
}

export const answerColumns = (values: Values): AnswerColumns => {
  const { task, classes, texts, normalization } = values;
  const states = column('flags', absent);
  const predictions = column('numbers', Number.NaN);
  const texted = column('numbers', Number.NaN);
  const scores = scoreColumns(values);
  const [latencyMs, bytes] = [optionalColumn('latency-ms'), optionalColumn('bytes')];
  const [exact, tokenF1] = [column('numbers', Number.NaN), column('numbers', Number.NaN)];

  /** The answer as a number; undefined where none is known. */
  const predictionOf = (row: Row, written: Written, ofText: boolean): number | undefined => {
    const name = task === 'ranking' ? 'score' : 'prediction';
    const value = row[name];
    if (value === undefined) throw new RowProblem(`${name}: is missing${meant(name, row)}`);
    if (value === null) return undefined;
    switch (task) {
      case 'binary-classification':
      case 'multiclass-classification':
        return classes.codeOf(value, 'prediction', ofText);
      case 'regression':
      case 'ranking':
        return numberOf(value, name, written);
      case 'text':
        return texts.add(textOf(value, name));
    }
  };

  return {
    take: (at, row, label, written, ofText) => {
      latencyMs.take(at, row, written);
      bytes.take(at, row, written);
      const { error } = row;
      if (error !== undefined && error !== null && error !== false && error !== '') {
        if (row['prediction'] !== undefined && row['prediction'] !== null)
          throw new RowProblem('error: stands beside a prediction; a row has one of them');
        states.set(at, failed);
        return;
      }
      const prediction = predictionOf(row, written, ofText);
      if (prediction === undefined) return;
      states.set(at, answered);
      scores.take(at, row, written);
      if (task !== 'text') {
        predictions.set(at, prediction);
        return;
      }
      texted.set(at, prediction);
      predictions.set(at, texts.add(normalized(texts.at(prediction), normalization)));
      const alike = similarity(texts.at(label), texts.at(prediction), normalization);
      exact.set(at, alike.exact);
      tokenF1.set(at, alike.tokenF1);
    },
    hasScores: scores.has,
    written: (order) => (task === 'text' ? texted.ordered(order) : undefined),
    ordered: (order, codes) => {
      const sorted = predictions.ordered(order);
      if (task === 'binary-classification' || task === 'multiclass-classification')
        for (let i = 0; i < sorted.length; i++) sorted[i] = codes[sorted[i] ?? Number.NaN] ?? Number.NaN;
      return {
        states: states.orderedFlags(order),
        predictions: sorted,
        ...(scores.has() ? { scores: scores.ordered(order, codes) } : {}),
        ...(latencyMs.has() ? { latencyMs: latencyMs.ordered(order) } : {}),
        ...(bytes.has() ? { bytes: bytes.ordered(order) } : {}),
        ...(task === 'text' ? { text: { exact: exact.ordered(order), tokenF1: tokenF1.ordered(order) } } : {}),
      };
    },
  };
};

/** `; is predicted meant?` of a row's own keys. */
const meant = (name: string, row: Row): string => {
  const keys = Object.keys(row);
  const nearest = suggest(name, keys);
  const shown = keys.slice(0, 20).map(keyOf).join(', ');
  return nearest === undefined ? `; the row has ${shown || 'no key'}` : `; is ${keyOf(nearest)} meant?`;
};
export const missingKey = (name: string, row: Row): RowProblem =>
  new RowProblem(row[name] === null ? `${name}: is null` : `${name}: is missing${meant(name, row)}`);

/** @throws {RowProblem} */
export const numberOf = (value: unknown, name: string, written: Written): number => {
  const number = written === 'csv' && typeof value === 'string' && decimal.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw new RowProblem(
    `${name}: ${quoted(value)} is not a number${typeof value === 'string' && written === 'json' && decimal.test(value) ? '; write it without quotes' : ''}`,
  );
};
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** @throws {RowProblem} */
export const textOf = (value: unknown, name: string): string => {
  if (typeof value === 'string') return value;
  throw new RowProblem(`${name}: ${quoted(value)} is not text`);
};

/** Numbers, 0 or more, that a row may have. */
const optionalColumn = (name: string) => {
  const numbers = optionalNumbers();
  return {
    ...numbers,
    take: (at: number, row: Row, written: Written): void => {
      const value = row[name];
      if (value === undefined || value === null) return;
      const number = numberOf(value, name, written);
      if (number < 0) throw new RowProblem(`${name}: ${number} is below 0`);
      numbers.set(at, number);
    },
  };
};

/** A column that is made when the first row has a number for it. */
const optionalNumbers = () => {
  let numbers: Column | undefined;
  return {
    has: () => numbers !== undefined,
    set: (at: number, value: number): void => {
      numbers ??= column('numbers', Number.NaN);
      numbers.set(at, value);
    },
    ordered: (order: Uint32Array): Float64Array => numbers?.ordered(order) ?? new Float64Array(order.length),
  };
};

interface ScoreColumns {
  readonly has: () => boolean;
  readonly take: (at: number, row: Row, written: Written) => void;
  readonly ordered: (order: Uint32Array, codes: Int32Array) => Float64Array;
}

const scoreColumns = ({ task, classes }: Values): ScoreColumns => {
  if (task === 'multiclass-classification') return classScores(classes);
  const numbers = optionalNumbers();
  return {
    has: numbers.has,
    take: (at, row, written) => {
      const { score } = row;
      // Regressions and texts have no score; a column of that name is another one.
      if (score === undefined || score === null || (task !== 'binary-classification' && task !== 'ranking')) return;
      numbers.set(at, task === 'ranking' ? numberOf(score, 'score', written) : probabilityOf(score, 'score', written));
    },
    ordered: numbers.ordered,
  };
};

/** @throws {RowProblem} */
const probabilityOf = (value: unknown, name: string, written: Written): number => {
  const number = numberOf(value, name, written);
  if (number >= 0 && number <= 1) return number;
  throw new RowProblem(`${name}: ${number} is not a probability between 0 and 1`);
};

/** How far the probabilities of a row may be from a sum of 1: rounded ones are. */
export const mostOff = 0.02;

/** `{ setosa: 0.9, versicolor: 0.1 }`: the same classes in each row of a file. */
const classScores = (classes: ClassTable): ScoreColumns => {
  let keys: readonly string[] = [];
  let codesOfKeys: readonly number[] = [];
  let numbers: Column | undefined;
  return {
    has: () => numbers !== undefined,
    take: (at, { score }, written) => {
      if (score === undefined || score === null) return;
      if (typeof score !== 'object' || Array.isArray(score))
        throw new RowProblem(`score: ${quoted(score)} is not a mapping; expected a probability for each class`);
      const given = score as Row;
      const names = Object.keys(given);
      if (numbers === undefined) {
        numbers = column('numbers', Number.NaN);
        keys = names;
        codesOfKeys = names.map(classes.codeOfText);
      }
      const other = names.length === keys.length ? keys.find((key) => !Object.hasOwn(given, key)) : '';
      if (other !== undefined)
        throw new RowProblem(
          `score: has other classes than the rows before it, which have ${keys.map(quoted).join(', ')}`,
        );
      let sum = 0;
      for (let i = 0; i < keys.length; i++) {
        const key = keys[i] ?? '';
        const value = probabilityOf(given[key], `score.${keyOf(key)}`, written);
        numbers.set(at * keys.length + i, value);
        sum += value;
      }
      if (Math.abs(sum - 1) > mostOff)
        throw new RowProblem(`score: the probabilities add up to ${Number(sum.toPrecision(4))} instead of 1`);
    },
    ordered: (order, codes) => {
      const all = new Float64Array(order.length * codes.length);
      for (let i = 0; i < order.length; i++) {
        const from = (order[i] ?? 0) * keys.length;
        const known = !Number.isNaN(numbers?.at(from));
        // A class that the file does not name has probability 0, where the row has a score.
        for (let code = 0; code < codes.length; code++) all[i * codes.length + code] = known ? 0 : Number.NaN;
        for (let key = 0; known && key < keys.length; key++)
          all[i * codes.length + (codes[codesOfKeys[key] ?? 0] ?? 0)] = numbers?.at(from + key) ?? Number.NaN;
      }
      numbers = undefined;
      return all;
    },
  };
};
