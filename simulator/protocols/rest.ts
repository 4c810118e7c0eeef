import { AwsError } from '../contracts.ts';
import type { Tables } from '../validation.ts';
import type { Decoded, Protocol, WireAnswer, WireRequest } from '../wire.ts';
import { jsonProtocol, toJson } from './json.ts';
import { decoded, durationHeader } from './runtime.ts';

/** A REST service with JSON bodies, read by its model's own bindings of members to method, path and query (AWS: restJson1). */
export const readRest = (
  service: string,
  tables: Tables | undefined,
  { method, path, query, headers, body }: WireRequest,
): Decoded => {
  for (const [operation, { http }] of Object.entries(tables?.operations ?? {})) {
    if (http === undefined || http.method !== method) continue;
    const named = match(http.path, path);
    if (named === undefined) continue;
    return {
      service,
      operation,
      protocol: restProtocol(http.status),
      input: () => {
        const input: Record<string, unknown> = {
          // A payload is the user's, whatever it is.
          ...(http.payload === undefined ? jsonProtocol('1.1', false).read(body) : { [http.payload]: body }),
          ...named,
        };
        for (const [header, member] of Object.entries(http.headers ?? {}))
          if (headers[header] !== undefined) input[member] = headers[header];
        for (const [name, { member, type }] of Object.entries(http.query)) {
          const value = query.get(name);
          if (value !== null) input[member] = type === 'integer' ? numberOf(value) : value;
        }
        return input;
      },
    };
  }
  const other = Object.entries(tables?.unserved ?? {}).find(([, bound]) => {
    const [wanted, template = ''] = bound.split(' ');
    return wanted === method && match(template.split('?')[0] ?? '', path) !== undefined;
  });
  return { service, operation: other?.[0] ?? `${method} ${path}`, protocol: restProtocol(404), input: () => ({}) };
};

const match = (template: string, path: string): Readonly<Record<string, string>> | undefined => {
  const wanted = template.split('/');
  // SDKs send the path as it is in the model, or with a slash at its end.
  const given = path.replace(/\/$/, '').split('/');
  if (wanted.length !== given.length) return undefined;
  const named: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? '';
    const label = /^\{(\w+)\}$/.exec(part)?.[1];
    if (label === undefined ? part !== value : value === '') return undefined;
    if (label !== undefined) named[label] = decoded(value);
  }
  return named;
};

const numberOf = (text: string): number => {
  if (/^-?\d+$/.test(text)) return Number(text);
  throw new AwsError('SerializationException', 'STRING_VALUE can not be converted to an Integer');
};

/** API: Invoke. The payload of a function is the body; its error is a header, beside the status 200. */
const invocation = (
  output: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>>,
): WireAnswer => {
  const { StatusCode, FunctionError, ExecutedVersion, SimulatedDurationMs, Payload } = output;
  const given = {
    'x-amz-function-error': FunctionError,
    'x-amz-executed-version': ExecutedVersion,
    [durationHeader]: SimulatedDurationMs,
  };
  return {
    status: Number(StatusCode),
    headers: {
      ...headers,
      ...Object.fromEntries(
        Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
      ),
    },
    body: Buffer.isBuffer(Payload) ? Payload : Buffer.alloc(0),
  };
};

export const restProtocol = (status: number): Protocol => {
  const headers = (requestId: string) => ({ 'x-amzn-requestid': requestId, 'content-type': 'application/json' });
  return {
    name: 'rest-json',
    family: 'json',
    answer: (output, { operation, requestId }) =>
      operation === 'Invoke'
        ? invocation(output, headers(requestId))
        : { status, headers: headers(requestId), body: Buffer.from(toJson(output)) },
    refuse: (error, { requestId }) => ({
      status: error.status,
      headers: { ...headers(requestId), 'x-amzn-errortype': error.code },
      // AWS Lambda's model has `Message` in one of its errors and `message` in the others; its service sends the member of the model.
      body: Buffer.from(
        toJson({
          Type: error.status >= 500 ? 'Service' : 'User',
          [error.code === 'ResourceNotFoundException' ? 'Message' : 'message']: error.message,
          ...error.members,
        }),
      ),
    }),
  };
};
