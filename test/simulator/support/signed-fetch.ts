import { createHash } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Simulator } from '../../../simulator/contracts.ts';
import { Sha256 } from '../../../src/aws/signed.ts';
import { type Keys, keysOf } from './account.ts';

export interface RawRequest {
  readonly method?: string;
  /** As sent: percent-encoded, with the query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export interface Signing {
  /** In the credential scope. */
  readonly service: string;
  readonly region?: string;
  readonly keys?: Keys;
  readonly at?: Date;
}

const signerOf = (
  simulator: Simulator,
  { service, region = 'eu-west-1', keys = keysOf(simulator.environment()) }: Signing,
): SignatureV4 =>
  new SignatureV4({ service, region, credentials: keys, sha256: Sha256, uriEscapePath: service !== 's3' });

/** The URL of a GET that needs no header. */
export const presignedUrl = async (simulator: Simulator, path: string, signing: Signing): Promise<string> => {
  const { host, hostname, protocol, pathname, searchParams } = new URL(simulator.url + path);
  const unsigned: Record<string, string> =
    signing.service === 's3' ? { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } : {};
  const { query } = await signerOf(simulator, signing).presign(
    {
      ...{ method: 'GET', protocol, hostname, path: pathname, query: Object.fromEntries(searchParams) },
      headers: { host, ...unsigned },
    },
    { signingDate: signing.at ?? new Date(simulator.clock.now()) },
  );
  return `${simulator.url}${pathname}?${new URLSearchParams(query as Record<string, string>)}`;
};

/** A request that no client sends, signed by the SDK's own signer. */
export const signedHeaders = async (
  simulator: Simulator,
  { method = 'POST', path, headers = {}, body = '' }: RawRequest,
  signing: Signing,
): Promise<Record<string, string>> => {
  const { host, hostname, protocol, pathname, searchParams } = new URL(simulator.url + path);
  const { service, at = new Date(simulator.clock.now()) } = signing;
  const hash = createHash('sha256').update(body).digest('hex');
  const signed = await signerOf(simulator, signing).sign(
    {
      ...{ method, protocol, hostname, path: pathname, body },
      query: Object.fromEntries(searchParams),
      headers: { host, ...(service === 's3' ? { 'x-amz-content-sha256': hash } : {}), ...headers },
    },
    { signingDate: at },
  );
  return signed.headers;
};

export const signedFetch = async (simulator: Simulator, request: RawRequest, signing: Signing): Promise<Response> => {
  const { method = 'POST', path, body } = request;
  const { host: _host, ...headers } = await signedHeaders(simulator, request, signing);
  return fetch(simulator.url + path, { method, headers, ...(body === undefined ? {} : { body }) });
};
