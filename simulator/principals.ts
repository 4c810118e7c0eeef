import { checkSignature, refusal, signatureOf } from './authentication.ts';
import { AwsError, type Instant, type Kernel, type Principal } from './contracts.ts';
import type { Demand } from './iam/demands.ts';
import { type Decision, evaluate } from './iam/evaluate.ts';
import { type Policy, parsePolicy } from './iam/policy.ts';
import {
  type PolicyWords,
  type ResourceCall,
  type ResourcePolicy,
  readResourcePolicy,
  roleOf,
} from './iam/resource-policy.ts';
import { base32Of, digestOf } from './random.ts';
import { accessKeyIn } from './signature.ts';
import type { Protocol, WireRequest } from './wire.ts';

/** The caller. Every clock participant has its own long-lived keys, so that the request log shows the process. */
export interface Principals {
  /** The long-lived credentials of a participant's process. */
  keysOf(participant: string): { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** @throws AwsError as AWS refuses unknown and expired credentials, and signatures that do not fit, in that protocol. */
  authenticate(request: WireRequest, call: { readonly service: string; readonly protocol: Protocol }): Caller;
  /** The participant of a call, if it is known before any check. */
  participantOf(request: WireRequest): string | undefined;
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
  /** Whether the role exists, and its trust policy lets the service assume it; without a policy it lets everyone. */
  letsIn(role: string, service: string): boolean;
  /** What the policies of a role, or of its session, say; without policies it may do everything. */
  decide(principal: Principal, action: string, resource: string): Decision;
  /** @throws AwsError AccessDeniedException, worded as IAM words it. */
  authorize(principal: Principal, demand: Demand, family: Protocol['family']): void;
}

export interface Caller {
  readonly principal: Principal;
  /** The region that the request was signed for; none: the request needs no signature. */
  readonly region?: string;
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

/**
 * @param roles names in this account, or whole ARNs for roles elsewhere
 * @param sharedClock the time, while the callers' clocks show it too; then the dates of signatures are judged
 */
export const createPrincipals = (
  kernel: Kernel,
  roles: readonly string[],
  sharedClock: () => Instant | undefined = () => undefined,
): Principals => {
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
  const longLivedKeys = new Map<string, ReturnType<Principals['keysOf']>>();
  const keysOf: Principals['keysOf'] = (participant) => {
    const keys = longLivedKeys.get(participant) ?? {
      accessKeyId: `${longLived}${participant.replace(/\D/g, '').padStart(7, '0')}`,
      secretAccessKey: digestOf('secret', participant).toString('base64').slice(0, 40),
    };
    longLivedKeys.set(participant, keys);
    return keys;
  };
  const userArn = `arn:aws:iam::${kernel.accountId}:user/delivery`;
  const user = { arn: userArn, accountId: kernel.accountId, userId: `AIDA${base32Of(17, 'user', userArn)}` };
  /** A session's ARN does not have its role's path, and an account has one role of a name. */
  const keyOf = (role: string): string => arnOf(kernel, role).replace(/:role\/.*\//, ':role/');

  return {
    keysOf,
    participantOf(request) {
      const accessKeyId = accessKeyIn(request) ?? '';
      return longLivedOf(accessKeyId) ?? sessions.get(accessKeyId)?.participant;
    },
    authenticate(request, { service, protocol: asked }) {
      const signature = signatureOf(request, asked);
      const { accessKeyId, region } = signature;
      const judged = { request, signature, service, asked, now: sharedClock(), home: kernel.region };
      const process = longLivedOf(accessKeyId);
      const token = request.headers['x-amz-security-token'];
      if (process !== undefined) {
        // IAM user guide, "Troubleshoot IAM": long-lived keys go without a token.
        if (token !== undefined) throw refusal('token', asked);
        checkSignature({ ...judged, secret: keysOf(process).secretAccessKey });
        const principal = { accessKeyId, ...user };
        return { principal, region, participant: process, temporary: false };
      }
      const issued = sessions.get(accessKeyId);
      if (issued === undefined || token === undefined) throw refusal('unknown', asked);
      if (token !== issued.session.sessionToken) throw refusal('token', asked);
      if (kernel.clock.now() >= issued.session.expiration) throw refusal('expired', asked);
      checkSignature({ ...judged, secret: issued.session.secretAccessKey });
      return { principal: issued.session.principal, region, participant: issued.participant, temporary: true };
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
          userId: `${role.roleId}:${sessionName}`,
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
    letsIn(role, service) {
      const found = known.get(role);
      if (found === undefined) return false;
      const principal = { accessKeyId: service, arn: '*', accountId: '' };
      return this.mayAssume(found, { principal, action: 'sts:AssumeRole', service });
    },
    decide(principal, action, resource) {
      const demand = { action, resource, context: () => [] };
      const policies = attached.get(keyOf(roleOf(principal.arn)));
      const decision = policies === undefined ? 'allowed' : evaluate(policies, demand);
      const limit = limits.get(principal.accessKeyId);
      return decision === 'allowed' && limit !== undefined ? evaluate([limit], demand) : decision;
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

/** The participant whose long-lived key it is. */
const longLivedOf = (accessKeyId: string): string | undefined =>
  /^AKIASIMULATED\d{7,}$/.test(accessKeyId) ? `p${Number(accessKeyId.slice(longLived.length))}` : undefined;
