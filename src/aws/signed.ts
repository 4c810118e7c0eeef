import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { keepVariablesOf } from '../secrets.ts';
import type { AwsConnection } from './connection.ts';
import type { CredentialSource } from './credentials.ts';
import { withoutSecretsIn } from './errors.ts';
import { dnsSuffix } from './partition.ts';
import type { Sending } from './sender.ts';
import { type Transport, transport } from './transport.ts';

/**
 * A service whose generated client would cost more than the calls are worth: CodeDeploy's and Lambda's together 85 kB of every bundle.
 * The requests are few and plain, so they are written here and signed by the SDK's own signer.
 */
export interface SignedService {
  /** The prefix of its permissions, and of its host and its signature unless they have others: `codedeploy`. */
  readonly name: string;
  /** The first labels of its host: `api.sagemaker`. */
  readonly host?: string;
  /** The service of its signature: `monitoring`. */
  readonly signedAs?: string;
  readonly region: string;
  readonly endpointUrl?: string;
  readonly version: string;
  readonly credentials: CredentialSource['provide'];
  readonly transport: Transport;
}

/** @param answerMs as of `transport` */
export const signedService = (
  name: string,
  { region, endpointUrl, proxy, version }: AwsConnection,
  credentials: CredentialSource,
  answerMs?: number,
): SignedService => ({
  ...{ name, region, version },
  credentials: credentials.provide,
  transport: transport(proxy, answerMs),
  ...(endpointUrl === undefined ? {} : { endpointUrl }),
});

export interface SignedRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** Sends one call with the retry, the renewal of credentials and the error classes of every other call. @returns the answer's JSON */
export type SendSigned = (operation: string, request: SignedRequest) => Promise<unknown>;

export const signedSender =
  (service: SignedService, sending: Sending): SendSigned =>
  (operation, request) =>
    sent(service, sending, operation, request, ({ text }) => {
      const answer: unknown = text === '' ? {} : JSON.parse(text);
      // A function's variables are in its answer: from then on no AWS error repeats them.
      if (typeof answer === 'object' && answer !== null) keepVariablesOf(answer);
      return answer;
    });

/** An answer as it came. */
export interface RawAnswer {
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** As `signedSender`, for a call whose answer has a body of the user's. @param read its error counts as the call's, and is not sent again */
export const rawSender =
  <Answer>(service: SignedService, sending: Sending, read: (answer: RawAnswer) => Answer) =>
  (operation: string, request: SignedRequest): Promise<Answer> =>
    sent(service, sending, operation, request, read);

const sent = <Answer>(
  service: SignedService,
  { retry, signal }: Sending,
  operation: string,
  request: SignedRequest,
  read: (answer: RawAnswer) => Answer,
): Promise<Answer> =>
  retry(
    `${service.name}:${operation}`,
    async () => {
      try {
        return read(await once(service, request));
      } catch (error) {
        throw withoutSecretsIn(error);
      }
    },
    signal,
  );

const once = async (
  service: SignedService,
  { method, path, query = {}, headers, body }: SignedRequest,
): Promise<RawAnswer> => {
  const { name, host = name, signedAs = name, region, endpointUrl, version, credentials } = service;
  const url = new URL(endpointUrl ?? `https://${host}.${region}.${dnsSuffix(region)}`);
  const signer = new SignatureV4({ service: signedAs, region, credentials, sha256: Sha256 });
  const signed = await signer.sign({
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    path,
    query: { ...query },
    headers: { host: url.host, 'user-agent': `model-delivery/${version}`, ...headers },
    ...(body === undefined ? {} : { body }),
  });
  const { response } = await service.transport.handle(signed as Parameters<Transport['handle']>[0]);
  const text = await textOf(response.body as AsyncIterable<Uint8Array>);
  if (response.statusCode < 300) return { headers: response.headers, text };
  throw errorOf(response.statusCode, response.headers, text);
};

/**
 * Smithy: "Operation error serialization" of AWS JSON 1.1 and restJson1: the header, else `__type`, without namespace and address. S3 answers in
 * XML (API reference, "Error responses").
 */
const errorOf = (status: number, headers: Readonly<Record<string, string>>, text: string): Error => {
  const body = jsonOf(text);
  const type = headers['x-amzn-errortype'] ?? body['__type'] ?? body['code'] ?? /<Code>([^<]+)</.exec(text)?.[1];
  const message = body['message'] ?? body['Message'] ?? /<Message>([^<]+)</.exec(text)?.[1];
  const known = typeof type === 'string' && type !== '';
  return Object.assign(new Error(typeof message === 'string' ? message : ''), {
    name: known ? (type.split(':')[0]?.split('#').at(-1) ?? 'UnknownError') : 'UnknownError',
    $metadata: { httpStatusCode: status, requestId: headers['x-amzn-requestid'] },
    $fault: status >= 500 ? 'server' : 'client',
  });
};

const jsonOf = (text: string): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
};

const textOf = async (body: AsyncIterable<Uint8Array>): Promise<string> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
};

/** The signer's hash, by Node's own. */
export class Sha256 {
  readonly #hash: Hash | Hmac;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {
    throw new Error('a hash is used once');
  }
}

const bytesOf = (data: string | ArrayBuffer | ArrayBufferView): Uint8Array =>
  typeof data === 'string'
    ? Buffer.from(data)
    : ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data);
