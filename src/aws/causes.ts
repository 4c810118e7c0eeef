import { duration, iso } from '../clock.ts';
import { withoutUndefined } from '../without-undefined.ts';

/**
 * Why a call never reached AWS, with a remedy. Without this a proxy's 403 looks like a missing permission, a captive portal like a
 * `SyntaxError`, and a wrong clock like a wrong trust policy.
 */
export interface NetworkCause {
  readonly kind: 'unreachable' | 'clock-skew';
  readonly because: string;
}

/** A device between this machine and AWS answered in its place, or blocked the call. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

/** The members that are read; the transport adds `host` and `proxy`. */
interface Failed {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly hostname?: string;
  readonly host?: string;
  readonly proxy?: string;
  readonly ServerTime?: string;
  readonly RequestTime?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly clockSkewCorrected?: boolean };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

/** The cause of a failed call, if it is not AWS's own answer to the call; undefined otherwise. */
export const networkCauseOf = (error: unknown): NetworkCause | undefined => {
  if (!(error instanceof Error)) return undefined;
  // The SDK copies these members from the answer into the error, whatever they hold.
  const { $response } = error as Failed;
  const failed: Failed = {
    ...(error as Failed),
    // Hidden from code that lists the members.
    ...($response ? { $response } : {}),
    name: asText(error.name),
    message: asText(error.message),
  };
  const skew = skewOf(failed);
  if (skew !== undefined) return { kind: 'clock-skew', because: skew };
  const because = failed.name === 'Unreachable' ? failed.message : (wayOf(failed) ?? answerOf(failed));
  return because === undefined ? undefined : { kind: 'unreachable', because };
};

export const asText = (member: unknown): string => (typeof member === 'string' ? member : '');

/** Node's and OpenSSL's names for failed connections, and for answers that are not HTTP. */
const wayOf = (failed: Failed): string | undefined => {
  const { code = '', message } = failed;
  const refusal = /^Bad response: (\d{3})$/.exec(message)?.[1];
  if (refusal !== undefined && code === '') return refusedByProxy(failed, Number(refusal));
  const family = /^(HPE|ERR_SSL|ERR_TLS)_/.exec(code)?.[1] ?? '';
  const key = Object.hasOwn(sentences, code) ? code : family;
  return Object.hasOwn(sentences, key) ? sentences[key]?.(failed, code) : undefined;
};

const host = ({ hostname, host: contacted }: Failed): string => hostname ?? contacted ?? 'the endpoint';
/** The peer of the failed connection: with a proxy, every connection goes to the proxy. */
const peer = (failed: Failed): string =>
  failed.proxy === undefined
    ? host(failed)
    : `the proxy ${failed.proxy}, on the way to ${failed.host ?? 'the endpoint'}`;
/** `connect ECONNREFUSED 10.0.0.1:3128` → ` at 10.0.0.1:3128`. */
const address = ({ message }: Failed): string => {
  const found = /(\d+\.\d+\.\d+\.\d+|[0-9a-f:]{3,}):(\d+)$/i.exec(message)?.[0];
  return found === undefined ? '' : ` at ${found}`;
};

type Sentence = (failed: Failed, code: string) => string;

const untrusted: Sentence = (failed, code) =>
  `the certificate of ${host(failed)} is not trusted (${code}); a proxy that inspects TLS signs with a certificate of its own: name its file in NODE_EXTRA_CA_CERTS`;
const outdated: Sentence = (failed, code) =>
  `the certificate of ${host(failed)} is not valid now (${code}); check the clock of this machine`;
const noRoute: Sentence = (failed, code) =>
  `there is no route to ${peer(failed)} (${code}${address(failed)}); open the firewall, or set HTTPS_PROXY or a VPC endpoint`;
const noTls: Sentence = (failed, code) =>
  `${peer(failed)} does not speak TLS (${code}); check for https in a URL that needs http (AWS_ENDPOINT_URL, HTTPS_PROXY)`;

