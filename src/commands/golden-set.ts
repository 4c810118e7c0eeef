import { closeSync, existsSync, fstatSync, openSync, rmSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { stringify } from 'yaml';
import type { CommandLine, ExitCode } from '../hosts/command-line/command-line.ts';
import { counted } from '../judge/amounts.ts';
import { regionPattern } from '../manifest/values.ts';
import { jsonText } from '../plain-text.ts';
import { type Field, flag, InputError, optional, text, type ValuesOf } from '../schema.ts';
import { type Chosen, chooseRows } from '../scoring/captured/choose.ts';
import { mostFiles, recordFiles } from '../scoring/captured/files.ts';
import { type GroundTruth, mostLabels, readGroundTruth } from '../scoring/captured/ground-truth.ts';
import { mostRowsBytes } from '../scoring/rows-file.ts';
import { redacted, withoutSecrets } from '../secrets.ts';
import { regionGiven } from '../session/region.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { printAnswer } from './answer.ts';
import { type Command, wrongRequest } from './command.ts';
import { openWithoutManifest } from './read-only-session.ts';

const whole = (
  options: Pick<Field<number>, 'description'> & {
    readonly default: string;
    readonly least: number;
    readonly most: number;
  },
): Field<number> => ({
  kind: 'integer',
  required: false,
  description: options.description,
  default: options.default,
  parse: (written, source) => {
    const value = /^\d{1,10}$/.test(written) ? Number(written) : Number.NaN;
    if (value >= options.least && value <= options.most) return value;
    throw new InputError(`${source}: expected a whole number from ${options.least} to ${options.most}`);
  },
});

/** Columns of a row that have a meaning of their own. */
const taken: ReadonlySet<string> = new Set([
  'id',
  'label',
  'weight',
  'prediction',
  'score',
  'error',
  'latency-ms',
  'bytes',
]);

const columns: Field<readonly string[]> = {
  kind: 'text',
  required: true,
  description:
    'Names of the columns of a CSV request, in its order, separated by commas. Default: `c0,c1,…`. Requests with another number of columns are left out.',
  example: 'tenure,calls,charges',
  parse: (written, source) => {
    const names = written.split(',').map((name) => name.trim());
    const wrong = (because: string): never => {
      throw new InputError(`${source}: ${because}`);
    };
    if (names.includes('')) wrong('a name is empty; expected names separated by commas');
    if (new Set(names).size < names.length) wrong('two columns have the same name');
    const clash = names.find((name) => taken.has(name));
    return clash === undefined ? names : wrong(`a golden row has a column ${clash} already; choose another name`);
  },
};

const goldenSetInputs = {
  capture: text({
    description:
      'What data capture recorded: a file of JSON Lines, a folder, or an address in S3, as `data-capture` of the manifest writes them.',
    example: 's3://ml-capture/churn/main/2026/01/',
  }),
  'ground-truth': text({
    description:
      'The labels: a file of JSON Lines, a folder, or an address in S3, one `{"groundTruthData", "eventMetadata": {"eventId"}}` a line, as Model Monitor takes them.',
    example: 's3://ml-labels/churn/2026/01/',
  }),
  output: text({ description: 'Write the golden rows to this file, as JSON Lines.', example: 'golden/churn.jsonl' }),
  columns: optional(columns),
  'content-type': optional(
    text({
      description: 'Take the requests of this content type alone; needed where there are several.',
      example: 'text/csv',
      pattern: /^[a-z0-9-]+\/[a-z0-9.-]+$/,
      allowed: 'a content type such as text/csv',
    }),
  ),
  limit: whole({
    description: 'Rows at most. Where there are more requests, a sample is drawn.',
    default: '10000',
    least: 1,
    most: mostLabels,
  }),
  seed: whole({
    description: 'Seed of the sample: the same seed draws the same requests from the same records.',
    default: '1',
    least: 0,
    most: 4294967295,
  }),
  region: optional(
    text({
      description: 'AWS region; default: the one of the environment variables.',
      pattern: regionPattern,
      allowed: 'a region such as eu-west-1',
    }),
  ),
  force: flag({ description: 'Replace the file of `output` if it exists.', default: false }),
  json: flag({ description: 'Print JSON: counts and the keys of `regression`, no row.', default: false }),
};
type Inputs = ValuesOf<typeof goldenSetInputs>;

export const goldenSet: Command = {
  does: 'Makes golden rows for the regression test from captured requests and their ground truth. Changes nothing at AWS.',
  options: goldenSetInputs,
  notes: [
    '**The rows are real traffic and may hold personal data.** Review the file before you commit it, or before others can read it. The command prints no row, and a new file is readable by you alone.',
    'It prints the keys of `regression` that turn a row into the captured request again.',
    `Limits: ${mostFiles} files or objects a place, ${mostLabels} labels, 2 GB of rows; an object has at most 256 MB. The captured records are read twice, and never held in memory; a million labels take about 1 GB.`,
    'An address in S3 needs `s3:ListBucket` on the bucket and `s3:GetObject` on the objects; the bucket belongs to the account of the credentials. `s3://bucket/a/b` is that object, and all objects below `s3://bucket/a/b/`.',
  ],
  examples: [
    {
      line: 'golden-set --capture s3://ml-capture/churn/main/2026/01/ --ground-truth s3://ml-labels/churn/2026/01/ --columns tenure,calls,charges --output golden/churn.jsonl',
      does: 'Makes at most 10,000 rows of the requests of a month.',
    },
    {
      line: 'golden-set --capture captured --ground-truth labels.jsonl --limit 2000 --seed 7 --output golden/churn.jsonl',
      does: 'Draws 2,000 rows from files on this machine; needs no AWS.',
    },
  ],
  exits: { 0: 'the rows were written', 1: 'AWS could not be read', 2: wrongRequest },
  run: (args, host) => runGoldenSet(args, host()),
};

const runGoldenSet = (args: readonly string[], host: CommandLine): Promise<ExitCode> => {
  const question = {
    command: 'golden-set',
    schema: goldenSetInputs,
    answer: async (inputs: Inputs) => {
      const { output, force, region, json } = inputs;
      if (!force && existsSync(output)) throw exists(output);
      let session: Promise<World> | undefined;
      const open = (): Promise<World> => {
        session ??= openWithoutManifest(host, { region: regionGiven(region, host.env) });
        return session;
      };
      const captures = await recordFiles(inputs.capture, 'capture', open);
      const labelled = await recordFiles(inputs['ground-truth'], 'ground-truth', open);
      refuseOwn(output, [...captures, ...labelled]);
      const truth = await readGroundTruth(labelled);
      const chosen = await chooseRows(captures, truth, {
        limit: inputs.limit,
        seed: inputs.seed,
        ...withoutUndefined({ columns: inputs.columns, contentType: inputs['content-type'] }),
      });
      await write(chosen, output, force);
      return json
        ? jsonText(withoutSecrets(summaryOf(chosen, truth, inputs)), 2)
        : redacted(reportOf(chosen, truth, captures.length, inputs));
    },
  };
  return printAnswer(question, args, host);
};

const exists = (output: string): InputError =>
  new InputError(`output: ${JSON.stringify(output)} exists; name another file, or replace it with --force`);

/** With `--force` the records would be lost. */
const refuseOwn = (output: string, files: readonly { readonly name: string }[]): void => {
  if (files.some(({ name }) => resolve(name) === resolve(output)))
    throw new InputError(`output: ${JSON.stringify(output)} is one of the files that are read; name another file`);
};

/** A write for each row would take longer than the rest. */
const pieceLength = 1024 * 1024;

/** A file that is not whole is removed. @throws {InputError} */
const write = async (chosen: Chosen, output: string, force: boolean): Promise<void> => {
  const file = orRefused(output, () => openSync(output, force ? 'w' : 'wx', 0o600));
  // `/dev/stdout` stays.
  const isFile = fstatSync(file).isFile();
  let isWhole = false;
  try {
    let [piece, bytes] = ['', 0];
    const flush = (): void => {
      const content = Buffer.from(piece);
      piece = '';
      bytes += content.length;
      if (bytes > mostRowsBytes)
        throw new InputError(
          `limit: the rows have more than ${mostRowsBytes / 1024 ** 3} GB, the largest golden set that is read; request fewer`,
        );
      orRefused(output, () => {
        for (let from = 0; from < content.length; ) from += writeSync(file, content, from);
      });
    };
    await chosen.rows((row) => {
      piece += `${JSON.stringify(row)}\n`;
      if (piece.length > pieceLength) flush();
    });
    flush();
    isWhole = true;
  } finally {
    closeSync(file);
    if (!isWhole && isFile) rmSync(output, { force: true });
  }
};

const orRefused = <Value>(output: string, act: () => Value): Value => {
  try {
    return act();
  } catch (error) {
    const code = (error as { readonly code?: unknown }).code;
    if (typeof code !== 'string') throw error;
    if (code === 'EEXIST') throw exists(output);
    throw new InputError(`output: ${JSON.stringify(output)} could not be written: ${code}`);
  }
};

/** The keys of `regression` that turn a row into the captured request again. */
const keysOf = ({ form, contentType, columns: names }: Chosen, output: string): object => ({
  dataset: output,
  request: {
    'content-type': contentType,
    input: form === 'csv' ? names : 'input',
    // Without it, a JSON text would be sent without its quotes.
    ...(form === 'json' ? { body: '$row' } : {}),
  },
});

const review =
  'the rows are real traffic and may hold personal data: review the file before you commit it, or before others can read it';

/** Ids with ground truth and no captured request: capture samples, and it does not keep all. */
const summaryOf = (chosen: Chosen, truth: GroundTruth, { output, seed, limit }: Inputs): object => ({
  output,
  rows: chosen.ids.size,
  usable: chosen.usable,
  records: chosen.records,
  'left-out': Object.fromEntries(chosen.leftOut),
  'ground-truth': { lines: truth.lines, ids: truth.labels.size, repeated: truth.repeated },
  labels: chosen.labels,
  answers: chosen.answers,
  seed,
  limit,
  regression: keysOf(chosen, output),
  warning: review,
});

const reportOf = (chosen: Chosen, truth: GroundTruth, files: number, { output, seed }: Inputs): string => {
  const { ids, usable, records, leftOut, labels, answers } = chosen;
  const sampled = ids.size < usable ? `, drawn from ${usable} with seed ${seed}` : '';
  return [
    `wrote ${counted(ids.size, 'golden row')} to ${output}${sampled}`,
    `  ${counted(records, 'captured record')} in ${counted(files, 'file')}, ${counted(truth.labels.size, 'id')} with ground truth; the labels are ${labels}`,
    ...[...leftOut].map(([reason, count]) => `  left out: ${counted(count, 'record')} ${reason}`),
    ...(truth.repeated > 0 ? [`  ${counted(truth.repeated, 'line')} of ground truth repeated a label`] : []),
    `warning: ${review}`,
    'these keys of `regression` make the captured requests of the rows again:',
    ...stringify(keysOf(chosen, output))
      .trimEnd()
      .split('\n')
      .map((line) => `  ${line}`),
    ...(answers.length > 0
      ? [`the answers were ${answers.join(', ')}: \`response\` says where the prediction is`]
      : []),
  ].join('\n');
};
