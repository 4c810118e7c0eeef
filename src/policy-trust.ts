import type { Condition } from './policy-conditions.ts';

/** GitHub's identity provider in an account of AWS. */
export interface IdentityProvider {
  readonly partition: string;
  readonly account: string;
  /** Its address without `https://`; default: that of github.com. */
  readonly issuer?: string;
}

export const githubIssuer = 'token.actions.githubusercontent.com';

export interface TrustPolicy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly [
    {
      readonly Sid: string;
      readonly Effect: 'Allow';
      readonly Principal: { readonly Federated: string };
      readonly Action: readonly string[];
      readonly Condition: Condition;
    },
  ];
}

/**
 * The subjects of jobs in GitHub's identity tokens, in each form of the repository's name.
 * @param repositories `acme/churn`, and the immutable form `acme@123456/churn@789012`
 */
export const subjectsOf = (repositories: readonly string[]) => {
  const of = (ends: readonly string[]): readonly string[] =>
    repositories.flatMap((one) => ends.map((end) => `repo:${one}:${end}`));
  return {
    /** Jobs with this `environment:`. */
    inEnvironments: (...names: readonly string[]) => of(names.map((name) => `environment:${name}`)),
    /** Jobs without one, by `heads/main` or `tags/churn_v*`. */
    onRefs: (...refs: readonly string[]) => of(refs.map((ref) => `ref:refs/${ref}`)),
    /** Jobs without one, of pull requests from branches of the repository. */
    ofPullRequests: () => of(['pull_request']),
  };
};

/** Lets the jobs with these subjects assume a role. A subject with a star makes all of them patterns. */
export const trustPolicy = (
  { partition, account, issuer = githubIssuer }: IdentityProvider,
  subjects: readonly string[],
): TrustPolicy => {
  const aud = { [`${issuer}:aud`]: 'sts.amazonaws.com' };
  const sub = { [`${issuer}:sub`]: subjects };
  const patterns = subjects.some((subject) => subject.includes('*'));
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'LetItsJobsIn',
        Effect: 'Allow',
        Principal: { Federated: `arn:${partition}:iam::${account}:oidc-provider/${issuer}` },
        Action: ['sts:AssumeRoleWithWebIdentity'],
        Condition: patterns ? { StringEquals: aud, StringLike: sub } : { StringEquals: { ...aud, ...sub } },
      },
    ],
  };
};
