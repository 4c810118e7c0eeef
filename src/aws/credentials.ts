import { type Clock, duration, type Instant, iso, minutes, seconds } from '../clock.ts';
import { keepSecret, redacted } from '../secrets.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { networkCauseOf, Unreachable } from './causes.ts';
import { type AwsConnection, clientSettings } from './connection.ts';
import { CredentialsUnavailable } from './credentials-unavailable.ts';
import { classify, describe, type ErrorClass } from './errors.ts';
import type { Identity } from './identity.ts';
import { partitionOf } from './partition.ts';
import { retrying, Throttled } from './retry.ts';
import { sender } from './sender.ts';
import type { Sts } from './sts.ts';

/** The source of a connection's credentials. It refreshes itself; its errors and messages contain no secret (DESIGN §7 rule 16). */
export interface CredentialSource {
  /**
   * Called by the SDK before every request.
   * @throws {CredentialsUnavailable}
   */
  readonly provide: () => Promise<Identity>;
  /** AWS reported them as expired: fetch new ones for the next request, whatever the clock shows. */
  readonly forget: () => void;
  /** When the present ones end; undefined before the first request, and for keys without an expiry. */
  expiresAt(): Instant | undefined;
  /** A sentence when a plan of this length outlasts credentials that cannot be refreshed here (DESIGN §7 rule 12), else undefined. */
  tooShort(planSeconds: number): Promise<string | undefined>;
}

export interface BaseOptions extends AwsConnection {
  readonly clock: Clock;
  /** What this host lacks when there are no credentials at all, and the remedy. */
  readonly missing?: string;
  /** Access keys in the variables of this process: the chain's first source, which needs none of its code. */
  readonly keys?: Identity;
  /** Called with every identity before its first use: the host hides it from its log. */
  readonly learned?: (identity: Identity) => void;
}

export interface AssumedOptions extends BaseOptions {
  /** Role name or ARN. */
  readonly role: string;
  /** Twelve digits; needed to build the ARN from a name when the proof is an OIDC token. */
  readonly account?: string;
  readonly source:
    | { readonly proof: 'oidc'; token(): Promise<string> }
    | { readonly proof: 'credentials'; readonly credentials: CredentialSource };
  /** CloudTrail shows it as the author. Characters that STS does not allow become `-`. */
  readonly sessionName: string;
  /** Session policy in IAM's form: the credentials allow only what the role's policies and this one allow. */
  readonly policy?: string;
}

/** Renewal comes this long before the end, by our clock: a turn and its retries fit in it. */
const renewalMargin = minutes(5);
/** Every role allows an hour, and a chained session is never longer (IAM user guide, "Role chaining"). */
const sessionSeconds = 3600;

/** The SDK's words when every source of the chain is empty (@aws-sdk/credential-provider-node). */
const noProvider = /^Could not load credentials from any providers/;

/** The SDK's default chain: environment, shared files, web identity, container, instance. */
export const base = (options: BaseOptions): CredentialSource => {
  let renewable = true;
  let chain: Awaited<ReturnType<typeof defaultChain>> | undefined;
  let force = false;
  const source = refreshing(options, async () => {
    if (options.keys !== undefined) {
      renewable = false;
      return options.keys;
    }
    chain ??= await defaultChain(options);
    try {
      const identity = await chain({ forceRefresh: force });
      force = false;
      // Keys in the environment never change; the chain can renew all other kinds.
      renewable = !('$source' in identity && Object.hasOwn(identity.$source ?? {}, 'CREDENTIALS_ENV_VARS'));
      return identity;
    } catch (error) {
      // The chain also calls STS where the runner has a web identity: a wait there does not mean that no credentials exist.
      const kind = classify(error);
      if (kind === 'throttled' || kind === 'transient' || networkCauseOf(error)) throw error;
      const missing = noProvider.test(error instanceof Error ? error.message : '') ? options.missing : undefined;
      throw new CredentialsUnavailable(missing ?? `no AWS credentials were found: ${describe(error)}`);
    }
  });
  return {
    ...source,
    forget: () => {
      force = true;
      source.forget();
    },
    tooShort: async (planSeconds) => {
      await source.provide();
      const until = source.expiresAt();
      if (renewable || until === undefined || until >= options.clock.now() + seconds(planSeconds)) return undefined;
      return (
        `the credentials end at ${iso(until)}, but the plan takes ${duration(seconds(planSeconds))}, and they cannot be` +
        ' refreshed here: set `role` in the manifest, or ask for a longer session'
      );
    },
  };
};

/** Credentials that came with a request, for the duration of that request. */
export const fixed = (identity: Identity): CredentialSource => {
  keepSecret(identity.secretAccessKey, identity.sessionToken);
  return {
    provide: async () => identity,
    forget: () => {},
    expiresAt: () => identity.expiration?.getTime(),
    tooShort: async () => undefined,
  };
};

