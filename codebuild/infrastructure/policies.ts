import { documentsFor, type PublishedName } from '../../src/permissions.ts';
import { type Duties, dutyPolicies } from '../../src/policy-duties.ts';
import type { Place } from '../../src/policy-resources.ts';
import { onlyIf, sub } from './template.ts';

/**
 * Placeholder → parameter of the template, or pseudo parameter. The policies are made for a place of placeholders, in lower case as names in ARNs are, and
 * CloudFormation puts the names in.
 */
const parameters: Readonly<Record<string, string>> = {
  partition: 'AWS::Partition',
  region: 'AWS::Region',
  account: 'AWS::AccountId',
  model: 'Model',
  endpoint: 'Endpoint',
  afterendpoint: 'AfterEndpoint',
  afterbucket: 'AfterReleasesBucket',
  afterprefix: 'AfterReleasesPrefix',
  executionrole: 'ExecutionRole',
  releasesbucket: 'ReleasesBucket',
  releasesprefix: 'ReleasesPrefix',
  trainingbucket: 'TrainingBucket',
  imagerepository: 'ImageRepository',
  kmsalias: 'KmsAlias',
  owner: 'GitHubOwner',
  ownerid: 'GitHubOwnerId',
  repository: 'GitHubRepository',
  repositoryid: 'GitHubRepositoryId',
  branch: 'GitHubBranch',
  tagprefix: 'GitHubTagPrefix',
  approvals: 'ApprovalEnvironment',
  deliveries: 'DeliveryEnvironment',
  rollbacks: 'RollbackEnvironment',
  function: 'Function',
  alias: 'Alias',
  hook: 'HookName',
};

const place: Place = {
  partition: '<partition>',
  region: '<region>',
  account: '<account>',
  model: '<model>',
  endpoint: '<endpoint>',
  executionRole: '<executionrole>',
  releases: { bucket: '<releasesbucket>', prefix: '<releasesprefix>' },
  artifacts: '<trainingbucket>',
  repository: '<imagerepository>',
  kmsAlias: '<kmsalias>',
  // No policy of a template names the deployment group.
  lambda: {
    ...{ function: '<function>', alias: '<alias>', application: '', deploymentGroup: '' },
    hooks: { beforeAllowTraffic: '<hook>' },
  },
};

/** The environment that `after` of the manifest names. */
const before: Place = {
  ...place,
  endpoint: '<afterendpoint>',
  releases: { bucket: '<afterbucket>', prefix: '<afterprefix>' },
};

const duties: Duties = {
  ...place,
  repositories: ['<owner>/<repository>', '<owner>@<ownerid>/<repository>@<repositoryid>'],
  // The star is here, not in the parameter: by it the subjects are compared as patterns.
  refs: ['heads/<branch>', 'tags/<tagprefix>*'],
  environments: { approver: '<approvals>', deployer: '<deliveries>' },
};

/** The condition under which an endpoint has a key of its own. */
export const encrypts = 'Encrypts';

/** A value of a policy as CloudFormation takes it. */
const substituted = (value: unknown): unknown => {
  if (typeof value === 'string') {
    const text = value.replace(/<([a-z]+)>/g, (_, name: string) => `\${${parameters[name]}}`);
    return text === value ? value : sub(text);
  }
  if (Array.isArray(value)) return value.map(substituted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, substituted(one)]));
};

interface Document {
  readonly Version: string;
  readonly Statement: readonly object[];
}

const template = ({ Version, Statement }: Document): object => ({
  Version,
  Statement: Statement.map((statement) => {
    const made = substituted(statement);
    // The page of the policies: without `kms-key` its statements are left out.
    return JSON.stringify(statement).includes(place.kmsAlias) ? onlyIf(encrypts, made) : made;
  }),
});

/** Each managed policy of an operation, by the name of its file in docs/permissions. */
export const policiesOf = (policy: PublishedName): Readonly<Record<string, object>> =>
  Object.fromEntries(
    Object.entries(documentsFor(policy, policy === 'after' ? before : place)).map(([name, document]) => [
      name,
      template(document),
    ]),
  );

const separated = dutyPolicies(duties);

/** The guard of a duty, which denies the other duties whatever else is attached to the role. */
export const guardOf = (duty: Duty): object => template(separated[`${duty}-guard`]);

type Duty = 'registrar' | 'approver' | 'deployer';

/**
 * The statement that lets the jobs of a duty in, with both forms of the subject in GitHub's identity token.
 * @param further other jobs of the same repository, by the end of their subject: `pull_request`
 */
export const jobsOf = (duty: Duty, ...further: readonly string[]): object => {
  const [statement] = separated[`${duty}-trust`].Statement;
  const added = duties.repositories.flatMap((repository) => further.map((end) => `repo:${repository}:${end}`));
  const { Condition = {}, ...rest } = statement ?? {};
  return substituted({
    ...rest,
    Condition: Object.fromEntries(
      Object.entries(Condition).map(([operator, keys]) => [
        operator,
        Object.fromEntries(
          Object.entries(keys).map(([key, value]) => [key, key.endsWith(':sub') ? [value, added].flat(2) : value]),
        ),
      ]),
    ),
  }) as object;
};
