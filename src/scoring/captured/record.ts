import { createHash } from 'node:crypto';
import { TextDecoder } from 'node:util';
import { isJson } from '../../manifest/regression-asking.ts';
import type { Cells } from '../../regression/scoring/csv.ts';
import type { Row } from '../../regression/scoring/row.ts';
import { InputError } from '../../schema.ts';
import { linesOf } from './cells.ts';

/** Why a request cannot be a golden row. */
export type Unusable = 'no-input' | 'several-records' | 'unreadable';

/** The body of a request. `text`: neither CSV nor JSON; it is sent as it is. */
export type Body =
  | { readonly is: 'csv'; readonly cells: Cells }
  | { readonly is: 'json'; readonly value: unknown }
  | { readonly is: 'text'; readonly text: string };

/** One captured request. */
export interface Captured {
  readonly id: string;
  /** Whether the record has the model's answer. */
  readonly answered: boolean;
  /** Content type of the answer, without parameters. */
  readonly answer?: string;
  /** The body, its content type and a digest of both; or the reason why there is none. */
  readonly request: Unusable | { readonly body: Body; readonly contentType: string; readonly digest: string };
}

export const captureExample = 'a record of data capture, {"captureData":{…},"eventMetadata":{"eventId":"…"}}';

/**
 * A line of data capture (reference/sagemaker.md §7.7, AWS: "Capture data from real-time endpoint").
 * @throws {InputError} when it is none
 */
export const capturedOf = (line: Row, place: string): Captured => {
  const { captureData: data, eventMetadata: event } = line;
  if (!isMapping(data)) throw new InputError(`${place}: has no captureData; expected ${captureExample}`);
  const id = idOf(event);
  if (id === undefined)
    throw new InputError(`${place}: has neither an inferenceId nor an eventId; expected ${captureExample}`);
  const { endpointInput: input, endpointOutput: output } = data;
  const answer = isMapping(output) ? baseType(output['observedContentType']) : undefined;
  return {
    id,
    answered: isMapping(output) && typeof output['data'] === 'string',
    ...(answer === undefined ? {} : { answer }),
    request: isMapping(input) ? requestOf(input) : 'no-input',
  };
};

/** The caller's id, by which ground truth is joined; without one, that of the event. */
const idOf = (event: unknown): string | undefined => {
  if (!isMapping(event)) return undefined;
  return [event['inferenceId'], event['eventId']].find((id): id is string => typeof id === 'string' && id !== '');
};

const requestOf = ({ data, encoding, observedContentType }: Row): Captured['request'] => {
  if (typeof data !== 'string') return 'no-input';
  const text = encoding === 'BASE64' ? decoded(data) : encoding === 'CSV' || encoding === 'JSON' ? data : undefined;
  const contentType = baseType(observedContentType) ?? usualTypes[String(encoding)];
  if (text === undefined || contentType === undefined) return 'unreadable';
  const body = bodyOf(text, contentType);
  if (typeof body === 'string') return body;
  const digest = createHash('sha256').update(`${contentType}\n${text.trimEnd()}`).digest('base64');
  return { body, contentType, digest };
};

const usualTypes: Readonly<Record<string, string>> = { CSV: 'text/csv', JSON: 'application/json' };

/** `text/csv` of `text/csv; charset=utf-8`. */
const baseType = (written: unknown): string | undefined => {
  const [, base] = /^\s*([a-z0-9-]+\/[a-z0-9.-]+)\s*(?:;|$)/i.exec(String(written ?? '')) ?? [];
  return base?.toLowerCase();
};

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** @returns undefined for bytes that are no text: a picture is no column of a row */
const decoded = (base64: string): string | undefined => {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64) || base64.length % 4 !== 0) return undefined;
  try {
    return utf8.decode(Buffer.from(base64, 'base64'));
  } catch {
    return undefined;
  }
};

const bodyOf = (text: string, contentType: string): Body | Unusable => {
  if (text.trim() === '') return 'no-input';
  if (contentType === 'text/csv') return csvOf(text);
  if (isJson(contentType)) return jsonOf(text);
  return { is: 'text', text };
};

const csvOf = (text: string): Body | Unusable => {
  const lines = linesOf(text);
  if (lines === undefined) return 'unreadable';
  const [cells, ...others] = lines;
  if (others.length > 0) return 'several-records';
  return cells === undefined ? 'no-input' : { is: 'csv', cells };
};

const jsonOf = (text: string): Body | Unusable => {
  try {
    const value: unknown = JSON.parse(text);
    return losesDigits(text) ? 'unreadable' : { is: 'json', value };
  } catch {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    return lines.length > 1 && lines.every(isJsonText) ? 'several-records' : 'unreadable';
  }
};

const isJsonText = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** An integer beyond 2^53 would become another one in the golden row, and the model would get that one. */
const losesDigits = (json: string): boolean =>
  json
    .replace(/"(?:[^"\\]|\\.)*"/gs, '')
    .split(/[^\d.eE+-]+/)
    .some((number) => /^-?\d{16,}$/.test(number) && !Number.isSafeInteger(Number(number)));

export const isMapping = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