/** The default chain as the SDK resolves it for a client; its inner calls use the same proxy. */
const defaultChain = async (connection: AwsConnection): Promise<(options: object) => Promise<Identity>> => {
  const { stsClient } = await import('./sts.ts');
  return stsClient(clientSettings(connection)).config.credentials;
};

/** A role's credentials, assumed with an OIDC token or with other credentials, and assumed again before they end. */
export const assumed = (options: AssumedOptions): CredentialSource => {
  const { source } = options;
  const RoleSessionName = options.sessionName
    .replace(/[^\w+=,.@-]/g, '-')
    .slice(0, 64)
    .padEnd(2, '-');
  const take = async (): Promise<Identity> => {
    const proven = source.proof === 'oidc' ? await oidcToken(options, source.token) : undefined;
    keepSecret(proven);
    try {
      const calls = await stsCalls(options);
      const RoleArn = await roleArn(options, calls);
      const request = {
        ...{ RoleArn, RoleSessionName, DurationSeconds: sessionSeconds },
        ...withoutUndefined({ Policy: options.policy }),
      };
      const { Credentials: taken } = proven
        ? await calls.roles.assumeRoleWithWebIdentity({ ...request, WebIdentityToken: proven })
        : await calls.roles.assumeRole(request);
      if (!taken?.AccessKeyId || !taken.SecretAccessKey || !taken.SessionToken)
        throw new CredentialsUnavailable(`role ${options.role}: STS gave no credentials`);
      return {
        accessKeyId: taken.AccessKeyId,
        secretAccessKey: taken.SecretAccessKey,
        sessionToken: taken.SessionToken,
        ...withoutUndefined({ expiration: taken.Expiration }),
      };
    } catch (error) {
      throw refusal(options, error, proven);
    }
  };
  const renewed = refreshing(options, take);
  return {
    ...renewed,
    forget: () => {
      if (source.proof === 'credentials') source.credentials.forget();
      renewed.forget();
    },
    // The last session outlives the credentials that assumed it.
    tooShort: async (planSeconds) =>
      source.proof === 'oidc'
        ? undefined
        : source.credentials.tooShort(Math.max(0, planSeconds - sessionSeconds + renewalMargin / 1000)),
  };
};

/** Keeps the result of `fetch` until shortly before its end by our clock; concurrent requests share one fetch. */
const refreshing = (
  { clock, learned }: Pick<BaseOptions, 'clock' | 'learned'>,
  fetch: () => Promise<Identity>,
): Omit<CredentialSource, 'tooShort'> => {
  let current: Identity | undefined;
  let stale = false;
  let pending: Promise<Identity> | undefined;
  const remainingMs = (identity: Identity): number =>
    (identity.expiration?.getTime() ?? Number.POSITIVE_INFINITY) - clock.now();

  const provide = async (): Promise<Identity> => {
    if (current && !stale && remainingMs(current) >= renewalMargin) return handedOut(current);
    pending ??= fetch()
      .then((identity) => {
        keepSecret(identity.secretAccessKey, identity.sessionToken);
        learned?.(identity);
        return identity;
      })
      .finally(() => {
        pending = undefined;
      });
    try {
      current = await pending;
      stale = false;
    } catch (error) {
      // Early renewal failed, but the present ones still work; the next request tries again.
      if (!current || stale || remainingMs(current) <= 0) throw error;
    }
    return handedOut(current);
  };
  return {
    provide,
    forget: () => {
      stale = true;
    },
    expiresAt: () => current?.expiration?.getTime(),
  };
};

/**
 * The SDK keeps an identity until five minutes before `expiration` by `Date.now()`, or for ever without one (@smithy/core
 * memoizeIdentityProvider). Our clock decides, so each identity is returned as expired and the SDK calls this before every request.
 */
const handedOut = (identity: Identity): Identity => ({ ...identity, expiration: new Date(0) });

const stsCalls = async (options: AssumedOptions): Promise<Sts> => {
  const { sts, stsClient } = await import('./sts.ts');
  // AssumeRoleWithWebIdentity is not signed; the token is the proof.
  const client = stsClient({
    ...clientSettings(options),
    ...(options.source.proof === 'credentials' ? { credentials: options.source.credentials.provide } : {}),
  });
  return sts(sender(client, 'sts', { retry: retrying({ clock: options.clock }) }));
};

/** The account in the ARN of a role; undefined for a name. */
export const accountOfRole = (role: string): string | undefined => /^arn:[\w-]+:iam::(\d{12}):/.exec(role)?.[1];

