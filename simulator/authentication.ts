import { readFileSync } from 'node:fs';
import { AwsError, type Instant } from './contracts.ts';
import {
  accessKeyIn,
  algorithm,
  bodyHash,
  chunksHold,
  compactTime,
  compute,
  type Signature,
  signatureIn,
  timeOf,
} from './signature.ts';
import type { Protocol, WireRequest } from './wire.ts';

export type Asked = Pick<Protocol, 'name' | 'family'>;

/** AWS's regions, of botocore's partitions (tools/generate-constraints.py). */
const { regions } = JSON.parse(
  readFileSync(new URL('./constraints/regions.generated.json', import.meta.url), 'utf8'),
) as { readonly regions: readonly string[] };

/** The name that a service has in a credential scope, where it is not its id (AWS service models, `signingName`). */
const signingNames: Readonly<Record<string, string>> = { 'sagemaker-runtime': 'sagemaker', cloudwatch: 'monitoring' };

/** The same refusal has other codes in each protocol (AWS: "Common errors" of STS, SageMaker and S3). */
const unknown = {
  json: ['UnrecognizedClientException', 'The security token included in the request is invalid.', 400],
  query: ['InvalidClientTokenId', 'The security token included in the request is invalid.', 403],
} as const;
const refusals = {
  missing: {
    json: ['MissingAuthenticationTokenException', 'Missing Authentication Token', 400],
    query: ['MissingAuthenticationToken', 'Request is missing Authentication Token', 403],
    s3: ['AccessDenied', 'Access Denied', 403],
  },
  unknown: {
    ...unknown,
    s3: ['InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.', 403],
  },
  /** A token beside keys that have none, or beside another session's (S3 API reference, "Error responses": InvalidToken). */
  token: {
    ...unknown,
    s3: ['InvalidToken', 'The provided token is malformed or otherwise invalid.', 400],
  },
  expired: {
    json: ['ExpiredTokenException', 'The security token included in the request is expired', 400],
    query: ['ExpiredToken', 'The security token included in the request is expired', 403],
    s3: ['ExpiredToken', 'The provided token has expired.', 400],
  },
} as const;

export const refusal = (why: keyof typeof refusals, { family }: Asked): AwsError => {
  const [code, message, status] = refusals[why][family];
  return new AwsError(code, message, status);
};

/** @throws AwsError when the request is not signed, or its signature lacks a part */
export const signatureOf = (request: WireRequest, asked: Asked): Signature => {
  const signature = signatureIn(request);
  if (signature !== undefined) return signature;
  const given = request.headers['authorization'];
  if (given === undefined && request.presigned === undefined) {
    if (asked.family === 's3' && request.query.has('AWSAccessKeyId')) throw oldMechanism();
    throw refusal('missing', asked);
  }
  if (asked.family === 's3') throw given?.startsWith(algorithm) === false ? oldMechanism() : malformedHeader(request);
  // Words seen in the field (aws/aws-sdk-go-v2#2494 and others); AWS lists each part that is missing.
  const missing = ['Credential', 'Signature', 'SignedHeaders'].filter((part) => given?.includes(`${part}=`) !== true);
  const words =
    missing.length === 0
      ? [`Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.`]
      : missing.map((part) => `Authorization header requires '${part}' parameter.`);
  throw incomplete(asked, words.join(' '));
};

const incomplete = ({ family, name }: Asked, message: string): AwsError =>
  family === 'query'
    ? new AwsError('IncompleteSignature', message, 400)
    : new AwsError('IncompleteSignatureException', message, name === 'rest-json' ? 403 : 400);

/** S3 user guide, "Signature Version 2": buckets made since June 2020 take Signature Version 4 only. */
const oldMechanism = (): AwsError =>
  new AwsError(
    'InvalidRequest',
    `The authorization mechanism you have provided is not supported. Please use ${algorithm}.`,
  );

