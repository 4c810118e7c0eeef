import { readFileSync } from 'node:fs';
import { AwsError } from './contracts.ts';

/**
 * Refuses the requests that AWS refuses, before any service logic sees them. tools/generate-constraints.py generates the tables
 * from AWS's service models; messages have the words of AWS's own validator.
 */
export interface Shape {
  readonly type: string;
  readonly enum?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly required?: readonly string[];
  readonly members?: Readonly<Record<string, string>>;
  readonly member?: string;
  readonly key?: string;
  readonly value?: string;
}
export interface Tables {
  readonly source: string;
  readonly operations: Readonly<
    Record<
      string,
      { readonly input?: string; readonly output?: string; readonly resultWrapper?: string; readonly http?: Binding }
    >
  >;
  readonly shapes: Readonly<Record<string, Shape>>;
  /** Operations that AWS has and the simulator has not; of REST services with method and path. */
  readonly unserved: Readonly<Record<string, string>>;
}

/** Of an operation of a REST service. */
export interface Binding {
  readonly method: string;
  /** With the members that it holds: `/functions/{FunctionName}`. */
  readonly path: string;
  /** Of an answer. */
  readonly status: number;
  /** By the name in the query. */
  readonly query: Readonly<Record<string, { readonly member: string; readonly type: string }>>;
  /** Members by their headers, in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The member that is the whole body. */
  readonly payload?: string;
}

export const loadTables = (service: string): Tables =>
  JSON.parse(readFileSync(new URL(`./constraints/${service}.generated.json`, import.meta.url), 'utf8'));

export const shapeOf = (tables: Tables, name: string): Shape => {
  const shape = tables.shapes[name];
  if (shape === undefined) throw new Error(`the constraint tables have no shape ${name}`);
  return shape;
};

/** Each service's code for a constraint violation. */
const refusalCodes: Readonly<Record<string, string>> = {
  cloudwatch: 'ValidationError',
  iam: 'ValidationError',
  sts: 'ValidationError',
  'sagemaker-runtime': 'ValidationError',
  ecr: 'InvalidParameterException',
};

/** What AWS makes of a request's bytes: typed, though not yet allowed or complete. */
export interface Deserialized {
  /** Without the members that AWS does not know, and without nulls; blobs decoded, timestamps as epoch seconds. */
  readonly input: Record<string, unknown>;
  /** The service's validation error, which counts and lists every violated constraint. */
  readonly violation: AwsError | undefined;
}

/** @throws AwsError SerializationException for a wrong JSON type (the first one) */
export const deserialize = (
  service: string,
  tables: Tables,
  operation: string,
  input: Readonly<Record<string, unknown>>,
): Deserialized => {
  const name = tables.operations[operation]?.input;
  if (name === undefined) return { input: {}, violation: undefined };
  const found: string[] = [];
  const clean = check({ tables, found }, shapeOf(tables, name), input, '') as Record<string, unknown>;
  if (found.length === 0) return { input: clean, violation: undefined };
  const counted = `${found.length} validation error${found.length === 1 ? '' : 's'} detected`;
  const violation = new AwsError(refusalCodes[service] ?? 'ValidationException', `${counted}: ${found.join('; ')}`);
  return { input: clean, violation };
};

/** As `deserialize`. @throws AwsError the violation too */
export const validate = (...parameters: Parameters<typeof deserialize>): Record<string, unknown> => {
  const { input, violation } = deserialize(...parameters);
  if (violation !== undefined) throw violation;
  return input;
};

interface Run {
  readonly tables: Tables;
  readonly found: string[];
}

const check = (run: Run, shape: Shape, value: unknown, path: string): unknown => {
  switch (shape.type) {
    case 'structure':
      return checkStructure(run, shape, value, path);
    case 'list': {
      if (!Array.isArray(value)) throw mistyped(value, 'a List');
      checkSize(run, shape, value.length, value, path, 'length');
      const item = shapeOf(run.tables, shape.member ?? '');
      return value.map((element, i) => check(run, item, element, `${path}.${i + 1}.member`));
    }
    case 'map': {
      if (!isRecord(value)) throw mistyped(value, 'a Map');
      const entries = Object.entries(value).filter(([, element]) => element !== null && element !== undefined);
      checkSize(run, shape, entries.length, value, path, 'length');
      const [keys, values] = [shapeOf(run.tables, shape.key ?? ''), shapeOf(run.tables, shape.value ?? '')];
      return Object.fromEntries(
        entries.map(([key, element]) => [
          check(run, keys, key, `${path}.${key}.key`),
          check(run, values, element, `${path}.${key}.member`),
        ]),
      );
    }
    case 'string':
      if (typeof value !== 'string') throw mistyped(value, 'a String');
      checkString(run, shape, value, path);
      return value;
    case 'boolean':
      if (typeof value !== 'boolean') throw mistyped(value, 'a Boolean');
      return value;
    case 'blob':
      if (Buffer.isBuffer(value)) return value;
      if (value instanceof Uint8Array) return Buffer.from(value);
      if (typeof value !== 'string') throw mistyped(value, 'a Blob');
      return Buffer.from(value, 'base64');
    case 'timestamp': {
      const seconds = value instanceof Date ? value.getTime() / 1000 : value;
      if (typeof seconds !== 'number') throw mistyped(value, 'a Timestamp');
      return seconds;
    }
    case 'integer':
    case 'long':
      if (typeof value !== 'number' || !Number.isInteger(value)) throw mistyped(value, 'an Integer');
      checkSize(run, shape, value, value, path, 'value');
      return value;
    default:
      if (typeof value !== 'number') throw mistyped(value, 'a Double');
      checkSize(run, shape, value, value, path, 'value');
      return value;
  }
};