const sentences: Readonly<Record<string, Sentence>> = {
  ENOTFOUND: (failed) =>
    `DNS knows no ${host(failed)} (ENOTFOUND); correct the region, AWS_ENDPOINT_URL or HTTPS_PROXY, or let this machine resolve the name`,
  EAI_AGAIN: (failed) =>
    `DNS gave no answer for ${host(failed)} (EAI_AGAIN); check that this machine can reach its name server`,
  ECONNREFUSED: (failed) =>
    `${peer(failed)} refused the connection (ECONNREFUSED${address(failed)}); correct ${failed.proxy === undefined ? 'AWS_ENDPOINT_URL or open the firewall' : 'HTTPS_PROXY, or name the host in NO_PROXY'}`,
  EHOSTUNREACH: noRoute,
  ENETUNREACH: noRoute,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_UNTRUSTED: untrusted,
  CERT_HAS_EXPIRED: outdated,
  CERT_NOT_YET_VALID: outdated,
  ERR_TLS_CERT_ALTNAME_INVALID: (failed) =>
    `the certificate that answers for ${host(failed)} is another host's (ERR_TLS_CERT_ALTNAME_INVALID); check for a device between this machine and AWS that answers in its place`,
  ERR_TLS: untrusted,
  EPROTO: noTls,
  ERR_SSL: noTls,
  HPE_HEADER_OVERFLOW: (failed) =>
    `the headers of the answer from ${host(failed)} are larger than this process takes (HPE_HEADER_OVERFLOW); a proxy adds them: raise NODE_OPTIONS=--max-http-header-size, or go around it with NO_PROXY`,
  HPE: (failed, code) =>
    `${host(failed)} answered, but not in HTTP (${code}); check AWS_ENDPOINT_URL and any proxy in between`,
};

const refusedByProxy = (failed: Failed, status: number): string => {
  const proxy = `the proxy${failed.proxy === undefined ? '' : ` ${failed.proxy}`}`;
  if (status === 407) return `${proxy} wants a user and a password (407); put them into HTTPS_PROXY`;
  return `${proxy} refused a connection to ${failed.host ?? 'the endpoint'} (${status}); allow it there, or name the host in NO_PROXY`;
};

/** An answer that the SDK could not read: AWS does not answer in HTML. */
const answerOf = ({ name, message, host: contacted = 'the endpoint', $metadata }: Failed): string | undefined => {
  const status = $metadata?.httpStatusCode;
  if (name !== 'SyntaxError' || status === undefined || status >= 500) return undefined;
  if (isCutOff({ name, message })) return undefined;
  return notAws(contacted, status, /Unexpected token '<'/.test(message) ? 'HTML or XML' : 'something else', 'JSON');
};

/** The answer broke off: a second request gets all of it. */
export const isCutOff = ({ name, message }: Pick<Failed, 'name' | 'message'>): boolean =>
  (name === 'SyntaxError' &&
    /^(Unexpected end of JSON|Unterminated|Expected .* (?:in|after) (?:JSON|array|property))/.test(message)) ||
  (name === 'Error' && message.startsWith('@aws-sdk XML parse error'));

const notAws = (contacted: string, status: number, got: string, expected: string): string =>
  `${contacted} answered with ${got} instead of ${expected} (HTTP ${status}): a proxy or a captive portal answers in place of AWS; sign in there, allow the host, or name it in NO_PROXY`;

/**
 * Whether an answer comes from AWS, before the SDK turns it into an AWS error. AWS puts a request id on every answer and sends no
 * HTML.
 * @returns why it is not from AWS; undefined when it may be
 */
