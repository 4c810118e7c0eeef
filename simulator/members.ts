import { readFileSync } from 'node:fs';
import { notSimulated } from './not-simulated.ts';
import { decodeChunks } from './protocols/aws-chunked.ts';
import { textsOf } from './protocols/xml.ts';
import { algorithms } from './services/s3-checksums.ts';
import { isRecord, type Shape, shapeOf, type Tables } from './validation.ts';
import type { WireRequest } from './wire.ts';

/**
 * The members of each operation's input that have an effect here, `Containers.Image`; of S3 by their names alone. Recorded, not written:
 * `npm run record:members` watches the operations read their inputs while the tests run.
 */
export type Honoured = Readonly<Record<string, readonly string[]>>;

export const loadHonoured = (): Honoured =>
  JSON.parse(readFileSync(new URL('./constraints/honoured.generated.json', import.meta.url), 'utf8'));

/** Of one operation, each member of AWS's model with its path; below a member that is not honoured none. */
export const membersOf = (
  tables: Tables,
  operation: string,
  isHonoured: (path: string) => boolean,
): readonly string[] => {
  const below = (name: string, path: string, around: readonly string[]): readonly string[] => {
    const shape = shapeOf(tables, name);
    const inner = shape.member ?? shape.value;
    if (inner !== undefined) return below(inner, path, around);
    if (around.includes(name)) return [];
    return Object.entries(shape.members ?? {}).flatMap(([member, type]) => {
      const at = path === '' ? member : `${path}.${member}`;
      return [at, ...(isHonoured(at) ? below(type, at, [...around, name]) : [])];
    });
  };
  const input = tables.operations[operation]?.input;
  return input === undefined ? [] : below(input, '', []);
};

/**
 * @param input validated
 * @throws AwsError NotSimulated that names each member without an effect here
 */
export const refuseUnserved = (
  honoured: Honoured,
  call: { readonly service: string; readonly operation: string; readonly tables: Tables },
  input: Readonly<Record<string, unknown>>,
): void => {
  const { service, operation, tables } = call;
  const known = new Set(honoured[`${service} ${operation}`]);
  const found = new Set<string>();
  const look = (shape: Shape, value: unknown, path: string): void => {
    if (shape.member !== undefined && Array.isArray(value))
      for (const item of value) look(shapeOf(tables, shape.member), item, path);
    if (!isRecord(value)) return;
    if (shape.value !== undefined)
      for (const item of Object.values(value)) look(shapeOf(tables, shape.value), item, path);
    for (const [member, type] of Object.entries(shape.members ?? {})) {
      if (!Object.hasOwn(value, member) || value[member] === undefined) continue;
      const at = path === '' ? member : `${path}.${member}`;
      if (known.has(at)) look(shapeOf(tables, type), value[member], at);
      else found.add(at);
    }
  };
  const name = tables.operations[operation]?.input;
  if (name !== undefined) look(shapeOf(tables, name), input, '');
  if (found.size > 0 && !servesAll) throw notSimulated(`${service} ${operation}, ${named('member', [...found])}`);
};

/** While the honoured members are recorded, every member reaches its operation. */
const servesAll = process.env['SIMULATOR_SERVES_ALL'] !== undefined;

const named = (what: string, names: readonly string[]): string =>
  `${what}${names.length > 1 ? 's' : ''} ${names.join(', ')}`;

/** Of S3's model: where the members of an operation travel. */
export interface S3Operation {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** Members that are numbers. */
  readonly numbers?: readonly string[];
  /** Headers and parameters without which it is another operation. */
  readonly required?: readonly string[];
  /** In the document that is the body, at any depth. */
  readonly elements?: readonly string[];
}
export type S3Operations = Readonly<Record<string, S3Operation>>;

/** All operations of S3, served or not. */
export const loadS3Operations = (): S3Operations =>
  JSON.parse(readFileSync(new URL('./constraints/s3.generated.json', import.meta.url), 'utf8')).operations;

/** @throws AwsError NotSimulated that names each header, query parameter and element of S3's model without an effect here */
export const refuseUnservedS3 = (
  honoured: Honoured,
  { operation, tables }: { readonly operation: string; readonly tables: S3Operations },
  request: WireRequest,
): void => {
  const { headers, query } = request;
  const bound = tables[operation];
  if (bound === undefined) return;
  const known = new Set([...(honoured[`s3 ${operation}`] ?? []), ...ofTransport]);
  const unserved = (places: Readonly<Record<string, string>>, isGiven: (name: string) => boolean): readonly string[] =>
    Object.entries(places).flatMap(([name, member]) => (isGiven(name) && !known.has(member) ? name : []));
  const trailers = (headers['x-amz-trailer'] ?? '').split(',').map((name) => name.trim().toLowerCase());
  const isSent = (name: string): boolean =>
    (headers[name] !== undefined || trailers.includes(name)) && !ofBody.has(name) && headers[name] !== 'aws-chunked';
  const texts = bound.elements === undefined ? {} : documentOf(request);
  const unservedElements = Object.entries(texts).flatMap(([name, text]) =>
    text !== '' && bound.elements?.includes(name) && !known.has(name) && !ofDocument.has(name) ? name : [],
  );
  const refused = [
    ['header', unserved(bound.headers, isSent)] as const,
    ['query parameter', unserved(bound.query, (name) => query.has(name))] as const,
    ['element', unservedElements] as const,
  ].flatMap(([what, names]) => (names.length > 0 ? named(what, names) : []));
  if (refused.length > 0 && !servesAll) throw notSimulated(`s3 ${operation}, ${refused.join(', ')}`);
};

/** Words about a body, which it is compared with: the SDKs' own beside the other headers, and its digest. */
const ofBody: ReadonlySet<string> = new Set(['x-amz-sdk-checksum-algorithm', 'content-md5']);

/** Of a document: the checksums of parts, which each are compared, and the form of the answer. */
const ofDocument: ReadonlySet<string> = new Set([...algorithms.map((name) => `Checksum${name}`), 'Quiet']);

const documentOf = (request: WireRequest): Readonly<Record<string, string>> => {
  const { body } = decodeChunks(request);
  return body.length === 0 ? {} : textsOf(body.toString('utf8'));
};

/** Of the HTTP connection: they are true of every request. */
export const ofTransport: readonly string[] = ['ContentLength'];
