/**
 * Nothing leaks (DESIGN §7 rule 16). This is the one place that removes secrets from text: by value, if this process knows them; by
 * shape, if AWS, a proxy or a person wrote them into a sentence. Every error text and every text that leaves a run goes through it.
 */
const concealed = '***';

/**
 * Shorter values are ordinary words: hiding them would spoil every sentence with that word, and AWS credentials are never so short.
 */
const shortest = 16;
/** A worker lives for months and gets credentials with every job: those of the last jobs are enough. */
const most = 240;

const known = new Set<string>();

/** From now on `redacted` removes these values. */
export const keepSecret = (...values: readonly (string | undefined)[]): void => {
  for (const value of values) {
    if (value === undefined || value.length < shortest) continue;
    for (const form of new Set([value, encodeURIComponent(value)])) {
      known.delete(form);
      known.add(form);
    }
  }
  for (const value of known) {
    if (known.size <= most) break;
    known.delete(value);
  }
};

/** Variables that always hold a secret. */
const secretVariables = [
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN',
  'ACTIONS_ID_TOKEN_REQUEST_TOKEN',
  'ACTIONS_RUNTIME_TOKEN',
  'GITHUB_TOKEN',
  'GH_TOKEN',
];

/** Secrets in this process's environment. The address of a webhook is one: whoever has it can post there. */
export const keepSecretsOf = (env: Readonly<Record<string, string | undefined>>): void =>
  keepSecret(
    ...[...secretVariables, ...Object.keys(env).filter((name) => name.includes('WEBHOOK'))].map((name) => env[name]),
  );

/** Values of a container's variables and of metadata. They may be secrets or ordinary words, so only AWS's own sentences lose them. */
const variables = new Set<string>();
const mostVariables = 2_000;
const shortestVariable = 5;

/** Members with names and values that users chose, here and at AWS. */
const holders: ReadonlySet<string> = new Set([
  'environment',
  'container-environment',
  'metadata',
  'Environment',
  'CustomerMetadataProperties',
]);

/** From now on AWS's sentences lose the value of every variable in `data`. */
export const keepVariablesOf = (data: unknown, within = false): void => {
  if (typeof data === 'string' && within && data.length >= shortestVariable) {
    variables.delete(data);
    variables.add(data);
    for (const oldest of variables) {
      if (variables.size <= mostVariables) break;
      variables.delete(oldest);
    }
  }
  if (typeof data !== 'object' || data === null || ArrayBuffer.isView(data) || isStream(data)) return;
  for (const [name, value] of Object.entries(data))
    keepVariablesOf(value, within || (holders.has(name) && typeof value === 'object'));
};

/** The body of an object in S3: nothing to look into. */
const isStream = (data: object): boolean => 'pipe' in data || 'getReader' in data;

/** `redacted`, and without any variable's value: for AWS's sentences, which may quote the request. */
export const redactedWords = (text: string): string => {
  let clean = text;
  // The longest value first: one may be a part of another.
  for (const value of [...variables].sort((one, other) => other.length - one.length))
    if (clean.includes(value)) clean = clean.replaceAll(value, concealed);
  return redacted(clean);
};

