import { TextDecoder } from 'node:util';
import { InputError } from '../../schema.ts';
import { jsonProblem } from '../../secrets.ts';
import { csvReader } from './csv.ts';
import { longestRow, type Row, type Take } from './row.ts';
import { pieceBytes, type Source } from './source.ts';

/**
 * Reads the rows of a source in their order. Of bytes, the first character decides between JSON Lines, one JSON array and CSV with a header,
 * and a name that ends with `.csv`. A line is that of the row's begin; of an array and of rows in memory, the row's place, which errors about rows in memory do not name.
 * @throws {InputError} `a.jsonl:12: not JSON: …`
 */
export const readRecords = async (source: Source, take: Take): Promise<void> => {
  if ('bytes' in source) return readBytes(source.name, source.bytes, recordReader(source.name, take));
  let place = 0;
  const takeNext = (row: object): void => take(row as Row, ++place, source.written ?? 'json');
  // Without a promise for each of a million rows.
  if (Symbol.iterator in source.rows) for (const row of source.rows) takeNext(row);
  else for await (const row of source.rows) takeNext(row);
};

/**
 * Reads JSON Lines, whatever their name; without a line there is no row.
 * @param example of a line, for the message about one that is no JSON object
 * @throws {InputError} as `readRecords`
 */
export const readJsonLines = (
  { name, bytes }: Extract<Source, { readonly bytes: unknown }>,
  example: string,
  take: Take,
): Promise<void> => readBytes(name, bytes, linesReader(name, take, example));

const readBytes = async (
  name: string,
  bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  feed: (text: string, last: boolean) => void,
): Promise<void> => {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let before = 0;
  for await (const all of bytes)
    for (let from = 0; from < all.length; from += pieceBytes) {
      const piece = all.subarray(from, from + pieceBytes);
      feed(decoded(decoder, piece, name, before), false);
      before += piece.length;
    }
  feed(decoded(decoder, new Uint8Array(0), name, before), true);
};

/** Takes text in pieces of any size. */
const recordReader = (name: string, take: Take): ((text: string, last: boolean) => void) => {
  let feed: ((text: string, last: boolean) => void) | undefined;
  let before = '';
  return (text, last) => {
    if (feed === undefined) {
      before += text;
      const [begin] = /\S/.exec(before) ?? [];
      if (begin === undefined && !last) return;
      feed = readerOf(begin, name, take);
      feed(before, last);
    } else feed(text, last);
  };
};

const readerOf = (begin: string | undefined, path: string, take: Take): ((text: string, last: boolean) => void) => {
  if (begin === undefined) throw new InputError(`${path}:1: there is no row; expected one JSON object per line`);
  if (isCsv(path)) return csvReader(path, take);
  if (begin === '[') return arrayReader(path, take);
  return begin === '{' ? linesReader(path, take) : csvReader(path, take);
};

/** Whether the bytes are one JSON array: as `readRecords` decides. */
export const isArray = async (name: string, bytes: AsyncIterable<Uint8Array>): Promise<boolean> => {
  if (isCsv(name)) return false;
  const decoder = new TextDecoder();
  for await (const block of bytes) {
    const [begin] = /\S/.exec(decoder.decode(block, { stream: true })) ?? [];
    if (begin !== undefined) return begin === '[';
  }
  return false;
};

const isCsv = (name: string): boolean => /\.csv$/i.test(name);

const longestArray = 256 * 1024 * 1024;

const decoded = (decoder: TextDecoder, bytes: Uint8Array, path: string, before: number): string => {
  try {
    return decoder.decode(bytes, { stream: bytes.length > 0 });
  } catch {
    const begin = Buffer.from(bytes.subarray(0, 4)).toString('latin1');
    const [, kind] = (before === 0 ? foreignBegins.find(([sign]) => begin.startsWith(sign)) : undefined) ?? [];
    throw new InputError(
      kind === undefined
        ? `${path}: not UTF-8 text, after byte ${before}`
        : `${path}: ${kind}; rows are JSON Lines, a JSON array or CSV with commas, in UTF-8`,
    );
  }
};

/** The first bytes of files that are often given for text. */
const foreignBegins = [
  ['\x1f\x8b', 'is packed by gzip'],
  ['PK\x03\x04', 'is a zip archive or a workbook'],
  ['PAR1', 'is a Parquet file'],
  ['\xff\xfe', 'is UTF-16 text'],
  ['\xfe\xff', 'is UTF-16 text'],
] as const;

const linesReader = (path: string, take: Take, example = usualExample): ((text: string, last: boolean) => void) => {
  let rest = '';
  let line = 0;
  const takeLine = (text: string): void => {
    line++;
    if (text.length > longestRow) throw tooLong(path, line);
    const value = text.trim() === '' ? undefined : objectOf(text, `${path}:${line}`, example);
    if (value !== undefined) take(value, line, 'json');
  };
  return (text, last) => {
    const all = rest === '' ? text : rest + text;
    let from = 0;
    for (let end = all.indexOf('\n'); end >= 0; end = all.indexOf('\n', from)) {
      takeLine(all.slice(from, end));
      from = end + 1;
    }
    rest = all.slice(from);
    if (rest.length > longestRow) throw tooLong(path, line + 1);
    if (last) takeLine(rest);
  };
};

const tooLong = (path: string, line: number): InputError =>
  new InputError(`${path}:${line}: the row has more than ${longestRow} characters`);

const usualExample = 'e.g. {"id":"a1","label":1,"prediction":1}';

/** @throws {InputError} */
const objectOf = (text: string, place: string, example: string): Row => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const [, number] = /[:[,]\s*(NaN|-?Infinity)\b/.exec(text) ?? [];
    throw new InputError(
      `${place}: ${number === undefined ? `${jsonProblem(error)}; expected one object per line, ${example}` : `${number} is no number of JSON; an unknown value is null, a model's error is {"id", "label", "error"}`}`,
    );
  }
  if (!isRow(value)) throw new InputError(`${place}: not a JSON object; expected ${example}`);
  return value;
};

const isRow = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value);

const arrayReader = (path: string, take: Take): ((text: string, last: boolean) => void) => {
  const pieces: string[] = [];
  let length = 0;
  return (text, last) => {
    pieces.push(text);
    length += text.length;
    if (length > longestArray)
      throw new InputError(`${path}: a JSON array of more than ${longestArray} characters; write one object per line`);
    if (!last) return;
    const rows: unknown = parsedArray(pieces.join(''), path);
    if (!Array.isArray(rows)) throw new InputError(`${path}: not a JSON array`);
    if (rows.length === 0) throw new InputError(`${path}:1: there is no row; the array is empty`);
    for (const [at, row] of rows.entries()) {
      if (!isRow(row)) throw new InputError(`${path}:${at + 1}: not a JSON object; expected ${usualExample}`);
      take(row, at + 1, 'json');
    }
  };
};

const parsedArray = (text: string, path: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    const [, number] = /[:[,]\s*(NaN|-?Infinity)\b/.exec(text) ?? [];
    throw new InputError(`${path}: ${number === undefined ? jsonProblem(error) : `${number} is no number of JSON`}`);
  }
};