const malformedHeader = (request: WireRequest): AwsError =>
  new AwsError(
    'AuthorizationHeaderMalformed',
    `The authorization header is malformed; the authorization component "${accessKeyIn(request) === undefined ? 'Credential' : 'SignedHeaders'}" is malformed.`,
  );

/** What a caller's signature is judged by. */
export interface Judged {
  readonly request: WireRequest;
  readonly signature: Signature;
  readonly secret: string;
  readonly service: string;
  readonly asked: Asked;
  /** The time, for callers who share the simulator's clock; undefined: dates are not judged. */
  readonly now: Instant | undefined;
  /** Where S3 expects a request whose region there is not. */
  readonly home: string;
}

/** @throws AwsError as AWS refuses a signature of another secret, another place, another time or another request */
export const checkSignature = (judged: Judged): void => {
  const { request, signature, secret, asked } = judged;
  checkScope(judged);
  if (asked.family === 's3') checkExpires(request);
  checkTime(judged);
  const computed = compute(request, signature, secret);
  if (computed.value !== signature.value) throw doesNotMatch(judged, computed);
  if (asked.family !== 's3') return;
  checkPayload(request);
  if (!chunksHold(request, signature, secret)) throw doesNotMatch(judged, computed);
};

const checkScope = ({ signature, service, asked, home }: Judged): void => {
  const { region, date, at, terminator } = signature;
  const wanted = signingNames[service] ?? service;
  const known = regions.includes(region);
  if (asked.family === 's3') {
    const malformed = (what: string, members = {}): AwsError =>
      new AwsError('AuthorizationHeaderMalformed', `The authorization header is malformed; ${what}`, 400, members);
    if (!known) throw malformed(`the region '${region}' is wrong; expecting '${home}'`, { Region: home });
    if (signature.service !== wanted)
      throw malformed(`incorrect service "${signature.service}". This endpoint belongs to "s3".`);
    if (terminator !== 'aws4_request')
      throw malformed(`incorrect terminal "${terminator}". This endpoint uses "aws4_request".`);
    if (at.slice(0, 8) !== date)
      throw malformed(
        `Invalid credential date "${date}". This date is not the same as X-Amz-Date: "${at.slice(0, 8)}".`,
      );
    return;
  }
  // IAM user guide, "Troubleshoot signed requests for AWS APIs".
  const wrong = [
    known ? '' : `Credential should be scoped to a valid region, not '${region}'.`,
    signature.service === wanted ? '' : `Credential should be scoped to correct service: '${wanted}'.`,
    terminator === 'aws4_request'
      ? ''
      : `Credential should be scoped with a valid terminator: 'aws4_request', not '${terminator}'.`,
    at.slice(0, 8) === date
      ? ''
      : `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${date}' != '${at.slice(0, 8)}', from '${at}'.`,
  ].filter((sentence) => sentence !== '');
  if (wrong.length > 0) throw invalidSignature(asked, wrong.join(' '));
};

const invalidSignature = ({ family, name }: Asked, message: string): AwsError =>
  family === 'query'
    ? new AwsError('SignatureDoesNotMatch', message, 403)
    : new AwsError('InvalidSignatureException', message, name === 'rest-json' ? 403 : 400);

/** S3 API reference, "Authenticating Requests: Using Query Parameters": X-Amz-Expires, at most seven days. */
const checkExpires = ({ presigned }: WireRequest): void => {
  if (presigned === undefined) return;
  const refuse = (message: string): AwsError => new AwsError('AuthorizationQueryParametersError', message, 400);
  const expires = presigned.get('X-Amz-Expires');
  if (expires === null)
    throw refuse(
      'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
    );
  if (!/^-?\d+$/.test(expires)) throw refuse('X-Amz-Expires should be a number');
  if (Number(expires) < 0) throw refuse('X-Amz-Expires must be non-negative');
  if (Number(expires) > 604_800)
    throw refuse(
      'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds',
    );
};

