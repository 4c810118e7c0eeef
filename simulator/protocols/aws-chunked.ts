import { AwsError } from '../contracts.ts';
import type { WireRequest } from '../wire.ts';

/**
 * The `aws-chunked` content encoding: the JS SDK and the AWS CLI use it when the body is a stream, with the checksum in a trailer
 * (AWS: "Authenticating requests: signature calculations for the Authorization header, chunked upload").
 * @throws AwsError IncompleteBody
 */
export const decodeChunks = (request: WireRequest): { body: Buffer; trailers: Record<string, string> } => {
  const { body, headers } = request;
  if (headers['x-amz-content-sha256']?.startsWith('STREAMING-') !== true) return { body, trailers: {} };
  const incomplete = () => new AwsError('IncompleteBody', 'The request body terminated unexpectedly', 400);
  const chunks: Buffer[] = [];
  let at = 0;
  const line = (): string => {
    const end = body.indexOf('\r\n', at);
    if (end < 0) throw incomplete();
    const text = body.toString('latin1', at, end);
    at = end + 2;
    return text;
  };
  for (;;) {
    const size = Number.parseInt(line().split(';')[0] ?? '', 16);
    if (!(size >= 0) || at + size > body.length) throw incomplete();
    if (size === 0) break;
    chunks.push(body.subarray(at, at + size));
    at += size + 2;
  }
  const trailers: Record<string, string> = {};
  while (at < body.length) {
    const text = line();
    const colon = text.indexOf(':');
    if (colon > 0) trailers[text.slice(0, colon).toLowerCase()] = text.slice(colon + 1).trim();
  }
  const decoded = Buffer.concat(chunks);
  const announced = headers['x-amz-decoded-content-length'];
  if (announced !== undefined && Number(announced) !== decoded.length) throw incomplete();
  return { body: decoded, trailers };
};