/** In order: the pattern with the longest match first. Every repetition that another may follow is bounded: the time is linear. */
const shapes: readonly (readonly [RegExp, string])[] = [
  // SignatureDoesNotMatch quotes its request, including the session token (SigV4 troubleshooting, IAM user guide).
  [
    /(The )?(Canonical (String|Request)\b|String-to-Sign|CanonicalRequest\b|StringToSign\b)[\s\S]*/gi,
    '(the quoted request is left out)',
  ],
  // IncompleteSignatureException quotes the unreadable piece of the header.
  [/'[^']*' not a valid key=value pair/g, 'no valid key=value pair'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----|[\s\S]*)/g, concealed],
  [
    /(?<![?&])\b((?:proxy-)?authorization|x-amz-(?:security|s3session)-token|x-api-key|(?:set-)?cookie)(["']?\s*[:=]\s*["']?)[^\n"'\\]+/gi,
    `$1$2${concealed}`,
  ],
  [/\bAWS4-[A-Z0-9-]+[ \n]+[^"'\\]+/g, `AWS4-HMAC-SHA256 ${concealed}`],
  // The value of a container's variable, or of a member with a secret's name.
  [
    /\bValue '[\s\S]{0,20000}?' at '([^'"\\]*(?:environment|secret|token|password|credential)[^'"\\]*)'/gi,
    "the value at '$1'",
  ],
  [/\b([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/@"'\\]+@/gi, `$1${concealed}@`],
  [
    /([?&](?:X-Amz-(?:Security-Token|Signature|Credential)|AWSAccessKeyId|Signature|sig|[\w-]*token|[\w-]*secret|[\w-]*password|[\w-]*key)=)[^&\s"'\\]+/gi,
    `$1${concealed}`,
  ],
  // Webhooks of Slack and Teams: the path is the password (Slack: "Sending messages using incoming webhooks").
  [
    /\b(https:\/\/(?:hooks\.slack(?:-gov)?\.com|[\w.-]{1,200}\.(?:logic\.azure\.com|powerplatform\.com|webhook\.office\.com)(?::\d{1,5})?)\/)[^\s"'\\]+/gi,
    `$1${concealed}`,
  ],
  [/\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b/g, concealed],
  [/\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?/g, concealed],
  [/\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeprs]-)[\w-]{16,}/g, concealed],
  // Models also have names such as `sk-learn-…` and `hf_distilbert-…`. A key continues in one long piece, which no name has.
  [/\bhf_[A-Za-z0-9]{30,}/g, concealed],
  [/\bsk-(?:[a-z0-9]{2,16}-){0,3}(?=\w{0,200}\d)(?=\w{0,200}[A-Z])(?=\w{0,200}[a-z])\w{16,}[\w-]*/g, concealed],
  [
    /\b([\w.-]{0,64}(?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)[\w.-]{0,64}["']?=["']?)(?!(?<=tokens["']?=["']?|tokeni[sz][\w.-]{0,64}["']?=["']?)(?:\d{1,9}|true|false)(?![\w+/]))[^\s"',;&{}()\\]{4,}/gi,
    `$1${concealed}`,
  ],
  [
    /("[\w.-]{0,64}(?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)[\w.-]{0,64}"\s*:\s*")[^"\\]{4,}/gi,
    `$1${concealed}`,
  ],
  [/\b((?:password|passwd|passphrase|secret)\s*:\s*["']?)[^\s"',;&{}()\\]{4,}/gi, `$1${concealed}`],
];

/** The text without its secrets. The rest stays readable: `Authorization: ***`. */
export const redacted = (text: string): string => {
  let clean = withoutKnownSecrets(text);
  for (const [shape, instead] of shapes) clean = clean.replace(shape, instead);
  return clean;
};

/** Removes the values that this process knows: for text composed of redacted parts, such as JSON. */
export const withoutKnownSecrets = (text: string): string => {
  let clean = text;
  for (const secret of known) if (clean.includes(secret)) clean = clean.replaceAll(secret, concealed);
  return clean;
};

/** `redacted` on every text of a value of plain data; keys are texts too. */
export const withoutSecrets = <Value>(value: Value): Value => clean(value) as Value;

const clean = (value: unknown): unknown => {
  if (typeof value === 'string') return redacted(value);
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== 'object' || value === null) return value;
  // A date from AWS has no members of its own, and would become an empty object.
  if (value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [redacted(key), clean(member)]));
};

/** The text looks generated rather than written by a person: long, in one piece, with digits and both cases. */
const looksMade = (text: string): boolean =>
  !/^(arn:|s3:\/\/|https?:\/\/)/.test(text) &&
  (text.match(/[\w+/=.~-]{20,}/g) ?? []).some(
    (piece) => /\d/.test(piece) && /[a-z]/.test(piece) && /[A-Z]/.test(piece),
  );

/** An assignment: people write `KEY=value` where a mapping is wanted, and the value may be a secret. */
const assigns = /^\s*[\w.-]{1,128}\s*=/m;

/** The text may be a secret, although its place is an ordinary one. */
export const mayBeSecret = (text: string): boolean => redacted(text) !== text || assigns.test(text) || looksMade(text);

/** A written value in the sentence that refuses it: `"10 minutes"`, cut to a line's length; not at all when it may be a secret. */
export const quoted = (value: unknown): string => {
  const parts: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (parts.some((part) => typeof part === 'object' && part !== null))
    return Array.isArray(value) ? 'a list' : 'a mapping';
  if (parts.some((part) => typeof part === 'string' && mayBeSecret(part))) return notShown;
  // JSON has no `.nan` and no `.inf`, and would give `null`.
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length <= 80 ? text : `${text.slice(0, 77)}…`;
};
export const notShown = 'the value (not shown: it may be a secret)';

/** A name in the place of `KEY=value`: the value is left out, and the whole text if it is not a name. */
export const keyOf = (text: string): string => {
  const [, name = '', value] = /^([^=]*)(?:=([\s\S]*))?$/.exec(text) ?? [];
  // `c2VjcmV0==` is not a key without a value.
  const isKey = value === undefined || !/^=*$/.test(value);
  return isKey && !looksMade(name) && redacted(name) === name ? `${name}${value === undefined ? '' : '=…'}` : '…';
};

/** The place where a text stops being JSON; the engine's own message would quote the text. */
export const jsonProblem = (error: unknown): string => {
  const message = error instanceof Error ? error.message : '';
  if (message.includes('end of JSON')) return 'not JSON: it ends too early';
  const [, position, place] = /\bat position (\d+)(?: \((line \d+ column \d+)\))?/.exec(message) ?? [];
  if (position === undefined) return 'not JSON: it contains an element that JSON does not allow';
  return `not JSON: it ends, or breaks, at ${place ?? `character ${position}`}`;
};
