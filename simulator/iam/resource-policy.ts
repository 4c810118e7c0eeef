import type { AwsError, Principal } from '../contracts.ts';
import { operatorNamed } from './operators.ts';
import { arnPattern, wildcard } from './wildcards.ts';

/** A call to a resource, in the terms of the resource's policy. */
export interface ResourceCall {
  readonly principal: Principal;
  /** `s3:PutObject`. */
  readonly action: string;
  readonly resource: string;
  /** Condition keys that the request has; absent ones are undefined. */
  readonly keys?: Readonly<Record<string, string | undefined>>;
  /** ARN of the identity provider, for a caller that presents its token. */
  readonly federated?: string;
  /** `sagemaker.amazonaws.com`, for a service that assumes a role. */
  readonly service?: string;
}

/** `silent`: no statement is about the call. Then a caller of the resource's own account needs nothing of it, and another account is denied. */
export type ResourceDecision = 'allowed' | 'denied' | 'silent';
export type ResourcePolicy = (call: ResourceCall) => ResourceDecision;

/** The words of the service that keeps the policy. */
export interface PolicyWords {
  malformed(message: string): AwsError;
  notServed(what: string): AwsError;
  /** Services may be principals: those that assume a role. Their other calls are not simulated. */
  readonly services?: true;
  /** Whether the policy may name this action; without it any. */
  readonly mayAllow?: (action: string) => boolean;
  /** Whether the policy may name this resource; without it statements name none, because they always mean their own resource. */
  readonly mayName?: (arn: string) => boolean;
}

/**
 * Whether a policy that `readResourcePolicy` has read lets everyone in (S3 user guide, "The meaning of 'public'"): it names everyone, and
 * no condition has fixed values for the caller.
 */
export const isPublic = (text: string): boolean => {
  const { Statement: statements } = JSON.parse(text) as { readonly Statement: unknown };
  return list(statements).some((statement) => {
    const { Effect, Principal: who, Condition = {} } = statement as Members;
    const everyone = [who, ...list((who as Members | undefined)?.['AWS'])].includes('*');
    const keys = Object.values(Condition as Members).flatMap((compared) => Object.entries(compared as Members));
    const isFixed = keys.some(
      ([key, values]) =>
        /^aws:principal(arn|account)$/i.test(key) && !list(values).some((value) => /[*?]/.test(String(value))),
    );
    return Effect === 'Allow' && everyone && !isFixed;
  });
};

interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly principals: (call: ResourceCall) => boolean;
  readonly actions: readonly RegExp[];
  readonly resources: readonly RegExp[] | undefined;
  readonly conditions: readonly ((call: ResourceCall) => boolean)[];
}

/**
 * A resource-based policy: of a bucket, a repository, a model package group, a key, or a role's trust. Everything that is not
 * evaluated here is refused by name (IAM user guide, "Policy evaluation logic", "Principal").
 */
export const readResourcePolicy = (text: string, words: PolicyWords): ResourcePolicy => {
  const { version, written } = statementsOf(text, words);
  const statements = written.map((statement) => readStatement(statement, version, words));
  return (call) => {
    const about = statements.filter(
      ({ principals, actions, resources, conditions }) =>
        principals(call) &&
        actions.some((pattern) => pattern.test(call.action)) &&
        (resources?.some((pattern) => pattern.test(call.resource)) ?? true) &&
        conditions.every((holds) => holds(call)),
    );
    if (about.some(({ effect }) => effect === 'Deny')) return 'denied';
    return about.length > 0 ? 'allowed' : 'silent';
  };
};

type Members = Readonly<Record<string, unknown>>;

type Version = '2008-10-17' | '2012-10-17';

const statementsOf = (
  text: string,
  { malformed }: PolicyWords,
): { readonly version: Version; readonly written: readonly unknown[] } => {
  const { Version: version, Statement } = documentOf(text, malformed);
  // IAM user guide, "IAM JSON policy elements: Version": a policy without one is of 2008-10-17.
  if (version !== undefined && version !== '2008-10-17' && version !== '2012-10-17')
    throw malformed('The policy must contain a valid version string');
  if (Statement === undefined) throw malformed('Missing required field Statement');
  return { version: version ?? '2008-10-17', written: list(Statement) };
};

const documentOf = (text: string, malformed: PolicyWords['malformed']): Members => {
  try {
    return { ...(JSON.parse(text) as Members | null) };
  } catch {
    throw malformed("Policies must be valid JSON and the first byte must be '{'");
  }
};

/** The texts in which IAM puts values for variables, since 2012-10-17; in an older policy they are texts as any other. */
const refuseVariables = (texts: readonly string[], version: Version, { notServed }: PolicyWords): void => {
  const variable = texts.find((text) => version === '2012-10-17' && text.includes('${'));
  if (variable !== undefined) throw notServed(`the policy variable in ${variable}`);
};