/** S3 API reference and STS's refusals in the field: 15 minutes; those of the JSON services: 5 (fabfuel/ecs-deploy#126). */
const checkTime = ({ signature: { at, expiresSeconds }, asked, now }: Judged): void => {
  const signed = timeOf(at);
  if (signed === undefined) {
    if (asked.family === 's3')
      throw new AwsError('AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header', 403);
    throw incomplete(
      asked,
      `Date must be in ISO-8601 'basic format'. Got '${at}'. See http://en.wikipedia.org/wiki/ISO_8601`,
    );
  }
  if (now === undefined) return;
  const minutes = asked.family === 'json' ? 5 : 15;
  const allowed = minutes * 60_000;
  if (asked.family === 's3') {
    const ServerTime = new Date(now).toISOString().replace(/\.\d+/, '');
    if (expiresSeconds !== undefined && now > signed + expiresSeconds * 1000) {
      const Expires = new Date(signed + expiresSeconds * 1000).toISOString().replace(/\.\d+/, '');
      throw new AwsError('AccessDenied', 'Request has expired', 403, {
        'X-Amz-Expires': expiresSeconds,
        Expires,
        ServerTime,
      });
    }
    if (signed > now + allowed || (expiresSeconds === undefined && signed < now - allowed))
      throw new AwsError(
        'RequestTimeTooSkewed',
        'The difference between the request time and the current time is too large.',
        403,
        { RequestTime: at, ServerTime, MaxAllowedSkewMilliseconds: allowed },
      );
    return;
  }
  const [here, earliest, latest] = [now, now - allowed, now + allowed].map(compactTime);
  if (signed < now - allowed)
    throw invalidSignature(
      asked,
      `Signature expired: ${at} is now earlier than ${earliest} (${here} - ${minutes} min.)`,
    );
  if (signed > now + allowed)
    throw invalidSignature(
      asked,
      `Signature not yet current: ${at} is still later than ${latest} (${here} + ${minutes} min.)`,
    );
};

const hex = /^[0-9a-f]{64}$/;

/** S3 API reference, "Common Request Headers": the header is required, and the body must fit it. */
const checkPayload = (request: WireRequest): void => {
  const named = request.headers['x-amz-content-sha256'];
  if (named === undefined) {
    if (request.presigned !== undefined) return;
    throw new AwsError('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
  }
  if (!hex.test(named)) {
    if (named === 'UNSIGNED-PAYLOAD' || streaming.has(named)) return;
    throw new AwsError(
      'InvalidArgument',
      'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid sha256 value.',
      400,
      { ArgumentName: 'x-amz-content-sha256', ArgumentValue: named },
    );
  }
  const computed = bodyHash(request);
  if (computed !== named)
    throw new AwsError(
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
      400,
      { ClientComputedContentSHA256: named, S3ComputedContentSHA256: computed },
    );
};

const streaming = new Set([
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
  `STREAMING-${algorithm}-PAYLOAD`,
  `STREAMING-${algorithm}-PAYLOAD-TRAILER`,
]);

const doesNotMatch = (
  { asked, signature }: Judged,
  { canonicalRequest, stringToSign }: ReturnType<typeof compute>,
): AwsError => {
  const words = 'The request signature we calculated does not match the signature you provided.';
  if (asked.family !== 's3')
    return invalidSignature(
      asked,
      `${words} Check your AWS Secret Access Key and signing method. Consult the service documentation for details.`,
    );
  const bytes = (text: string): string =>
    Buffer.from(text)
      .toString('hex')
      .replace(/..(?=.)/g, '$& ');
  return new AwsError('SignatureDoesNotMatch', `${words} Check your key and signing method.`, 403, {
    AWSAccessKeyId: signature.accessKeyId,
    StringToSign: stringToSign,
    SignatureProvided: signature.value,
    StringToSignBytes: bytes(stringToSign),
    CanonicalRequest: canonicalRequest,
    CanonicalRequestBytes: bytes(canonicalRequest),
  });
};
