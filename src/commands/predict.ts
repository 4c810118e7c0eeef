import { appendFileSync, closeSync, openSync, readFileSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { clockOf } from '../hosts/clock.ts';
import { readArguments } from '../hosts/command-line/arguments.ts';
import type { CommandLine, ExitCode } from '../hosts/command-line/command-line.ts';
import { folder } from '../inputs/folder.ts';
import { readInputs, type Written } from '../inputs/read-inputs.ts';
import { counted } from '../judge/amounts.ts';
import { isLoopback } from '../loopback.ts';
import { loadManifest, loadRegression } from '../manifest/load.ts';
import type { RegressionSpec } from '../manifest/regression.ts';
import { jsonText } from '../plain-text.ts';
import { columnsOfPolicy } from '../regression/scoring/columns-of-policy.ts';
import { printedLine } from '../report/result.ts';
import { durationField, type Field, file, flag, InputError, optional, text, type ValuesOf } from '../schema.ts';
import { checkGoldenSet } from '../scoring/check-golden-set.ts';
import { type GoldenRow, type GoldenSet, goldenSet } from '../scoring/golden-set.ts';
import { type Answer, withoutMark } from '../scoring/response.ts';
import { mostRowsBytes, type RowsFile, readLocalRows, rowsFile } from '../scoring/rows-file.ts';
import { quoted, redacted } from '../secrets.ts';
import { systemCode } from '../system-code.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { type Command, wrongRequest } from './command.ts';
import { predictions } from './predict/ask-model.ts';
import { NoPredictions } from './predict/no-predictions.ts';
import { invokeOwn } from './predict/own-model.ts';
import { whileServing } from './predict/serving-process.ts';

const wordsOf = (written: string, source: string): readonly string[] => {
  const refuse = (): never => {
    throw new InputError(
      `${source}: expected a JSON list of words, e.g. '["python", "serve.py"]'; or write the program behind -- at the end of the line`,
    );
  };
  let value: unknown;
  try {
    value = JSON.parse(written);
  } catch {
    return refuse();
  }
  if (!Array.isArray(value) || value.length === 0 || value[0] === '') return refuse();
  const words: readonly unknown[] = value;
  return words.every((word) => typeof word === 'string') ? words : refuse();
};

const address = (options: Pick<Field<URL>, 'description' | 'example'> & { readonly default?: string }): Field<URL> => ({
  kind: 'text',
  required: options.default === undefined,
  ...options,
  parse: (written, source) => {
    const url = URL.canParse(written) ? new URL(written) : undefined;
    if (url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return url;
    throw new InputError(
      `${source}: ${quoted(written)} is no address; expected e.g. http://127.0.0.1:8080/invocations, without a user and a password`,
    );
  },
});

const predictInputs = {
  policy: optional(
    file({
      mostBytes: 256 * 1024,
      description: "The manifest's `regression` section, in a file of its own, as `compare` reads it.",
      example: 'regression.yml',
      parse: loadRegression,
    }),
  ),
  manifest: optional(
    file({
      mostBytes: 256 * 1024,
      description: 'The manifest, whose `regression` says how a row becomes a request. Instead of `policy`.',
      example: 'delivery.yml',
      parse: loadManifest,
    }),
  ),
  dataset: optional(
    text({
      description: 'The golden rows, a file on this machine. Default: `dataset` of the policy.',
      example: 'golden/churn.jsonl',
    }),
  ),
  url: address({
    description: 'Where the model answers to POST.',
    default: 'http://127.0.0.1:8080/invocations',
  }),
  ready: optional(
    address({
      description:
        'Wait until a GET of this address answers with 200. Default with `serve`: `/ping` of the address of `url`.',
      example: 'http://127.0.0.1:8080/ping',
    }),
  ),
  serve: optional<readonly string[]>({
    kind: 'text',
    required: true,
    description:
      'Your serving process, as a JSON list of words; or write it behind `--`. It is started without a shell, and ended with all that it started.',
    example: '["python", "serve.py"]',
    parse: wordsOf,
  }),
  startTimeout: durationField({ description: 'Longest time until the model is ready.', default: '5m' }),
  concurrency: optional<number>({
    kind: 'integer',
    required: true,
    description: 'Requests at a time. Default: `concurrency` of the policy.',
    example: '4',
    parse: (written, source) => {
      const value = /^\d{1,2}$/.test(written) ? Number(written) : 0;
      if (value >= 1 && value <= 64) return value;
      throw new InputError(`${source}: ${quoted(written)} is no number of requests; expected 1 to 64`);
    },
  }),
  output: text({ description: 'Write the predictions to this file, as JSON Lines.', example: 'candidate.jsonl' }),
  allowRemote: flag({
    description: 'Send the golden rows also to an address that is not on this machine.',
    default: false,
  }),
  json: flag({ description: 'Print JSON: counts, no row.', default: false }),
};
type Inputs = ValuesOf<typeof predictInputs>;

export const predict: Command = {
  does: 'Lets a model that serves on this machine answer the golden rows, and writes the file of predictions that `compare` reads; needs no AWS.',
  program: '<program> <argument>…',
  options: predictInputs,
  notes: [
    'The model serves as a container of SageMaker does: `POST /invocations` answers a request, `GET /ping` answers with 200 when the model is ready. Requests and answers are those of `regression-test`: `request` and `response` of the policy.',
    'Each row is asked once. An answer with another status than 2xx, one after 60 seconds and one without a prediction are errors of the model, and stand in the file. A lost connection is tried three times; then the row is not in the file, and counts as missing.',
    'The predictions have the ids of the rows; where the policy names no `dataset` on this machine also label, weight and the columns of slices.',
  ],
  examples: [
    {
      line: 'predict --policy regression.yml --output candidate.jsonl -- python serve.py --model new',
      does: 'Starts the model, asks it, and ends it.',
    },
    {
      line: 'predict --policy regression.yml --url http://127.0.0.1:9000/invocations --output baseline.jsonl',
      does: 'Asks a model that runs already, in a container for instance.',
    },
  ],
  exits: {
    0: 'the predictions were written',
    1: 'the model could not be asked; or more rows have no answer than `missing` of the policy tolerates',
    2: wrongRequest,
  },
  run: (args, host) => runPredict(args, host()),
};

const runPredict = async (args: readonly string[], host: CommandLine): Promise<ExitCode> => {
  const { terminal } = host;
  let written: Written = () => undefined;
  try {
    const [own, behind] = split(args);
    written = readArguments(predictInputs, own);
    const inputs = readInputs(predictInputs, written);
    const found = await predicted(inputs, behind, host);
    terminal.out(inputs.json ? jsonText(found, 2) : redacted(textOf(found)));
    const lost = inputs.json ? await terminal.outFault?.() : undefined;
    if (lost !== undefined) terminal.err(`predict: the JSON could not be written to standard output: ${lost.message}`);
    return lost === undefined && found.tolerated ? 0 : 1;
  } catch (error) {
    const isCancelled = host.cancellation.signal.aborted;
    if (!isCancelled && !(error instanceof InputError) && !(error instanceof NoPredictions)) throw error;
    const because = isCancelled ? 'cancelled; nothing was written' : redacted((error as Error).message);
    if (/^true$/i.test(written('json') ?? '')) terminal.out(jsonText({ error: { because } }, 2));
    terminal.err(`predict: ${because}`);
    return error instanceof InputError ? 2 : 1;
  }
};

/** The options, and the serving process behind `--`. */
const split = (args: readonly string[]): readonly [readonly string[], readonly string[] | undefined] => {
  const at = args.indexOf('--');
  return at < 0 ? [args, undefined] : [args.slice(0, at), args.slice(at + 1)];
};

interface Found {
  readonly output: string;
  readonly rows: number;
  /** Rows that the model answered with an error. */
  readonly errors: number;
  readonly missing: number;
  /** The policy tolerates so many rows without an answer. */
  readonly tolerated: boolean;
}

const textOf = ({ output, rows, errors, missing, tolerated }: Found): string =>
  [
    `wrote ${counted(rows - missing, 'prediction')} to ${output}`,
    ...(errors > 0 ? [`  ${counted(errors, 'row')} answered with an error, which counts as wrong`] : []),
    ...(missing > 0
      ? [
          `  ${counted(missing, 'row')} without an answer${tolerated ? '' : ': more than `missing` of the policy tolerates'}`,
        ]
      : []),
  ].join('\n');

const predicted = async (inputs: Inputs, behind: readonly string[] | undefined, host: CommandLine): Promise<Found> => {
  const {
    env,
    terminal,
    cancellation: { signal },
  } = host;
  const { url, output, ready } = inputs;
  const argv = argvOf(inputs, behind);
  refuseRemote(inputs);
  const regression = policyOf(inputs);
  const { file: dataset, isOfPolicy } = await readDataset(inputs, regression);
  await checkGoldenSet(regression, dataset);
  const golden = await goldenSet(dataset, regression);
  if (resolve(output) === resolve(dataset.name))
    throw new InputError(`output: ${JSON.stringify(output)} is the golden set; name another file`);
  const clock = await clockOf(host);
  const say = (line: string): void => terminal.err(redacted(printedLine(line)));
  const served = { argv, startSeconds: inputs.startTimeout, env, clock, signal, say };
  const answers = await whileServing(
    { ...served, ready: ready ?? (argv === undefined ? undefined : new URL('/ping', url)) },
    (usable) =>
      predictions({
        ...{ regression, golden, name: String(url) },
        concurrency: inputs.concurrency ?? regression.asking.concurrency,
        invoke: invokeOwn({ url, clock, signal: usable }),
        onProgress: (answered) => terminal.err(`answered: ${answered} of ${counted(golden.size, 'row')}`),
      }),
  );
  await write(output, linesOf(golden, answers, isOfPolicy ? undefined : columnsOfPolicy(regression)));
  const missing = answers.filter((answer) => answer === null).length;
  return {
    output,
    rows: golden.size,
    errors: answers.filter((answer) => answer !== null && 'error' in answer).length,
    missing,
    tolerated: missing <= regression.missing * golden.size,
  };
};

const argvOf = ({ serve }: Inputs, behind: readonly string[] | undefined): readonly string[] | undefined => {
  if (behind === undefined) return serve;
  if (serve !== undefined) throw new InputError('serve: is given twice, as --serve and behind --');
  if (behind[0] === undefined || behind[0] === '') throw new InputError('serve: no program stands behind --');
  return behind;
};

/** Golden rows may be personal data, and a wrong host would get them. */
const refuseRemote = ({ url, ready, allowRemote }: Inputs): void => {
  if (allowRemote) return;
  for (const [name, one] of Object.entries(withoutUndefined({ url, ready })))
    if (!isLoopback(one.hostname) && !one.hostname.endsWith('.localhost'))
      throw new InputError(
        `${name}: ${one.host} is not this machine, and would get the golden rows; add --allow-remote if it is yours`,
      );
};

const policyOf = ({ policy, manifest }: Inputs): RegressionSpec => {
  if ((policy === undefined) === (manifest === undefined))
    throw new InputError('policy: give either --policy or --manifest');
  const regression = policy ?? manifest?.regression;
  if (regression === undefined) throw new InputError('manifest: has no `regression:`');
  if (regression.asking.request === undefined)
    throw new InputError('regression.request: is missing; it says how a golden row becomes a request');
  return regression;
};

/** `isOfPolicy`: `compare` reads the same rows, by the same policy. */
const readDataset = async (
  { dataset }: Inputs,
  regression: RegressionSpec,
): Promise<{ readonly file: RowsFile; readonly isOfPolicy: boolean }> => {
  const name = dataset ?? regression.dataset;
  if (name === undefined) throw new InputError('dataset: is missing, and the policy names none');
  if (name.startsWith('s3://'))
    throw new InputError(
      `dataset: ${name} is in S3; this command uses no AWS: copy the file here (aws s3 cp), and name it with --dataset`,
    );
  try {
    const found = statSync(name);
    if (found.size > mostRowsBytes)
      throw new InputError(
        `dataset: ${JSON.stringify(name)} is larger than ${mostRowsBytes / 1024 ** 3} GB, the largest set that is read`,
      );
    return {
      // A pipe is read once.
      file: found.isFile() ? await ownFile(name) : rowsFile(name, readFileSync(name)),
      isOfPolicy: dataset === undefined || dataset === regression.dataset,
    };
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`dataset: cannot read ${JSON.stringify(name)}: ${systemCode(error)}`);
  }
};

/** A file of this machine may be anywhere. */
const ownFile = async (name: string): Promise<RowsFile> => {
  const place = realpathSync(name);
  return { ...(await readLocalRows(folder(dirname(place)), place, 'dataset')), name };
};

/** @param columns that a row has beside its answer; undefined: only its id, since the golden set is known to `compare` */
const linesOf = async function* (
  golden: GoldenSet,
  answers: readonly (Answer | null)[],
  columns: ReadonlySet<string> | undefined,
): AsyncGenerator<string> {
  let at = 0;
  for await (const { id, row } of rowsOf(golden)) {
    const answer = answers[at++] ?? null;
    if (answer === null) continue;
    const kept =
      columns === undefined ? [] : ['label', 'weight', ...columns].filter((name) => Object.hasOwn(row, name));
    yield `${JSON.stringify({ id, ...Object.fromEntries(kept.map((name) => [name, row[name]])), ...withoutMark(answer) })}\n`;
  }
};

const rowsOf = async function* (golden: GoldenSet): AsyncGenerator<GoldenRow, void> {
  for await (const rows of golden.batches()) yield* rows;
};

/** A file that is not whole is never under its name. @throws {NoPredictions} */
const write = async (output: string, lines: AsyncIterable<string>): Promise<void> => {
  const made = `${output}.${process.pid}.tmp`;
  try {
    const open = openSync(made, 'wx', 0o600);
    try {
      // `writeSync` may write a part of the line.
      for await (const line of lines) appendFileSync(open, line);
    } finally {
      closeSync(open);
    }
    renameSync(made, output);
  } catch (error) {
    rmSync(made, { force: true });
    // The golden set changed while its rows were sent.
    if (error instanceof InputError) throw error;
    throw new NoPredictions(`output: ${JSON.stringify(output)} could not be written: ${systemCode(error)}`);
  }
};
