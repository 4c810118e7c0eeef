import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';

/**
 * GitHub's OpenAPI description of the calls in use, cut by `tools/cut-github-openapi.ts`: which requests it takes, and what its answers
 * look like. The fake GitHub has no opinion of its own on either.
 */

export type Schema = Readonly<Record<string, unknown>>;

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required: boolean;
  readonly schema: Schema;
}

interface Described {
  readonly operationId: string;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: Schema;
  /** By status; null for an answer without a body. */
  readonly responses: Readonly<Record<string, Schema | null>>;
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const description = JSON.parse(
  readFileSync(join(import.meta.dirname, 'openapi.generated.json'), 'utf8'),
) as Description;
const { components } = description;

const formats = {
  uri: (text: string): boolean => URL.canParse(text),
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/,
  email: /^[^@\s]+@[^@\s]+$/,
  int64: true,
  repo: true,
} as const;
const bodies = new Ajv({ strict: false, allErrors: true, formats });
/** Parameters are text on the wire. */
const texts = new Ajv({ strict: false, allErrors: true, formats, coerceTypes: true });

/** One request that GitHub knows. */
export interface Call extends Described {
  readonly method: string;
  /** The values in the path, by name. */
  readonly values: Readonly<Record<string, string>>;
}

const routes = Object.entries(description.paths)
  .flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({
      method: method.toUpperCase(),
      pattern: new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`),
      described,
    })),
  )
  // `/commits/{ref}` may have slashes at GitHub; nothing here relies on them.
  .map((route) => ({ ...route, compiled: new Map<string, ValidateFunction>() }));

export const callOf = (method: string, path: string): Call | undefined => {
  for (const { method: wanted, pattern, described } of routes) {
    const found = method === wanted ? pattern.exec(path) : null;
    if (found === null) continue;
    const values = Object.entries(found.groups ?? {}).map(([name, text]) => [name, decodeURIComponent(text)] as const);
    return { ...described, method, values: Object.fromEntries(values) };
  }
  return undefined;
};

const compiled = new Map<string, ValidateFunction>();
const validator = (ajv: Ajv, key: string, schema: Schema): ValidateFunction => {
  const found = compiled.get(key) ?? ajv.compile({ allOf: [schema], components });
  compiled.set(key, found);
  return found;
};

const problemsOf = (validate: ValidateFunction, value: unknown, place: string): readonly string[] =>
  validate(value)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message = '' }) => `${place}${instancePath} ${message}`);

/** GitHub ignores a member that it does not know; here it is a mistake of the sender's. */
export const requestProblems = (
  call: Call,
  query: Readonly<Record<string, string>>,
  body: unknown,
): readonly string[] => {
  const parameters = (place: Parameter['in'], given: Readonly<Record<string, string>>): readonly string[] => {
    const declared = call.parameters.filter((parameter) => parameter.in === place);
    const properties = Object.fromEntries(declared.map(({ name, schema }) => [name, schema]));
    const required = declared.filter((parameter) => parameter.required).map(({ name }) => name);
    const schema = { type: 'object', properties, required, additionalProperties: false };
    return problemsOf(validator(texts, `${call.operationId} ${place}`, schema), { ...given }, place);
  };
  const { requestBody } = call;
  return [
    ...parameters('path', call.values),
    ...parameters('query', query),
    ...(requestBody === undefined
      ? body === undefined
        ? []
        : ['the call has no body']
      : [
          ...problemsOf(validator(bodies, `${call.operationId} body`, requestBody), body, 'body'),
          ...unknownMembers(requestBody, body, 'body'),
        ]),
  ];
};

const unknownMembers = (schema: Schema, value: unknown, place: string): readonly string[] => {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item) => unknownMembers(itemsOf(schema), item, `${place}[]`));
  const known = propertiesOf(schema);
  if (Object.keys(known).length === 0) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const declared = known[name];
    return declared === undefined
      ? [`${place}/${name} is not declared`]
      : unknownMembers(declared, member, `${place}/${name}`);
  });
};

const resolved = (schema: Schema): Schema => {
  const reference = schema['$ref'];
  return typeof reference === 'string'
    ? resolved(components.schemas[reference.replace('#/components/schemas/', '')] ?? {})
    : schema;
};

const partsOf = (schema: Schema): readonly Schema[] =>
  ['allOf', 'anyOf', 'oneOf'].flatMap((name) => (resolved(schema)[name] as readonly Schema[] | undefined) ?? []);

const itemsOf = (schema: Schema): Schema =>
  (resolved(schema)['items'] as Schema | undefined) ?? partsOf(schema).map(itemsOf)[0] ?? {};

/** Of the schema and of its alternatives; an open alternative (a payload of any members) makes it open. */
const propertiesOf = (schema: Schema): Readonly<Record<string, Schema>> => ({
  ...Object.assign({}, ...partsOf(schema).map(propertiesOf)),
  ...(resolved(schema)['properties'] as Readonly<Record<string, Schema>> | undefined),
});

/** @returns the differences of an answer from GitHub's description */
export const answerProblems = (call: Call, status: number, body: unknown): readonly string[] => {
  const schema = call.responses[String(status)];
  // Refusals that every call has (a token without permission, throttling) are described once, for the whole API.
  if (schema === undefined)
    return status >= 400
      ? problemsOf(validator(bodies, 'error', { $ref: '#/components/schemas/basic-error' }), body, `answer ${status}`)
      : [`${call.operationId} has no answer ${status}`];
  if (schema === null) return body === undefined ? [] : [`${call.operationId} ${status} has no body`];
  return problemsOf(validator(bodies, `${call.operationId} ${status}`, schema), body, `answer ${status}`);
};

/** The smallest value of a component's schema, and over it the members that matter. */
export const example = (
  component: string,
  members: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> => ({
  ...(smallest({ $ref: `#/components/schemas/${component}` }) as Record<string, unknown>),
  ...members,
});

const smallest = (given: Schema): unknown => {
  const schema = resolved(given);
  const alternatives = [...((schema['anyOf'] ?? schema['oneOf'] ?? []) as readonly Schema[])];
  if (alternatives.some(({ type }) => type === 'null')) return null;
  const all = [...((schema['allOf'] ?? []) as readonly Schema[]), ...alternatives.slice(0, 1)];
  const [one] = (schema['enum'] ?? []) as readonly unknown[];
  if (one !== undefined) return one;
  switch (schema['type']) {
    case 'string':
      return (
        { uri: 'https://github.example/', 'date-time': '2026-01-05T09:00:00Z', email: 'mina@acme.example' }[
          String(schema['format'])
        ] ?? ''
      );
    case 'integer':
    case 'number':
      return 0;
    case 'boolean':
      return false;
    case 'array':
      return [];
    case undefined: {
      if (schema['properties'] !== undefined || all.length === 0) break;
      const parts = all.map(smallest);
      return parts.every(isObject) ? Object.assign({}, ...parts) : parts[0];
    }
  }
  const properties = propertiesOf(schema);
  return Object.fromEntries(
    ((schema['required'] ?? []) as readonly string[]).map((name) => [name, smallest(properties[name] ?? {})]),
  );
};

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
