import { AwsError } from '../contracts.ts';
import type { Tables } from '../validation.ts';
import type { Decoded, Protocol, WireRequest } from '../wire.ts';
import { jsonProtocol, toJson } from './json.ts';

/** A REST service with JSON bodies, read by its model's own bindings of members to method, path and query (AWS: restJson1). */
export const readRest = (
  service: string,
  tables: Tables | undefined,
  { method, path, query, body }: WireRequest,
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
        const input: Record<string, unknown> = { ...jsonProtocol('1.1', false).read(body), ...named };
        for (const [name, { member, type }] of Object.entries(http.query)) {
          const value = query.get(name);
          if (value !== null) input[member] = type === 'integer' ? numberOf(value) : value;
        }
        return input;
      },
    };
  }
  return { service, operation: `${method} ${path}`, protocol: restProtocol(404), input: () => ({}) };
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
    if (label !== undefined) named[label] = decodeURIComponent(value);
  }
  return named;
};

const numberOf = (text: string): number => {
  if (/^-?\d+$/.test(text)) return Number(text);
  throw new AwsError('SerializationException', 'STRING_VALUE can not be converted to an Integer');
};

const restProtocol = (status: number): Protocol => {
  const headers = (requestId: string) => ({ 'x-amzn-requestid': requestId, 'content-type': 'application/json' });
  return {
    name: 'rest-json',
    family: 'json',
    answer: (output, { requestId }) => ({ status, headers: headers(requestId), body: Buffer.from(toJson(output)) }),
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
