import { AwsError, type Instant, type Kernel, type Principal } from './contracts.ts';
import type { Demand } from './iam/demands.ts';
import { evaluate } from './iam/evaluate.ts';
import { type Policy, parsePolicy } from './iam/policy.ts';
import { type PolicyWords, type ResourceCall, type ResourcePolicy, readResourcePolicy } from './iam/resource-policy.ts';
import { base32Of, digestOf } from './random.ts';
import type { Protocol } from './wire.ts';

/** The caller. Every clock participant has its own long-lived keys, so that the request log shows the process. */
export interface Principals {
  /** The long-lived credentials of a participant's process. */
  keysOf(participant: string): { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** @throws AwsError as AWS refuses unknown, incomplete and expired credentials in that protocol. */
  authenticate(headers: Readonly<Record<string, string>>, family: Protocol['family']): Caller;
  /** The participant of a call, if it is known before any check. */
  participantOf(headers: Readonly<Record<string, string>>): string | undefined;
  /** Temporary credentials that expire in virtual time. @param policy of the session: it allows nothing, and takes away the rest */
  issue(role: Role, sessionName: string, durationMs: number, participant: string | undefined, policy?: Policy): Session;
  role(arn: string): Role | undefined;
  /** The roles that lie in an account. */
  roles(accountId: string): readonly Role[];
  /** Makes a role without any permission. @throws {TypeError} as `trust` */
  create(arn: string, trust: object, maxSessionMs: number): Role;
  remove(role: Role): void;
  /** From now on the role has the permissions of these policies alone. @throws {TypeError} as `attach` */
  permitOnly(role: Role, documents: readonly unknown[]): void;
  /** Undefined: every identity may assume it. */
  trustOf(role: Role): object | undefined;
  /** The accounts that roles lie in. */
  accounts(): readonly string[];
  /**
   * From now on the role has only the permissions of its policies; several add up.
   * @param role a name in the simulated account, or an ARN
   * @param document in IAM's form
   * @throws {TypeError} naming the element, operator or condition key that is not evaluated here
   */
  attach(role: string, document: unknown): void;
  /** From now on the trust policy decides who may assume the role. @throws {TypeError} as `attach` */
  trust(role: string, document: object): void;
  /** Whether the role's trust policy lets the caller assume it; without a policy it lets everyone. */
  mayAssume(role: Role, call: Omit<ResourceCall, 'resource'>): boolean;
  /** @throws AwsError AccessDeniedException, worded as IAM words it. */
  authorize(principal: Principal, demand: Demand, family: Protocol['family']): void;
}

export interface Caller {
  readonly principal: Principal;
  readonly participant: string | undefined;
  readonly temporary: boolean;
}
export interface Role {
  readonly name: string;
  readonly arn: string;
  readonly accountId: string;
  readonly roleId: string;
  /** Undefined: the setting has it. */
  readonly maxSessionMs?: number;
}
export interface Session {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Instant;
  readonly principal: Principal;
}

const longLived = 'AKIASIMULATED';

/** `roles`: names in this account, or whole ARNs for roles elsewhere. */
export const createPrincipals = (kernel: Kernel, roles: readonly string[]): Principals => {
  const known = new Map<string, Role>();
  const sessions = new Map<string, { readonly session: Session; readonly participant: string | undefined }>();
  const attached = new Map<string, readonly Policy[]>();
  const trusts = new Map<string, { readonly document: object; readonly decide: ResourcePolicy }>();
  /** Session policies, by access key. */
  const limits = new Map<string, Policy>();
  let made = 0;
  const roleAt = (arn: string, ...id: readonly number[]): Role => ({
    name: arn.split('/').at(-1) ?? arn,
    arn,
    accountId: arn.split(':')[4] ?? '',
    roleId: `AROA${base32Of(17, 'role', arn, ...id)}`,
  });
  for (const role of roles) {
    const arn = arnOf(kernel, role);
    known.set(arn, roleAt(arn));
  }
  /** A session's ARN does not have its role's path, and an account has one role of a name. */
  const keyOf = (role: string): string => arnOf(kernel, role).replace(/:role\/.*\//, ':role/');

  return {
    keysOf: (participant) => ({
      accessKeyId: `${longLived}${participant.replace(/\D/g, '').padStart(7, '0')}`,
      secretAccessKey: digestOf('secret', participant).toString('base64').slice(0, 40),
    }),
    participantOf(headers) {
      const accessKeyId = accessKeyOf(headers);
      return accessKeyId?.startsWith(longLived)
        ? `p${Number(accessKeyId.slice(longLived.length))}`
        : sessions.get(accessKeyId ?? '')?.participant;
    },
    authenticate(headers, family) {
      const accessKeyId = accessKeyOf(headers);
      if (accessKeyId === undefined) throw refusal('missing', family);
      if (accessKeyId.startsWith(longLived)) {
        const principal = {
          accessKeyId,
          arn: `arn:aws:iam::${kernel.accountId}:user/delivery`,
          accountId: kernel.accountId,
        };
        return { principal, participant: `p${Number(accessKeyId.slice(longLived.length))}`, temporary: false };
      }
      const issued = sessions.get(accessKeyId);
      if (issued === undefined || headers['x-amz-security-token'] !== issued.session.sessionToken) {
        throw refusal('unknown', family);
      }
      if (kernel.clock.now() >= issued.session.expiration) throw refusal('expired', family);
      return { principal: issued.session.principal, participant: issued.participant, temporary: true };
    },
    issue(role, sessionName, durationMs, participant, policy) {
      const name = ['session', role.arn, sessions.size] as const;
      const accessKeyId = `ASIA${base32Of(16, ...name)}`;
      const session: Session = {
        accessKeyId,
        secretAccessKey: digestOf('secret', ...name)
          .toString('base64')
          .slice(0, 40),
        sessionToken: Buffer.concat([1, 2, 3, 4].map((part) => digestOf('token', part, ...name))).toString('base64'),
        expiration: kernel.clock.now() + durationMs,
        principal: {
          accessKeyId,
          arn: `arn:aws:sts::${role.accountId}:assumed-role/${role.name}/${sessionName}`,
          accountId: role.accountId,
        },
      };
      sessions.set(accessKeyId, { session, participant });
      if (policy !== undefined) limits.set(accessKeyId, policy);
      return session;
    },
    role: (arn) => known.get(arn),
    roles: (accountId) => [...known.values()].filter((role) => role.accountId === accountId),
    create(arn, trust, maxSessionMs) {
      const key = keyOf(arn);
      trusts.set(key, trustIn(trust));
      attached.set(key, []);
      // A role that is made again under its name has another identity (IAM user guide, "IAM identifiers").
      const role = { ...roleAt(arn, made++), maxSessionMs };
      known.set(arn, role);
      return role;
    },
    remove({ arn }) {
      known.delete(arn);
      trusts.delete(keyOf(arn));
      // Its sessions end with it: they have no permission left.
      attached.set(keyOf(arn), []);
    },
    permitOnly({ arn }, documents) {
      attached.set(keyOf(arn), documents.map(parsePolicy));
    },
    trustOf: ({ arn }) => trusts.get(keyOf(arn))?.document,
    accounts: () => [...new Set([...known.values()].map(({ accountId }) => accountId))],
    attach(role, document) {
      attached.set(keyOf(role), [...(attached.get(keyOf(role)) ?? []), parsePolicy(document)]);
    },
    trust(role, document) {
      trusts.set(keyOf(role), trustIn(document));
    },
    mayAssume: ({ arn }, call) => {
      const policy = trusts.get(keyOf(arn))?.decide;
      return policy === undefined || policy({ ...call, resource: arn }) === 'allowed';
    },
    authorize(principal, demand, family) {
      const { action, resource } = demand;
      const role = /:assumed-role\/([^/]+)\//.exec(principal.arn)?.[1];
      const policies =
        role === undefined ? undefined : attached.get(`arn:aws:iam::${principal.accountId}:role/${role}`);
      // GetCallerIdentity needs no permission and cannot be denied (AWS STS API reference).
      if (action === 'sts:GetCallerIdentity') return;
      const limit = limits.get(principal.accessKeyId);
      const decision = policies === undefined ? 'allowed' : evaluate(policies, demand);
      // A session has the intersection of the role's permissions and its session policy (IAM user guide, "Session policies").
      const within = limit === undefined ? 'allowed' : evaluate([limit], demand);
      if (decision === 'allowed' && within === 'allowed') return;
      const kind = decision === 'allowed' ? 'session' : 'identity-based';
      const why =
        (decision === 'allowed' ? within : decision) === 'explicitly-denied'
          ? `with an explicit deny in ${kind === 'session' ? 'a session' : 'an identity-based'} policy`
          : `because no ${kind} policy allows the ${action} action`;
      const message = `User: ${principal.arn} is not authorized to perform: ${action} on resource: ${resource} ${why}`;
      throw family === 'json'
        ? new AwsError('AccessDeniedException', message)
        : new AwsError('AccessDenied', message, 403);
    },
  };
};

const arnOf = ({ accountId }: Kernel, role: string): string =>
  role.startsWith('arn:') ? role : `arn:aws:iam::${accountId}:role/${role}`;

const trustWords: PolicyWords = {
  services: true,
  malformed: (message) => fail(message),
  notServed: (what) => fail(`${what} is not evaluated here in a trust policy`),
};
const trustIn = (document: object): { readonly document: object; readonly decide: ResourcePolicy } => ({
  document,
  decide: readResourcePolicy(JSON.stringify(document), trustWords),
});
const fail = (message: string): never => {
  throw new TypeError(message);
};

/** The region in the credential scope of a signature (AWS: "Signature Version 4"). */
export const signedRegionOf = (headers: Readonly<Record<string, string>>): string | undefined =>
  /Credential=[^/,]+\/\d{8}\/([a-z0-9-]+)\//.exec(headers['authorization'] ?? '')?.[1];

const accessKeyOf = (headers: Readonly<Record<string, string>>): string | undefined =>
  /Credential=([^/,]+)\//.exec(headers['authorization'] ?? '')?.[1];

/** The same refusal has other codes in each protocol (AWS: "Common errors" of STS, SageMaker and S3). */
const refusals = {
  missing: {
    json: ['MissingAuthenticationTokenException', 'Missing Authentication Token', 400],
    query: ['MissingAuthenticationToken', 'Request is missing Authentication Token', 403],
    s3: ['AccessDenied', 'Access Denied', 403],
  },
  unknown: {
    json: ['UnrecognizedClientException', 'The security token included in the request is invalid.', 400],
    query: ['InvalidClientTokenId', 'The security token included in the request is invalid.', 403],
    s3: ['InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.', 403],
  },
  expired: {
    json: ['ExpiredTokenException', 'The security token included in the request is expired', 400],
    query: ['ExpiredToken', 'The security token included in the request is expired', 403],
    s3: ['ExpiredToken', 'The provided token has expired.', 400],
  },
} as const;

export const refusal = (why: keyof typeof refusals, family: Protocol['family']): AwsError => {
  const [code, message, status] = refusals[why][family];
  return new AwsError(code, message, status);
};