const checkStructure = (run: Run, shape: Shape, value: unknown, path: string): Record<string, unknown> => {
  if (!isRecord(value)) throw mistyped(value, 'a Structure');
  const clean: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(shape.members ?? {})) {
    const element = Object.hasOwn(value, name) ? value[name] : undefined;
    const at = path === '' ? lowerFirst(name) : `${path}.${lowerFirst(name)}`;
    if (element !== undefined && element !== null) clean[name] = check(run, shapeOf(run.tables, member), element, at);
    else if (shape.required?.includes(name) === true) refuse(run, null, at, 'must not be null');
  }
  return clean;
};

const checkString = (run: Run, shape: Shape, value: string, path: string): void => {
  checkSize(run, shape, [...value].length, value, path, 'length');
  if (shape.pattern !== undefined && !patternOf(shape.pattern).test(value)) {
    refuse(run, value, path, `must satisfy regular expression pattern: ${shape.pattern}`);
  }
  if (shape.enum?.includes(value) === false)
    refuse(run, value, path, `must satisfy enum value set: [${shape.enum.join(', ')}]`);
};

const checkSize = (
  run: Run,
  shape: Shape,
  size: number,
  value: unknown,
  path: string,
  what: 'length' | 'value',
): void => {
  const limit = (comparison: string, bound: number) =>
    refuse(run, value, path, `must have ${what} ${comparison} than or equal to ${bound}`);
  if (shape.min !== undefined && size < shape.min) limit('greater', shape.min);
  if (shape.max !== undefined && size > shape.max) limit('less', shape.max);
};

const refuse = (run: Run, value: unknown, path: string, constraint: string): void => {
  const shown = value === null ? 'null' : `'${typeof value === 'string' ? value : JSON.stringify(value)}'`;
  run.found.push(`Value ${shown} at '${path}' failed to satisfy constraint: Member ${constraint}`);
};

/** AWS's deserialiser stops at the first member of a wrong type, before any constraint is looked at. */
const mistyped = (value: unknown, wanted: string): AwsError => {
  if (Array.isArray(value) || isRecord(value)) {
    return new AwsError('SerializationException', 'Start of structure or map found where not expected.');
  }
  const kind = { string: 'STRING_VALUE', number: 'NUMBER_VALUE', boolean: 'TRUE_VALUE' }[typeof value as string];
  const shown = value === false ? 'FALSE_VALUE' : (kind ?? 'NULL_VALUE');
  return new AwsError('SerializationException', `${shown} can not be converted to ${wanted}`);
};

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);

const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

const patterns = new Map<string, RegExp>();

/** AWS's patterns are Java's, and the whole value must match. */
export const patternOf = (java: string): RegExp => {
  const known = patterns.get(java);
  if (known !== undefined) return known;
  const posix: Readonly<Record<string, string>> = { Print: '\\x20-\\x7e', Alnum: 'A-Za-z0-9' };
  const source = java
    .replaceAll('\\A', '^')
    .replaceAll('\\z', '$')
    // A quantified `$` (SageMaker's CustomerMetadataKey) still means only the end.
    .replace(/\$\{\d+,\d+\}/g, '$')
    .replace(/\[(?:\\.|[^\]\\])*\]|\\p\{(?:Print|Alnum)\}/g, (token) =>
      token.startsWith('[')
        ? token.replace(/\\p\{(Print|Alnum)\}/g, (_, name: string) => posix[name] ?? '')
        : `[${posix[token.slice(3, -1)]}]`,
    );
  const compiled = new RegExp(`^(?:${source})$`, 'u');
  patterns.set(java, compiled);
  return compiled;
};
