import { selecting } from '../../answers/selecting.ts';
import type { Expectation } from '../../manifest/smoke.ts';
import { quoted } from '../../secrets.ts';

/**
 * The difference between an answer and its expected form, as a predicate of the request: `got a number of 1.4 at $.score, not …`.
 * It quotes the manifest, and of the answer only numbers and types (rule 16).
 * @returns undefined for an answer as expected
 */
export const unexpectedIn = (
  body: string,
  contentType: string,
  expect: Expectation | undefined,
): string | undefined => {
  if (expect === undefined) return undefined;
  const { at, is } = expect;
  const wanted = wantedBy(expect);
  const select = selecting(body, contentType);
  if (typeof select === 'string') return `got an answer that cannot be read (${select}), and not ${wanted}`;
  const place = typeof at === 'number' ? `in column ${at}` : `at ${at}`;
  const found = select(at);
  if (found === undefined)
    return `got an answer in ${select.isText ? 'CSV' : 'JSON'} without one value ${place}, and not ${wanted}`;
  return holds(found, is, select.isText)
    ? undefined
    : `got ${kindOf(found, select.isText)} ${place}, and not ${wanted}`;
};

const wantedBy = ({ is }: Expectation): string => {
  if ('value' in is) return typeof is.value === 'string' ? quoted(is.value) : String(is.value);
  if ('between' in is) return `a number between ${is.between[0]} and ${is.between[1]}`;
  return named(is.type);
};

const named = (type: string): string => (type === 'text' ? 'text' : `a ${type}`);

const holds = (found: unknown, is: Expectation['is'], isText: boolean): boolean => {
  if ('value' in is) return isText ? isSameCell(String(found), is.value) : found === is.value;
  const number = numberOf(found, isText);
  if ('between' in is) return number !== undefined && number >= is.between[0] && number <= is.between[1];
  if (is.type === 'number') return number !== undefined;
  return typeOf(found) === is.type;
};

/** In CSV everything is text. */
const isSameCell = (cell: string, value: string | number | boolean): boolean =>
  typeof value === 'number' ? numberOf(cell, true) === value : cell === String(value);

const numberOf = (found: unknown, isText: boolean): number | undefined => {
  const number = isText && typeof found === 'string' && found.trim() !== '' ? Number(found) : found;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
};

const typeOf = (found: unknown): string => {
  if (found === null) return 'null';
  if (Array.isArray(found)) return 'list';
  if (typeof found === 'object') return 'mapping';
  return typeof found === 'string' ? 'text' : typeof found;
};

const kindOf = (found: unknown, isText: boolean): string => {
  const number = numberOf(found, isText);
  if (number !== undefined) return `the number ${number}`;
  if (found === null) return 'null';
  return typeof found === 'string' ? 'another text' : named(typeOf(found));
};
