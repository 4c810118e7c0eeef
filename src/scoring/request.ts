import { isPath, oneValue } from '../answers/selector.ts';
import type { RequestForm } from '../manifest/asking.ts';
import { numberOf } from './captured/cells.ts';

/** A golden row as its file has it; of CSV every value is text. */
export type GoldenRow = Readonly<Record<string, unknown>>;

/** Why a row makes no request, as a clause about the row. */
export class RequestProblem extends Error {
  override readonly name = 'RequestProblem';
}

/**
 * The body of the request for a row.
 * @param numbers columns of CSV that are numbers in JSON: a line of CSV has them as the file writes them
 * @throws {RequestProblem}
 */
export const bodyOf = (
  written: GoldenRow,
  { input, body, contentType }: RequestForm,
  numbers?: ReadonlySet<string>,
): Buffer => {
  const row = body === undefined || numbers === undefined ? written : withNumbers(written, numbers);
  const value = typeof input === 'string' ? selected(row, input) : input.map((column) => selected(row, column));
  if (body !== undefined) return Buffer.from(JSON.stringify(withRow(body, value)) + lineEnd(contentType));
  if (Array.isArray(value) && typeof input !== 'string') return Buffer.from(`${value.map(cell).join(',')}\n`);
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value) + lineEnd(contentType));
};

const withNumbers = (row: GoldenRow, numbers: ReadonlySet<string>): GoldenRow =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      numbers.has(name) && typeof value === 'string' ? (numberOf(value) ?? value) : value,
    ]),
  );

const lineEnd = (contentType: string): string => (contentType === 'application/jsonlines' ? '\n' : '');

/** A column of this name comes before a JSONPath, so that `$price` may be a column. @throws {RequestProblem} */
export const selected = (row: GoldenRow, selector: string): unknown => {
  if (Object.hasOwn(row, selector)) return row[selector];
  if (!isPath(selector))
    throw new RequestProblem(`has no column ${JSON.stringify(selector)}, which request.input names`);
  const value = oneValue(row, selector);
  if (value === undefined) throw new RequestProblem(`has no one value at ${selector}, which request.input names`);
  return value;
};

/** Of CSV; an absent value is an empty cell. */
const cell = (value: unknown): string => {
  if (value === null) return '';
  if (typeof value === 'object')
    throw new RequestProblem('has a list or a mapping where request.input needs a CSV cell');
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

const withRow = (body: unknown, value: unknown): unknown => {
  if (body === '$row') return value;
  if (Array.isArray(body)) return body.map((item) => withRow(item, value));
  if (typeof body !== 'object' || body === null) return body;
  return Object.fromEntries(Object.entries(body).map(([key, member]) => [key, withRow(member, value)]));
};
