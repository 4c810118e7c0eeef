import { AwsError, type Principal } from '../contracts.ts';

/** A call to a bucket, in the terms of the bucket's policy. */
export interface BucketCall {
  readonly principal: Principal;
  /** `s3:PutObject`. */
  readonly action: string;
  readonly resource: string;
  /** Condition keys that the request has; absent ones are null. */
  readonly keys: Readonly<Record<string, string | undefined>>;
}

interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly RegExp[];
  readonly resources: readonly RegExp[];
  readonly conditions: readonly ((call: BucketCall) => boolean)[];
}
/** `true`: an explicit Deny matches. A caller of the bucket's own account needs no Allow of the bucket (IAM: policy evaluation logic). */
export type BucketPolicy = (call: BucketCall) => boolean;

/** @throws AwsError `MalformedPolicy` for policies that S3 refuses, `NotImplemented` for elements that are not evaluated here */
export const readBucketPolicy = (text: string, bucket: string): BucketPolicy => {
  const statements = statementsOf(text).map((statement) => readStatement(statement, bucket));
  return (call) =>
    statements.some(
      ({ effect, actions, resources, conditions }) =>
        effect === 'Deny' &&
        actions.some((pattern) => pattern.test(call.action)) &&
        resources.some((pattern) => pattern.test(call.resource)) &&
        conditions.every((holds) => holds(call)),
    );
};

type Members = Readonly<Record<string, unknown>>;

const statementsOf = (text: string): readonly Members[] => {
  try {
    const { Statement } = JSON.parse(text) as { readonly Statement?: unknown };
    if (Statement !== undefined) return list(Statement) as readonly Members[];
  } catch {
    throw malformed("Policies must be valid JSON and the first byte must be '{'");
  }
  throw malformed('Missing required field Statement');
};

const readStatement = (statement: Members, bucket: string): Statement => {
  const { Effect, Principal: who, Action, Resource, Condition = {}, Sid: _sid, ...others } = statement;
  if (Object.keys(others).length > 0) throw notServed(Object.keys(others).join(', '));
  if (Effect !== 'Allow' && Effect !== 'Deny') throw malformed(`Invalid effect: ${String(Effect)}`);
  const principal = who !== null && typeof who === 'object' && 'AWS' in who ? who.AWS : who;
  if (principal !== '*') throw notServed(`Principal ${JSON.stringify(who)}`);
  const resources = list(Resource).map(String);
  if (!resources.every((arn) => new RegExp(`^arn:aws[a-z-]*:s3:::${bucket.replaceAll('.', '\\.')}(/.*)?$`).test(arn)))
    throw malformed('Policy has invalid resource');
  return {
    effect: Effect,
    actions: list(Action).map((action) => wildcard(String(action), 'i')),
    resources: resources.map((resource) => wildcard(resource)),
    conditions: Object.entries(Condition as Members).flatMap(([operator, keys]) =>
      Object.entries(keys as Members).map(([key, values]) => condition(operator, key, list(values).map(String))),
    ),
  };
};

/** AWS: "IAM JSON policy elements: Condition operators". A negated operator holds when the key is absent, the others do not. */
const condition = (operator: string, key: string, values: readonly string[]): ((call: BucketCall) => boolean) => {
  if (!known.has(key.toLowerCase())) throw notServed(`the condition key ${key}`);
  const valueIn = (call: BucketCall): string | undefined => keysOf(call)[key.toLowerCase()];
  const matches = (value: string, pattern: (text: string) => RegExp): boolean =>
    values.some((expected) => pattern(expected).test(value));
  switch (operator) {
    case 'Null':
      return (call) => values.includes(String(valueIn(call) === undefined));
    case 'Bool':
    case 'StringEquals':
      return (call) => values.includes(valueIn(call) ?? '\0');
    case 'StringNotEquals':
      return (call) => !values.includes(valueIn(call) ?? '\0');
    case 'ArnLike':
      return (call) => matches(valueIn(call) ?? '\0', (text) => wildcard(text));
    case 'ArnNotLike':
      return (call) => !matches(valueIn(call) ?? '\0', (text) => wildcard(text));
    default:
      throw notServed(`the condition operator ${operator}`);
  }
};

const known = new Set([
  'aws:securetransport',
  'aws:principalarn',
  'aws:principalaccount',
  's3:if-match',
  's3:if-none-match',
]);

const keysOf = ({ principal, keys }: BucketCall): Readonly<Record<string, string | undefined>> => ({
  // The loopback connection stands for the connection to AWS, which always uses TLS.
  'aws:securetransport': 'true',
  'aws:principalarn': roleOf(principal.arn),
  'aws:principalaccount': principal.accountId,
  ...keys,
});

/** The key holds the role, not its session (AWS: global condition keys, aws:PrincipalArn). */
const roleOf = (arn: string): string =>
  arn.replace(/^arn:([a-z-]+):sts::(\d+):assumed-role\/([^/]+)\/.*$/, 'arn:$1:iam::$2:role/$3');

const wildcard = (pattern: string, flags = ''): RegExp =>
  new RegExp(
    `^${pattern
      .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    `s${flags}`,
  );

const list = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];
const malformed = (message: string): AwsError => new AwsError('MalformedPolicy', message, 400);
const notServed = (what: string): AwsError =>
  new AwsError('NotImplemented', `The simulator does not evaluate ${what} in a bucket policy`, 501);
