import { AwsError } from '../contracts.ts';
import type { WireRequest } from '../wire.ts';

/**
 * The `aws-chunked` content encoding: the JS SDK and the AWS CLI use it when the body is a stream, with the checksum in a trailer
 * (AWS: "Authenticating requests: signature calculations for the Authorization header, chunked upload").
 * @throws AwsError IncompleteBody
 */
export const decodeChunks = (
  request: WireRequest,
): {
  readonly body: Buffer;
  readonly trailers: Readonly<Record<string, string>>;
  /** Each with the text behind its size, which may be its signature; the last one is empty. */
  readonly chunks: readonly { readonly data: Buffer; readonly extension: string }[];
} => {
  const { body, headers } = request;
  if (headers['x-amz-content-sha256']?.startsWith('STREAMING-') !== true) return { body, trailers: {}, chunks: [] };
  const incomplete = () => new AwsError('IncompleteBody', 'The request body terminated unexpectedly', 400);
  const chunks: { readonly data: Buffer; readonly extension: string }[] = [];
  let at = 0;
  const line = (): string => {
    const end = body.indexOf('\r\n', at);
    if (end < 0) throw incomplete();
    const text = body.toString('latin1', at, end);
    at = end + 2;
    return text;
  };
  for (;;) {
    const [length = '', extension = ''] = line().split(';');
    const size = Number.parseInt(length, 16);
    if (!(size >= 0) || at + size > body.length) throw incomplete();
    chunks.push({ data: body.subarray(at, at + size), extension });
    if (size === 0) break;
    at += size + 2;
  }
  const trailers: Record<string, string> = {};
  while (at < body.length) {
    const text = line();
    const colon = text.indexOf(':');
    if (colon > 0) trailers[text.slice(0, colon).toLowerCase()] = text.slice(colon + 1).trim();
  }
  const decoded = Buffer.concat(chunks.map(({ data }) => data));
  const announced = headers['x-amz-decoded-content-length'];
  if (announced !== undefined && Number(announced) !== decoded.length) throw incomplete();
  return { body: decoded, trailers, chunks };
};
