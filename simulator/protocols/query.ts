import { AwsError } from '../contracts.ts';
import { type Shape, shapeOf, type Tables } from '../validation.ts';
import type { Protocol, WireAnswer, WireRequest } from '../wire.ts';
import { queryCodeOf } from './query-codes.ts';
import { type Xml, xmlDocument } from './xml.ts';

/**
 * The AWS query protocol: a form in, XML out. Neither form marks numbers or lists, so both are read and written by the service
 * model's shapes.
 */
const namespaces: Readonly<Record<string, string>> = {
  iam: 'https://iam.amazonaws.com/doc/2010-05-08/',
  sts: 'https://sts.amazonaws.com/doc/2011-06-15/',
  sns: 'http://sns.amazonaws.com/doc/2010-03-31/',
  cloudwatch: 'http://monitoring.amazonaws.com/doc/2010-08-01/',
};

export const queryProtocol = (service: string): Protocol => {
  const namespace = namespaces[service];
  const send = (status: number, requestId: string, root: string, value: Xml): WireAnswer => ({
    status,
    headers: { 'x-amzn-requestid': requestId, 'content-type': 'text/xml' },
    body: xmlDocument(root, namespace, value),
  });
  return {
    name: 'query',
    family: 'query',
    answer(output, { operation, requestId, tables }) {
      const declared = tables?.operations[operation];
      const wrapper = declared?.resultWrapper;
      const written =
        tables === undefined || declared?.output === undefined
          ? undefined
          : toXml(tables, shapeOf(tables, declared.output), output);
      return send(200, requestId, `${operation}Response`, {
        ...(wrapper === undefined ? {} : { [wrapper]: written }),
        ResponseMetadata: { RequestId: requestId },
      });
    },
    refuse(refused, { requestId }) {
      const error = service === 'sns' ? asSns(refused) : refused;
      const Type = error.status >= 500 ? 'Receiver' : 'Sender';
      return send(error.status, requestId, 'ErrorResponse', {
        Error: {
          Type,
          Code: service === 'cloudwatch' ? queryCodeOf(error.code) : error.code,
          ...(error.message === '' ? {} : { Message: error.message }),
        },
        RequestId: requestId,
      });
    },
  };
};

/** SNS has a code of its own for a denial, and its prefix in capitals (AWS service model, AuthorizationErrorException). */
const asSns = (error: AwsError): AwsError =>
  error.code === 'AccessDenied'
    ? new AwsError('AuthorizationError', error.message.replace(/\bsns:(?=[A-Z])/g, 'SNS:'), 403)
    : error;

const toXml = (tables: Tables, shape: Shape, value: unknown): Xml => {
  if (value === undefined || value === null) return undefined;
  const inner = (name: string | undefined, element: unknown): Xml =>
    toXml(tables, shapeOf(tables, name ?? ''), element);
  switch (shape.type) {
    case 'structure': {
      const given = value as Readonly<Record<string, unknown>>;
      return Object.fromEntries(
        Object.entries(shape.members ?? {}).map(([name, member]) => [name, inner(member, given[name])]),
      );
    }
    case 'list':
      return { member: (value as readonly unknown[]).map((element) => inner(shape.member, element)) };
    case 'map':
      return {
        entry: Object.entries(value).map(([key, element]) => ({ key, value: inner(shape.value, element) })),
      };
    case 'timestamp':
      return (value instanceof Date ? value : new Date(Number(value) * 1000)).toISOString();
    case 'blob':
      return Buffer.isBuffer(value) ? value.toString('base64') : String(value);
    default:
      return String(value);
  }
};

/** Of the body; a GET has its parameters in the query (AWS: "Making query requests" of STS and IAM). */
export const formOf = ({ method, path, headers, query, body }: WireRequest): Map<string, string> | undefined => {
  if (path !== '/') return undefined;
  if (headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true)
    return new Map(new URLSearchParams(body.toString('utf8')));
  return method === 'GET' && query.has('Action') && query.has('Version') ? new Map(query) : undefined;
};

/** `MetricData.member.1.Value=2` → `{MetricData: [{Value: 2}]}`. @throws AwsError InvalidParameterValue, MalformedInput */
export const readForm = (
  form: Map<string, string>,
  operation: string,
  tables: Tables | undefined,
): Record<string, unknown> => {
  const name = tables?.operations[operation]?.input;
  if (tables === undefined || name === undefined) return {};
  const tree: Branch = new Map();
  for (const [key, text] of form) {
    let branch = tree;
    const steps = key.split('.');
    for (const step of steps.slice(0, -1)) {
      const next = branch.get(step) ?? new Map();
      if (typeof next === 'string')
        throw new AwsError('MalformedInput', `${key} is given as a value and as a structure`);
      branch.set(step, next);
      branch = next;
    }
    branch.set(steps.at(-1) ?? '', text);
  }
  return read(tables, shapeOf(tables, name), tree, '') as Record<string, unknown>;
};

type Branch = Map<string, Branch | string>;

const read = (tables: Tables, shape: Shape, node: Branch | string, path: string): unknown => {
  const inner = (name: string | undefined, child: Branch | string, step: string): unknown =>
    read(tables, shapeOf(tables, name ?? ''), child, path === '' ? step : `${path}.${step}`);
  if (typeof node === 'string') return readText(shape, node, path);
  const numbered = (branch: Branch | string | undefined): [string, Branch | string][] =>
    branch instanceof Map ? [...branch].sort(([a], [b]) => Number(a) - Number(b)) : [];
  switch (shape.type) {
    case 'structure':
      return Object.fromEntries(
        Object.entries(shape.members ?? {}).flatMap(([name, member]) => {
          const child = node.get(name);
          return child === undefined ? [] : [[name, inner(member, child, name)]];
        }),
      );
    case 'list':
      return numbered(node.get('member')).map(([index, child]) => inner(shape.member, child, index));
    case 'map':
      return Object.fromEntries(
        numbered(node.get('entry')).flatMap(([index, entry]) => {
          const [key, value] = entry instanceof Map ? [entry.get('key'), entry.get('value')] : [];
          return typeof key === 'string' && value !== undefined ? [[key, inner(shape.value, value, index)]] : [];
        }),
      );
    default:
      throw new AwsError('MalformedInput', `${path} is not a structure`);
  }
};

const readText = (shape: Shape, text: string, path: string): unknown => {
  const refuse = () => new AwsError('MalformedInput', `${text} is not a valid ${shape.type} for ${path}`);
  switch (shape.type) {
    case 'integer':
    case 'long':
    case 'float':
    case 'double': {
      const number = Number(text);
      if (text.trim() === '' || Number.isNaN(number)) throw refuse();
      return number;
    }
    case 'boolean':
      if (text !== 'true' && text !== 'false') throw refuse();
      return text === 'true';
    case 'timestamp': {
      const seconds = /^-?[\d.]+$/.test(text) ? Number(text) : Date.parse(text) / 1000;
      if (Number.isNaN(seconds)) throw refuse();
      return seconds;
    }
    case 'list':
      // An empty list is written as `Name=`.
      if (text === '') return [];
      throw refuse();
    case 'structure':
    case 'map':
      throw refuse();
    default:
      return text;
  }
};
