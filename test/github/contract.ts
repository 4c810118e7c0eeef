import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import type { Call } from '../../simulator/github/description.ts';
import type { Inspector } from '../../simulator/github/server.ts';

/**
 * GitHub's OpenAPI description of the calls in use, cut by `tools/cut-github-openapi.ts`: which requests it takes, and what its answers
 * look like. The fake GitHub has no opinion of its own on either.
 */

type Schema = Readonly<Record<string, unknown>>;

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

const described = new Map(
  Object.values(description.paths)
    .flatMap((methods) => Object.values(methods))
    .map((one) => [one.operationId, one]),
);
const descriptionOf = ({ operationId }: Call): Described => {
  const found = described.get(operationId);
  if (found === undefined) throw new Error(`GitHub's description was cut without ${operationId}`);
  return found;
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
const requestProblems = (call: Call, query: Readonly<Record<string, string>>, body: unknown): readonly string[] => {
  const parameters = (place: Parameter['in'], given: Readonly<Record<string, string>>): readonly string[] => {
    const declared = descriptionOf(call).parameters.filter((parameter) => parameter.in === place);
    const properties = Object.fromEntries(declared.map(({ name, schema }) => [name, schema]));
    const required = declared.filter((parameter) => parameter.required).map(({ name }) => name);
    const schema = { type: 'object', properties, required, additionalProperties: false };
    return problemsOf(validator(texts, `${call.operationId} ${place}`, schema), { ...given }, place);
  };
  const { requestBody } = descriptionOf(call);
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
const answerProblems = (call: Call, status: number, body: unknown): readonly string[] => {
  const schema = descriptionOf(call).responses[String(status)];
  // Refusals that every call has (a token without permission, throttling) are described once, for the whole API.
  if (schema === undefined)
    return status >= 400
      ? problemsOf(validator(bodies, 'error', { $ref: '#/components/schemas/basic-error' }), body, `answer ${status}`)
      : [`${call.operationId} has no answer ${status}`];
  if (schema === null) return body === undefined ? [] : [`${call.operationId} ${status} has no body`];
  return problemsOf(validator(bodies, `${call.operationId} ${status}`, schema), body, `answer ${status}`);
};

/** For the simulator's GitHub. */
export const inspector: Inspector = { request: requestProblems, answer: answerProblems };