const readStatement = (statement: unknown, version: Version, words: PolicyWords): Statement => {
  const {
    Effect,
    Principal: who,
    Action,
    Resource,
    Condition = {},
    Sid: _sid,
    ...others
  } = membersOf(statement, words);
  if (Object.keys(others).length > 0) throw words.notServed(Object.keys(others).join(', '));
  if (Action === undefined) throw words.malformed('Missing required field Action');
  if (Effect !== 'Allow' && Effect !== 'Deny') throw words.malformed(`Invalid effect: ${String(Effect)}`);
  const actions = list(Action).map(String);
  if (words.mayAllow !== undefined && !actions.every(words.mayAllow))
    throw words.malformed('Policy has invalid action');
  const resources = list(Resource).map(String);
  if (words.mayName === undefined && resources.length > 0)
    throw words.malformed(words.services ? 'Has prohibited field Resource' : 'Policy has invalid resource');
  if (words.mayName !== undefined && !(resources.length > 0 && resources.every(words.mayName)))
    throw words.malformed('Policy has invalid resource');
  refuseVariables(resources, version, words);
  return {
    effect: Effect,
    principals: principalsOf(who, words),
    actions: actions.map((action) => wildcard(action, 'i')),
    resources: words.mayName === undefined ? undefined : resources.map((resource) => arnPattern(resource)),
    conditions: Object.entries(membersOf(Condition, words)).flatMap(([operator, keys]) =>
      Object.entries(membersOf(keys, words)).map(([key, values]) => {
        const wanted = list(values).map(String);
        refuseVariables(wanted, version, words);
        return condition(operator, key, wanted, words);
      }),
    ),
  };
};

/** Policies come from outside. */
const membersOf = (value: unknown, { malformed }: PolicyWords): Members => {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Members;
  throw malformed('Syntax errors in policy.');
};

const principalsOf = (
  who: unknown,
  { malformed, notServed, services }: PolicyWords,
): ((call: ResourceCall) => boolean) => {
  if (who === '*') return () => true;
  if (who === null || typeof who !== 'object' || Array.isArray(who)) throw malformed('Invalid principal in policy');
  const { AWS, Service, Federated, ...others } = who as Members;
  if (Object.keys(others).length > 0 || (Service !== undefined && !services))
    throw notServed(`Principal ${JSON.stringify(who)}`);
  const callers = list(AWS).map(String);
  const providers = list(Federated).map(String);
  const odd = callers.find((one) => !/^(\*|\d{12}|arn:aws[a-z-]*:(iam|sts)::\d{12}:[^*?]+)$/.test(one));
  if (odd !== undefined) throw malformed(`Invalid principal in policy: ${odd}`);
  const hosts = list(Service).map(String);
  return ({ principal, federated, service }) => {
    if (service !== undefined) return hosts.includes(service) || callers.includes('*');
    return federated === undefined
      ? callers.some((one) => isMeant(one, principal))
      : providers.includes(federated) || callers.includes('*');
  };
};

/** The root of an account means all its identities; a role means its sessions (IAM user guide, "AWS JSON policy elements: Principal"). */
const isMeant = (named: string, { arn, accountId }: Principal): boolean => {
  if (named === '*' || named === accountId || named === arn) return true;
  if (named.endsWith(':root')) return named.split(':')[4] === accountId;
  // A session's ARN does not have the path of its role.
  return withoutPath(named) === withoutPath(roleOf(arn));
};

const withoutPath = (arn: string): string => arn.replace(/:role\/.*\//, ':role/');

const condition = (
  operator: string,
  key: string,
  values: readonly string[],
  { notServed }: PolicyWords,
): ((call: ResourceCall) => boolean) => {
  const name = key.toLowerCase();
  // IAM user guide, "Pass session tags in AWS STS": the tags of a request, by their names.
  if (!known.has(name) && !name.startsWith('aws:requesttag/')) throw notServed(`the condition key ${key}`);
  const evaluated = operatorNamed(operator);
  // A set operator takes a key of many values, and none of these has them.
  if (evaluated === undefined || (evaluated.set && !evaluated.presence))
    throw notServed(`the condition operator ${operator}`);
  return (call) => {
    const value = keysOf(call)[name];
    return evaluated.holds(value === undefined ? [] : [value], values);
  };
};

const known = new Set([
  'aws:securetransport',
  'aws:principalarn',
  'aws:principalaccount',
  's3:if-match',
  's3:if-none-match',
  'sts:externalid',
  'token.actions.githubusercontent.com:aud',
  'token.actions.githubusercontent.com:sub',
]);

const keysOf = ({ principal, keys }: ResourceCall): Readonly<Record<string, string | undefined>> => ({
  // The loopback connection stands for the connection to AWS, which always uses TLS.
  'aws:securetransport': 'true',
  'aws:principalarn': roleOf(principal.arn),
  'aws:principalaccount': principal.accountId,
  ...keys,
});

/** The key holds the role, not its session (AWS: global condition keys, aws:PrincipalArn). */
export const roleOf = (arn: string): string =>
  arn.replace(/^arn:([a-z-]+):sts::(\d+):assumed-role\/([^/]+)\/.*$/, 'arn:$1:iam::$2:role/$3');

const list = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];
