import { AwsError, type Kernel, type Service } from '../contracts.ts';
import { besidesAssuming } from '../iam/demands.ts';
import { documentOf, judged } from '../iam/document.ts';
import { parsePolicy, type Policy as SessionPolicy } from '../iam/policy.ts';
import { notSimulated } from '../not-simulated.ts';
import type { Principals, Role, Session } from '../principals.ts';
import { digestOf } from '../random.ts';
import { githubIssuer, type Providers } from './iam-providers.ts';

/** STS. The participant that assumes a role stays known for the session it gets. */
export const createSts = (
  kernel: Kernel,
  principals: Principals,
  providers: Providers,
): { readonly service: Service } => {
  const durationOf = (input: { DurationSeconds?: number }, role: Role, chained: boolean): number => {
    const durationMs = (input.DurationSeconds ?? 3600) * 1000;
    // AWS: AssumeRole API reference, "role chaining limits your session to a maximum of one hour".
    if (chained && durationMs > 3_600_000) {
      throw new AwsError(
        'ValidationError',
        'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
      );
    }
    if (durationMs > (role.maxSessionMs ?? kernel.settings.roleMaxSessionMs)) {
      throw new AwsError(
        'ValidationError',
        'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
      );
    }
    return durationMs;
  };
  const answer = (role: Role, session: Session, sessionName: string) => ({
    Credentials: {
      AccessKeyId: session.accessKeyId,
      SecretAccessKey: session.secretAccessKey,
      SessionToken: session.sessionToken,
      Expiration: new Date(session.expiration),
    },
    AssumedRoleUser: { AssumedRoleId: `${role.roleId}:${sessionName}`, Arn: session.principal.arn },
  });

  const service: Service = {
    operations: {
      GetCallerIdentity: (_input, { principal }) => {
        // The id of an account's root is the account's (IAM user guide, "Where you can use principal key values").
        const { accountId: Account, arn: Arn, userId: UserId = Account } = principal;
        return { UserId, Account, Arn };
      },
      AssumeRole: (
        input: {
          RoleArn: string;
          RoleSessionName: string;
          DurationSeconds?: number;
          Policy?: string;
          ExternalId?: string;
          Tags?: readonly { readonly Key: string; readonly Value: string }[];
          SourceIdentity?: string;
        },
        call,
      ) => {
        checkArn(input.RoleArn);
        const role = principals.role(input.RoleArn);
        const tags = (input.Tags ?? []).map(
          ({ Key, Value }) => [`aws:requesttag/${Key.toLowerCase()}`, Value] as const,
        );
        const keys = { 'sts:externalid': input.ExternalId, ...Object.fromEntries(tags) };
        const presented = { principal: call.principal, keys };
        const actions = ['sts:AssumeRole', ...besidesAssuming(input)];
        const refused = actions.find((action) => role && !principals.mayAssume(role, { ...presented, action }));
        if (role === undefined || refused !== undefined) {
          const message = `User: ${call.principal.arn} is not authorized to perform: ${refused ?? 'sts:AssumeRole'} on resource: ${input.RoleArn}`;
          throw new AwsError('AccessDenied', message, 403);
        }
        const durationMs = durationOf(input, role, call.principal.arn.includes(':assumed-role/'));
        const { SourceIdentity } = input;
        const session = principals.issue(role, input.RoleSessionName, durationMs, call.participant, policyOf(input));
        return {
          ...answer(role, session, input.RoleSessionName),
          ...(SourceIdentity === undefined ? {} : { SourceIdentity }),
        };
      },
      AssumeRoleWithWebIdentity: (input: {
        RoleArn: string;
        RoleSessionName: string;
        WebIdentityToken: string;
        DurationSeconds?: number;
        Policy?: string;
      }) => {
        const claims = claimsOf(input.WebIdentityToken);
        const role = principals.role(input.RoleArn);
        const trust = providers.trustIn(accountIn(input.RoleArn), claims.iss, claims.aud);
        if (trust === 'no-provider')
          throw new AwsError(
            'InvalidIdentityToken',
            `No OpenIDConnect provider found in your account for ${claims.iss}`,
          );
        if (trust === 'other-audience') throw new AwsError('InvalidIdentityToken', 'Incorrect token audience');
        // Tokens of other issuers have claims that trust policies are not compared with here.
        if (claims.iss !== githubIssuer) throw notSimulated(`sts AssumeRoleWithWebIdentity, tokens of ${claims.iss}`);
        const now = Math.floor(kernel.clock.now() / 1000);
        if (!(claims.exp > now)) {
          const message = `Token expired: current date/time ${now} must be before the expiration date/time ${claims.exp}`;
          throw new AwsError('ExpiredTokenException', message);
        }
        const presented = {
          principal: { accessKeyId: '', arn: '*', accountId: '' },
          action: 'sts:AssumeRoleWithWebIdentity',
          federated: providerOf(role),
          keys: {
            'token.actions.githubusercontent.com:aud': claims.aud,
            'token.actions.githubusercontent.com:sub': claims.sub,
          },
        };
        if (role === undefined || !principals.mayAssume(role, presented)) {
          throw new AwsError('AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity', 403);
        }
        const durationMs = durationOf(input, role, false);
        const session = principals.issue(
          role,
          input.RoleSessionName,
          durationMs,
          claims.simulator_participant,
          policyOf(input),
        );
        return {
          ...answer(role, session, input.RoleSessionName),
          SubjectFromWebIdentityToken: claims.sub,
          Provider: providerOf(role),
          Audience: claims.aud,
        };
      },
    },
  };
  return { service };
};