const roleArn = async (
  { role, account, region, source }: AssumedOptions,
  calls: Pick<Sts, 'reads'>,
): Promise<string> => {
  if (role.startsWith('arn:')) return role;
  const owner =
    account ?? (source.proof === 'credentials' ? (await calls.reads.getCallerIdentity()).Account : undefined);
  if (!owner)
    throw new CredentialsUnavailable(
      `role ${role} is a name without an account: set \`account\` in the manifest's environment, or give the role's ARN`,
    );
  return `arn:${partitionOf(region)}:iam::${owner}:role/${role}`;
};

/** The toolkit rewords network errors. */
const notAnswered =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPROTO)\b|CERT|certificate|tunneling socket|proxy|socket hang up|Unexpected token|Error Code : (407|5\d\d)/i;

const oidcToken = async ({ role }: AssumedOptions, token: () => Promise<string>): Promise<string> => {
  try {
    return await token();
  } catch (error) {
    const message = redacted(error instanceof Error ? error.message : String(error));
    if (notAnswered.test(message) || networkCauseOf(error))
      throw new Unreachable(
        `role ${role} could not be assumed: GitHub's identity service did not answer (${message.replaceAll(/\s+/g, ' ').trim()}); check that this machine can reach the host, directly or by HTTPS_PROXY`,
      );
    throw new CredentialsUnavailable(
      `role ${role} could not be assumed: GitHub gave the job no identity token. Grant it \`permissions: id-token: write\` in the` +
        ` workflow (a reusable workflow's caller must grant it too): ${message}`,
    );
  }
};

/** Names the side that has to change; throttling and cancellation pass unchanged. */
const refusal = ({ role, account }: AssumedOptions, error: unknown, token: string | undefined): unknown => {
  if (error instanceof CredentialsUnavailable || error instanceof Throttled) return error;
  const kind = classify(error);
  if (kind === 'aborted' || kind === 'transient' || networkCauseOf(error)) return error;
  const message = error instanceof Error ? redacted(error.message) : '';
  const name = error instanceof Error ? error.name : 'Error';
  const owner = accountOfRole(role) ?? account;
  const why = (token === undefined ? refusedKeys : refusedToken)({
    kind,
    name,
    said: message,
    token: token ?? '',
    // AWS gives the same answer for a role that does not exist.
    absent:
      owner === undefined ? 'the role does not exist' : `the account ending in ${owner.slice(-4)} has no such role`,
  });
  return new CredentialsUnavailable(
    `role ${role} could not be assumed: ${why}`,
    token === undefined && kind === 'access-denied',
  );
};

interface Refused {
  readonly kind: ErrorClass;
  readonly name: string;
  /** AWS's message. */
  readonly said: string;
  readonly token: string;
  readonly absent: string;
}

/** By credentials of this process. */
const refusedKeys = ({ kind, name, said, absent }: Refused): string => {
  switch (kind) {
    case 'access-denied':
      return `${absent}, or the caller's policy does not allow sts:AssumeRole on it, or its trust policy does not allow the caller (${said})`;
    case 'expired-credentials':
      return `the credentials that this process has for it have expired (${name}: ${said}); fetch new ones, then run again`;
    case 'no-credentials':
      return `AWS does not accept the access keys that this process has for it (${name}: ${said}); correct them`;
    default:
      return `${name}: ${said}`;
  }
};

/** By GitHub's identity token. */
const refusedToken = ({ kind, name, said, token, absent }: Refused): string => {
  const presented = `GitHub presented ${claims(token)}`;
  if (kind === 'access-denied')
    return `${absent}, or its trust policy does not allow sts:AssumeRoleWithWebIdentity to exactly this identity (${name}: ${said}); ${presented}`;
  if (kind === 'expired-credentials')
    return `GitHub's identity token had expired when AWS read it (${name}: ${said}); check the clock of this runner, then run again`;
  if (!name.startsWith('InvalidIdentityToken')) return `${name}: ${said}; ${presented}`;
  if (/audience/i.test(said))
    return `the identity provider in its account does not accept the audience of GitHub's token (${said}); add sts.amazonaws.com to the provider's audiences; ${presented}`;
  if (/No OpenIDConnect provider/i.test(said))
    return `its account has no identity provider for GitHub (${said}); create one for token.actions.githubusercontent.com in IAM; ${presented}`;
  return `its account does not accept GitHub's identity token (${said}); ${presented}`;
};

/** The claims a trust policy is written against; not the token. */
const claims = (token: string): string => {
  try {
    const payload: Readonly<Record<string, unknown>> = JSON.parse(
      Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'),
    );
    return `sub ${String(payload['sub'])}, aud ${String(payload['aud'])}`;
  } catch {
    return 'a token whose claims cannot be read';
  }
};
