import { AwsError, type Handler, type Instant, type Kernel } from '../contracts.ts';

/** GitHub's issuer of identity tokens, and the audience of those for AWS (GitHub: "OpenID Connect reference"). */
export const githubIssuer = 'https://token.actions.githubusercontent.com';
const githubAudience = 'sts.amazonaws.com';

interface Provider {
  readonly url: string;
  readonly audiences: readonly string[];
  readonly thumbprints: readonly string[];
  readonly tags: readonly object[];
  readonly createdAt: Instant;
}

interface Named {
  readonly OpenIDConnectProviderArn: string;
}

/** Whether an account takes the tokens of an issuer. */
export type Trust = 'trusted' | 'no-provider' | 'other-audience';

export interface Providers {
  readonly operations: Readonly<Record<string, Handler>>;
  trustIn(accountId: string, issuer: string, audience: string): Trust;
}

/**
 * The OpenID Connect providers of the accounts (IAM user guide, "Create an OpenID Connect identity provider").
 * @param withGithub every account begins with GitHub's
 */
export const createProviders = (kernel: Kernel, withGithub: boolean): Providers => {
  const startedAt = kernel.clock.now();
  /** By account, then by ARN. */
  const accounts = new Map<string, Map<string, Provider>>();
  const of = (accountId: string): Map<string, Provider> => {
    const found = accounts.get(accountId) ?? new Map<string, Provider>();
    if (!accounts.has(accountId) && withGithub)
      found.set(arnOf(accountId, githubIssuer), {
        url: githubIssuer,
        audiences: [githubAudience],
        thumbprints: [],
        tags: [],
        createdAt: startedAt,
      });
    accounts.set(accountId, found);
    return found;
  };

  const operations: Readonly<Record<string, Handler>> = {
    CreateOpenIDConnectProvider: (
      input: {
        readonly Url: string;
        readonly ClientIDList?: readonly string[];
        readonly ThumbprintList?: readonly string[];
        readonly Tags?: readonly object[];
      },
      { principal: { accountId } },
    ) => {
      const { Url, ClientIDList = [], ThumbprintList = [], Tags = [] } = input;
      if (!Url.startsWith('https://')) throw new AwsError('InvalidInput', 'Invalid Open ID Connect Provider URL');
      const arn = arnOf(accountId, Url);
      if (of(accountId).has(arn))
        throw new AwsError('EntityAlreadyExists', `Provider with url ${Url} already exists.`, 409);
      of(accountId).set(arn, {
        url: Url,
        audiences: ClientIDList,
        thumbprints: ThumbprintList,
        tags: Tags,
        createdAt: kernel.clock.now(),
      });
      return { OpenIDConnectProviderArn: arn, ...(Tags.length > 0 ? { Tags } : {}) };
    },
    GetOpenIDConnectProvider: ({ OpenIDConnectProviderArn: arn }: Named, { principal }) => {
      const found = of(principal.accountId).get(arn);
      if (found === undefined)
        throw new AwsError('NoSuchEntity', `OpenIDConnect Provider not found for arn ${arn}`, 404);
      const { url, audiences, thumbprints, tags, createdAt } = found;
      return {
        Url: withoutScheme(url),
        ClientIDList: audiences,
        ThumbprintList: thumbprints,
        CreateDate: new Date(createdAt),
        Tags: tags,
      };
    },
    ListOpenIDConnectProviders: (_input, { principal }) => ({
      OpenIDConnectProviderList: [...of(principal.accountId).keys()].map((Arn) => ({ Arn })),
    }),
    // IAM API reference, DeleteOpenIDConnectProvider: it does not fail for a provider that does not exist.
    DeleteOpenIDConnectProvider: ({ OpenIDConnectProviderArn: arn }: Named, { principal }) => {
      of(principal.accountId).delete(arn);
      return {};
    },
  };

  return {
    operations,
    trustIn: (accountId, issuer, audience) => {
      const found = of(accountId).get(arnOf(accountId, issuer));
      if (found === undefined) return 'no-provider';
      return found.audiences.includes(audience) ? 'trusted' : 'other-audience';
    },
  };
};

const withoutScheme = (url: string): string => url.slice('https://'.length);
const arnOf = (accountId: string, url: string): string =>
  `arn:aws:iam::${accountId}:oidc-provider/${withoutScheme(url).replace(/\/$/, '')}`;
