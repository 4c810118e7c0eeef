import { isLoopback } from '../loopback.ts';
import type { AwsConnection } from './connection.ts';
import type { CredentialSource } from './credentials.ts';
import type { Sending } from './sender.ts';
import { type RawAnswer, rawSender, type SignedRequest, signedSender, signedService } from './signed.ts';

/**
 * Calls of AWS by their names, with every member as the caller gives it: for questions about AWS itself, which the typed clients would
 * check, complete or change before they are sent.
 */
export interface AnyCall {
  /** @returns the members of the answer */
  json(service: JsonService, operation: string, input: object): Promise<object>;
  /** A request to an endpoint. @returns headers and body as they came */
  invoke(operation: 'InvokeEndpoint' | 'InvokeEndpointAsync', endpoint: string, request: Invoked): Promise<RawAnswer>;
  /** An object of S3, or a bucket's list. */
  s3(operation: S3Operation, request: S3Request): Promise<RawAnswer>;
}

export interface Invoked {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface S3Request {
  readonly bucket: string;
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

const s3Methods = { PutObject: 'PUT', GetObject: 'GET', DeleteObject: 'DELETE', ListObjectsV2: 'GET' } as const;
export type S3Operation = keyof typeof s3Methods;

/** Host, signature and target of each service (AWS service models: `endpointPrefix`, `signingName`, `targetPrefix`, `jsonVersion`). */
const jsonServices = {
  sagemaker: { host: 'api.sagemaker', target: 'SageMaker', version: '1.1' },
  cloudwatch: { host: 'monitoring', signedAs: 'monitoring', target: 'GraniteServiceVersion20100801', version: '1.0' },
  codepipeline: { target: 'CodePipeline_20150709', version: '1.1' },
} as const;
export type JsonService = keyof typeof jsonServices;

/** AWS: InvokeEndpoint, a container has 60 seconds. */
const slowestModelMs = 70_000;

export const anyCall = (connection: AwsConnection, credentials: CredentialSource, sending: Sending): AnyCall => {
  const local = connection.endpointUrl !== undefined && isLoopback(new URL(connection.endpointUrl).hostname);
  // A local AWS answers in its own time: how long that takes on this machine means nothing.
  const atMost = (answerMs: number | undefined): number | undefined => (local ? 0 : answerMs);
  const json = Object.fromEntries(
    Object.entries(jsonServices).map(([name, { target, version, ...place }]) => {
      const service = signedService(name, connection, credentials, atMost(undefined));
      const send = signedSender({ ...service, ...place }, sending);
      const call = (operation: string, input: object): Promise<object> =>
        send(operation, {
          method: 'POST',
          path: '/',
          headers: { 'content-type': `application/x-amz-json-${version}`, 'x-amz-target': `${target}.${operation}` },
          body: JSON.stringify(input),
        }) as Promise<object>;
      return [name, call];
    }),
  ) as Record<JsonService, (operation: string, input: object) => Promise<object>>;
  const raw = (answer: RawAnswer): RawAnswer => answer;
  const runtime = rawSender(
    { ...signedService('sagemaker', connection, credentials, atMost(slowestModelMs)), host: 'runtime.sagemaker' },
    sending,
    raw,
  );
  const s3 = signedService('s3', connection, credentials, atMost(undefined));
  return {
    json: (service, operation, input) => json[service](operation, input),
    invoke: (operation, endpoint, { headers, body = '' }) =>
      runtime(operation, {
        method: 'POST',
        path: `/endpoints/${endpoint}/${operation === 'InvokeEndpoint' ? 'invocations' : 'async-invocations'}`,
        headers,
        ...(body === '' ? {} : { body }),
      }),
    s3: (operation, { bucket, key = '', query, body }) => {
      // Virtual-host style is the only one of new buckets (S3 user guide, "Virtual hosting"); a loopback address cannot carry a bucket.
      const at = local ? s3 : { ...s3, host: `${bucket}.s3` };
      const request: SignedRequest = {
        method: s3Methods[operation],
        path: local ? `/${bucket}/${key}`.replace(/\/$/, '') : `/${key}`,
        ...(query === undefined ? {} : { query }),
        ...(body === undefined ? {} : { body }),
      };
      return rawSender(at, sending, raw)(operation, request);
    },
  };
};