export const foreignAnswer = (
  { method, hostname: contacted }: { readonly method: string; readonly hostname: string },
  proxy: string | undefined,
  { statusCode: status, headers }: { readonly statusCode: number; readonly headers: Readonly<Record<string, string>> },
): Unreachable | undefined => {
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  if (names.some((name) => /^x-amz(n|-id|-request)/.test(name))) return undefined;
  const header = (name: string): string =>
    Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1] ?? '';
  if (status === 407)
    return new Unreachable(
      refusedByProxy({ name: '', message: '', host: contacted, ...withoutUndefined({ proxy }) }, 407),
    );
  if (status === 431)
    return new Unreachable(
      `the request's headers are too large for ${proxy ?? contacted} (HTTP 431); a proxy in between takes fewer: go around it with NO_PROXY`,
    );
  const location = header('location');
  if (status >= 300 && status < 400 && location !== '')
    return new Unreachable(
      `${contacted} redirects to ${originOf(location)} (HTTP ${status}): a captive portal or a proxy answers in place of AWS; sign in there, or name the host in NO_PROXY`,
    );
  // A refused HEAD has no body that could identify its sender.
  if (method === 'HEAD' && status === 403)
    return new Unreachable(
      `${proxy ?? contacted} refused the request (HTTP 403) without a request id, which AWS always gives: a proxy in between does not let it through; allow ${contacted} there, or name it in NO_PROXY`,
    );
  // A refusal in plain text; AWS refuses in XML, JSON or CBOR.
  const type = header('content-type');
  if ((status === 401 || status === 403) && type !== '' && !/xml|json|cbor|html/i.test(type))
    return new Unreachable(notAws(contacted, status, type.split(';')[0] ?? type, "AWS's answer"));
  // A load balancer in front of AWS also sends HTML when it has trouble.
  if (status < 500 && /^text\/html\b/i.test(type))
    return new Unreachable(notAws(contacted, status, 'HTML', "AWS's answer"));
  return undefined;
};

/** Only the origin of a foreign URL: the rest may carry a session. */
const originOf = (url: string): string => (URL.canParse(url) ? new URL(url).origin : 'another page');

/** AWS accepts a request whose time is at most five minutes off (S3: fifteen). */
const skewOf = (failed: Failed): string | undefined => {
  const { name, message, $metadata } = failed;
  const status = $metadata?.httpStatusCode ?? 0;
  const worded = /^Signature (?:expired|not yet current): (\d{8}T\d{6}Z) .*\((\d{8}T\d{6}Z) [-+]/.exec(message);
  const reported =
    name === 'RequestTimeTooSkewed' || worded !== null || /^Signature (expired|not yet current)/.test(message);
  // HEAD has no body; the SDK compares the answer's date with the clock.
  const seen = $metadata?.clockSkewCorrected === true && status === 403 && /^(Unknown|UnknownError|403)$/.test(name);
  if (!reported && !seen) return undefined;
  const here = instant(worded?.[1] ?? failed.RequestTime);
  const there = instant(worded?.[2] ?? failed.ServerTime ?? failed.$response?.headers?.['date']);
  const far =
    here === undefined || there === undefined
      ? "is too far from AWS's"
      : `is ${duration(Math.abs(here - there))} ${here < there ? 'behind' : 'ahead of'} AWS's (${iso(here)} here, ${iso(there)} there)`;
  return `the clock of this machine ${far}, so AWS refuses its signatures (${name}); set it by NTP`;
};

/** The error of a call that was signed with a corrected clock. */
export const signedInTime = (error: unknown): unknown => {
  if (!(error instanceof Error)) return error;
  const { $metadata } = error as Failed;
  return $metadata?.clockSkewCorrected
    ? Object.assign(error, { $metadata: { ...$metadata, clockSkewCorrected: false } })
    : error;
};

/** `20260105T083000Z`, ISO 8601, or an HTTP date. */
const instant = (text: string | undefined): number | undefined => {
  const compact = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text ?? '');
  const [, year, month, day, hour, minute, second] = compact ?? [];
  const found = Date.parse(compact ? `${year}-${month}-${day}T${hour}:${minute}:${second}Z` : (text ?? ''));
  return Number.isNaN(found) ? undefined : found;
};
