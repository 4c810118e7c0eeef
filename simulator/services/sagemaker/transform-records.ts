import type { Container } from '../../contracts.ts';
import { type JsonPath, NoSuchPart, select } from './json-path.ts';

/** How the files of a transform job become payloads, and answers become files (AWS: CreateTransformJob). */
export interface Recipe {
  readonly contentType: string;
  readonly accept: string | undefined;
  readonly byLine: boolean;
  readonly oneRecord: boolean;
  /** Undefined: no limit. */
  readonly largestBytes: number | undefined;
  readonly assembleLines: boolean;
  readonly join: boolean;
  readonly inputFilter: JsonPath;
  readonly outputFilter: JsonPath;
  readonly lastIncluded: boolean;
}

/** Why a file has no output: the caller's mistake, or the model's. */
export class FileFailed extends Error {
  readonly side: 'client' | 'algorithm';
  constructor(side: 'client' | 'algorithm', message: string) {
    super(message);
    this.side = side;
  }
}

export type Format = 'csv' | 'json' | 'jsonlines';
type Answer = Pick<ReturnType<Container['invoke']>, 'body' | 'contentType'>;

/** The formats of data processing; undefined for others. */
export const formatOf = (contentType: string): Format | undefined => {
  const type = (contentType.split(';')[0] ?? '').trim().toLowerCase();
  return ({ 'text/csv': 'csv', 'application/json': 'json', 'application/jsonlines': 'jsonlines' } as const)[type];
};

/** One row of a CSV file, its fields as they were written, quotes included (RFC 4180, without line breaks in a field). */
export const fieldsOf = (row: string): readonly string[] => {
  const fields: string[] = [];
  let field = '';
  let quoted = false;
  for (const letter of row) {
    if (letter === '"') quoted = !quoted;
    if (letter === ',' && !quoted) {
      fields.push(field);
      field = '';
    } else field += letter;
  }
  return [...fields, field];
};

const linesOf = (text: string): readonly string[] => {
  const lines = text.split(/\r?\n/);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
};

const wrong = (message: string): FileFailed => new FileFailed('client', message);

const parsed = (row: string, format: Format): unknown => {
  if (format === 'csv') return fieldsOf(row);
  try {
    return JSON.parse(row);
  } catch {
    throw wrong(`no JSON: ${row.slice(0, 80)}`);
  }
};

const written = (value: unknown, format: Format): string => {
  if (format !== 'csv') return JSON.stringify(value);
  return Array.isArray(value) ? value.join(',') : String(value);
};

const filtered = (path: JsonPath, value: unknown, lastIncluded: boolean): unknown => {
  try {
    return select(path, value, lastIncluded);
  } catch (error) {
    if (error instanceof NoSuchPart) throw wrong(error.message);
    throw error;
  }
};

const isProcessed = ({ join, inputFilter, outputFilter }: Recipe): boolean =>
  join || inputFilter.length > 0 || outputFilter.length > 0;

/** As many records as fit into one request, or one. */
const batched = (rows: readonly string[], { oneRecord, largestBytes = Number.POSITIVE_INFINITY }: Recipe) => {
  const batches: string[][] = [];
  let bytes = 0;
  for (const row of rows) {
    const size = Buffer.byteLength(row) + 1;
    const last = batches.at(-1);
    if (last === undefined || oneRecord || bytes + size > largestBytes) {
      batches.push([row]);
      bytes = size;
    } else {
      last.push(row);
      bytes += size;
    }
  }
  return batches;
};

interface Payload {
  /** The records as they stand in the file; those of a file that is not split are not looked at. */
  readonly rows: readonly string[];
  readonly body: Buffer;
}

/** @throws {FileFailed} */
export const payloadsOf = (file: Buffer, recipe: Recipe): readonly Payload[] => {
  const format = formatOf(recipe.contentType);
  const { inputFilter, lastIncluded, largestBytes = Number.POSITIVE_INFINITY } = recipe;
  const text = file.toString('utf8');
  const rows = recipe.byLine || format === 'jsonlines' ? linesOf(text) : [text];
  const sent = (row: string): string =>
    inputFilter.length === 0 || format === undefined
      ? row
      : written(filtered(inputFilter, parsed(row, format), lastIncluded), format);
  const batches = recipe.byLine ? batched(rows, recipe) : [rows];
  return batches.map((batch) => {
    const body = recipe.byLine || inputFilter.length > 0 ? Buffer.from(batch.map(sent).join('\n')) : file;
    if (body.length > largestBytes) throw wrong(`a payload of ${body.length} bytes is larger than MaxPayloadInMB`);
    return { rows: batch, body };
  });
};

const joined = (input: unknown, answer: unknown, format: Format): unknown => {
  if (format === 'csv') return [...(input as readonly string[]), ...(answer as readonly string[])];
  return typeof input === 'object' && input !== null && !Array.isArray(input)
    ? { ...input, SageMakerOutput: answer }
    : { SageMakerInput: input, SageMakerOutput: answer };
};

/** @throws {FileFailed} */
const processed = ({ rows }: Payload, { body, contentType }: Answer, recipe: Recipe): string => {
  const format = formatOf(contentType);
  if (format === undefined || format !== formatOf(recipe.contentType))
    throw wrong(`data processing needs one format for input and output, and the answer is ${contentType}`);
  const answers = format === 'json' ? [body.toString('utf8')] : linesOf(body.toString('utf8'));
  if (answers.length !== rows.length) throw wrong(`${answers.length} answers to ${rows.length} records`);
  return rows
    .map((row, index) => {
      const answer = parsed(answers[index] ?? '', format);
      const whole = recipe.join ? joined(parsed(row, format), answer, format) : answer;
      return written(filtered(recipe.outputFilter, whole, recipe.lastIncluded), format);
    })
    .join('\n');
};

/** The output of a file whose payloads have got these answers. @throws {FileFailed} */
export const assembled = (payloads: readonly Payload[], answers: readonly Answer[], recipe: Recipe): Buffer => {
  const parts = answers.flatMap((answer, index) => {
    const payload = payloads[index];
    if (payload === undefined) throw new RangeError('an answer without its payload');
    const part = isProcessed(recipe) ? Buffer.from(processed(payload, answer, recipe)) : answer.body;
    // Whether a line break is added to an answer that ends with one is [unconfirmed].
    return recipe.assembleLines && part.at(-1) !== lineBreak ? [part, Buffer.from('\n')] : [part];
  });
  return Buffer.concat(parts);
};

const lineBreak = 0x0a;