/** The form of an ARN, and no more: a role that cannot be is refused like one that is not (AWS general reference, "ARN format"). */
const checkArn = (arn: string): void => {
  const [prefix, partition, service, , , ...resource] = arn.split(':');
  if (prefix === 'arn' && partition && service && resource.join(':') !== '') return;
  throw new AwsError('ValidationError', `${arn} is invalid`);
};

/** Of the session. */
const policyOf = ({ Policy }: { readonly Policy?: string }): SessionPolicy | undefined =>
  Policy === undefined ? undefined : judged(() => parsePolicy(documentOf(Policy)));

const accountIn = (arn: string): string => arn.split(':')[4] ?? '';

/** Each account has a provider of its own. */
const providerOf = (role: Role | undefined): string =>
  `arn:aws:iam::${role?.accountId ?? ''}:oidc-provider/${githubIssuer.slice('https://'.length)}`;

interface Claims {
  readonly iss: string;
  readonly aud: string;
  readonly sub: string;
  readonly exp: number;
  /** The request is unsigned, so the token names the participant. */
  readonly simulator_participant: string | undefined;
}

const claimsOf = (token: string): Claims => {
  try {
    const { iss, aud, sub, exp, simulator_participant } = JSON.parse(
      Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'),
    );
    return { iss: String(iss), aud: String(aud), sub: String(sub), exp: Number(exp), simulator_participant };
  } catch {
    throw new AwsError('InvalidIdentityToken', 'The ID Token provided is not a valid JWT.');
  }
};

/** The participant that received a web identity token. */
export const participantOfToken = (token: unknown): string | undefined => {
  try {
    return claimsOf(String(token)).simulator_participant;
  } catch {
    return undefined;
  }
};

/**
 * The token of GitHub's token endpoint for a job, unsigned: this account does not check the signature (GitHub: "OpenID Connect
 * reference"). `query`: `audience`, and for rehearsals `subject` and `participant`.
 */
export const githubToken = (kernel: Kernel, query: URLSearchParams): string => {
  const now = Math.floor(kernel.clock.now() / 1000);
  const sub = query.get('subject') ?? 'repo:octo-org/octo-repo:environment:production';
  const claims = {
    iss: githubIssuer,
    aud: query.get('audience') ?? 'https://github.com/octo-org',
    sub,
    iat: now,
    nbf: now - 300,
    exp: now + 300,
    jti: digestOf('jti', now, sub).toString('hex').slice(0, 32),
    simulator_participant: query.get('participant') ?? undefined,
  };
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ typ: 'JWT', alg: 'none' })}.${part(claims)}.${Buffer.from('unsigned').toString('base64url')}`;
};
