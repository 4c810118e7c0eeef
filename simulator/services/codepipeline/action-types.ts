import { AwsError, type Kernel } from '../../contracts.ts';
import type { ActionTypeDefinition, ActionTypeId } from './model.ts';

export interface ActionTypes {
  /** The definition of a custom action type that exists. */
  find(id: ActionTypeId): ActionTypeDefinition | undefined;
  create(input: ActionTypeDefinition): object;
  remove(input: ActionTypeId): object;
  list(input: { readonly actionOwnerFilter?: string; readonly nextToken?: string }): object;
}

interface Known {
  readonly definition: ActionTypeDefinition;
  deleted: boolean;
}

/** API: "You can create a maximum of 50 custom actions" (CodePipeline user guide, Quotas). */
const quota = 50;

/** The actions of AWS that the simulator runs; every account has them. */
const s3Source: ActionTypeDefinition = {
  category: 'Source',
  provider: 'S3',
  version: '1',
  inputArtifactDetails: { minimumCount: 0, maximumCount: 0 },
  outputArtifactDetails: { minimumCount: 1, maximumCount: 1 },
  configurationProperties: [
    { name: 'S3Bucket', required: true, key: true, secret: false },
    { name: 'S3ObjectKey', required: true, key: true, secret: false },
    { name: 'PollForSourceChanges', required: false, key: false, secret: false },
  ],
};

/** User guide "AWS Lambda invoke action reference". */
const lambdaInvoke: ActionTypeDefinition = {
  category: 'Invoke',
  provider: 'Lambda',
  version: '1',
  inputArtifactDetails: { minimumCount: 0, maximumCount: 5 },
  outputArtifactDetails: { minimumCount: 0, maximumCount: 5 },
  configurationProperties: [
    { name: 'FunctionName', required: true, key: true, secret: false },
    { name: 'UserParameters', required: false, key: false, secret: false },
  ],
};

/** User guide "Add a manual approval action to a stage", CLI. */
const manualApproval: ActionTypeDefinition = {
  category: 'Approval',
  provider: 'Manual',
  version: '1',
  inputArtifactDetails: { minimumCount: 0, maximumCount: 0 },
  outputArtifactDetails: { minimumCount: 0, maximumCount: 0 },
  configurationProperties: [
    { name: 'NotificationArn', required: false, key: false, secret: false },
    { name: 'CustomData', required: false, key: false, secret: false },
    { name: 'ExternalEntityLink', required: false, key: false, secret: false },
  ],
};

const optional = (...names: readonly string[]) =>
  names.map((name) => ({ name, required: false, key: false, secret: false }));
const required = (...names: readonly string[]) =>
  names.map((name) => ({ name, required: true, key: true, secret: false }));

/** User guide "AWS CodeBuild build and test action reference". */
const codeBuild = (category: 'Build' | 'Test'): ActionTypeDefinition => ({
  category,
  provider: 'CodeBuild',
  version: '1',
  inputArtifactDetails: { minimumCount: 1, maximumCount: 5 },
  outputArtifactDetails: { minimumCount: 0, maximumCount: 5 },
  configurationProperties: [
    ...required('ProjectName'),
    ...optional('PrimarySource', 'BatchEnabled', 'BuildspecOverride', 'CombineArtifacts', 'EnvironmentVariables'),
  ],
});

/** User guide "Amazon ECR source action reference". */
const ecrSource: ActionTypeDefinition = {
  category: 'Source',
  provider: 'ECR',
  version: '1',
  inputArtifactDetails: { minimumCount: 0, maximumCount: 0 },
  outputArtifactDetails: { minimumCount: 1, maximumCount: 1 },
  configurationProperties: [...required('RepositoryName'), ...optional('ImageTag')],
};

/** User guide "Amazon S3 deploy action reference". */
const s3Deploy: ActionTypeDefinition = {
  category: 'Deploy',
  provider: 'S3',
  version: '1',
  inputArtifactDetails: { minimumCount: 1, maximumCount: 1 },
  outputArtifactDetails: { minimumCount: 0, maximumCount: 0 },
  configurationProperties: [
    ...required('BucketName', 'Extract'),
    ...optional('ObjectKey', 'KMSEncryptionKeyARN', 'CannedACL', 'CacheControl'),
  ],
};

/** User guide "AWS Step Functions invoke action reference". */
const stepFunctions: ActionTypeDefinition = {
  category: 'Invoke',
  provider: 'StepFunctions',
  version: '1',
  inputArtifactDetails: { minimumCount: 0, maximumCount: 1 },
  outputArtifactDetails: { minimumCount: 0, maximumCount: 1 },
  configurationProperties: [...required('StateMachineArn'), ...optional('ExecutionNamePrefix', 'InputType', 'Input')],
};

const ofAws = [
  ...[s3Source, ecrSource, codeBuild('Build'), codeBuild('Test')],
  ...[lambdaInvoke, stepFunctions, s3Deploy, manualApproval],
];

export const createActionTypes = (kernel: Kernel): ActionTypes => {
  const known = new Map<string, Known>();
  const find: ActionTypes['find'] = (id) => {
    if (id.owner === 'AWS') return ofAws.find((definition) => keyOf(definition) === keyOf(id));
    const found = known.get(keyOf(id));
    return found === undefined || found.deleted ? undefined : found.definition;
  };

  return {
    find,
    create(input) {
      const { tags, ...definition } = input as ActionTypeDefinition & { readonly tags?: readonly object[] };
      refuseUnusable(definition);
      const before = known.get(keyOf(definition));
      // API DeleteCustomActionType: a deleted type can only be restored with an identical definition and its original version;
      // anything else needs a version that was never used.
      const again = before?.deleted === true || kernel.settings.sameActionTypeAgain === 'accepted';
      if (before !== undefined && !(again && same(before.definition, definition)))
        throw new AwsError(
          // The model lists no error of its own for this call; console and guide name ActionTypeAlreadyExistsException. [unconfirmed]
          'ActionTypeAlreadyExistsException',
          `Already exists Action type ${describe(definition)}`,
        );
      if ([...known.values()].filter(({ deleted }) => !deleted).length >= quota)
        throw new AwsError(
          'LimitExceededException',
          `The account ${kernel.accountId} already has the maximum of ${quota} custom action types`,
        );
      known.set(keyOf(definition), { definition, deleted: false });
      return { actionType: shown(definition, 'Custom'), ...(tags === undefined ? {} : { tags }) };
    },
    remove(input) {
      // "Marks the custom action as deleted. PollForJobs for the custom action fails after the action is marked for deletion."
      const found = known.get(keyOf(input));
      if (found !== undefined) found.deleted = true;
      return {};
    },
    list({ actionOwnerFilter }) {
      const custom = [...known.values()].filter(({ deleted }) => !deleted).map(({ definition }) => definition);
      return {
        actionTypes: [
          ...(actionOwnerFilter === 'Custom' || actionOwnerFilter === 'ThirdParty'
            ? []
            : ofAws.map((definition) => shown(definition, 'AWS'))),
          ...(actionOwnerFilter === undefined || actionOwnerFilter === 'Custom'
            ? custom.map((definition) => shown(definition, 'Custom'))
            : []),
        ],
      };
    },
  };
};

const keyOf = ({ category, provider, version }: Omit<ActionTypeId, 'owner'>): string =>
  `${category}/${provider}/${version}`;

export const describe = ({ category, provider, version }: Omit<ActionTypeId, 'owner'>): string =>
  `{category: ${category}, owner: Custom, provider: ${provider}, version: ${version}}`;

/** API: ActionType. The service sets the owner, whatever the request says. */
const shown = (definition: ActionTypeDefinition, owner: string): object => ({
  id: { category: definition.category, owner, provider: definition.provider, version: definition.version },
  ...(definition.settings === undefined ? {} : { settings: definition.settings }),
  actionConfigurationProperties: definition.configurationProperties ?? [],
  inputArtifactDetails: definition.inputArtifactDetails,
  outputArtifactDetails: definition.outputArtifactDetails,
});

const same = (a: ActionTypeDefinition, b: ActionTypeDefinition): boolean => canonical(a) === canonical(b);

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );

const invalid = (message: string): AwsError => new AwsError('ValidationException', message);

/** API: ActionConfigurationProperty, "queryable"; user guide "Create a custom action", URL templates. The words are ours. [unconfirmed] */
const refuseUnusable = (definition: ActionTypeDefinition): void => {
  const properties = definition.configurationProperties ?? [];
  const names = properties.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw invalid(`Configuration property ${twice} is declared more than once`);
  const queryable = properties.filter((property) => property.queryable === true);
  if (queryable.length > 1) throw invalid('An action type can have at most one queryable configuration property');
  if (queryable.some(({ required, secret }) => !required || secret))
    throw invalid('A queryable configuration property must be required and must not be secret');
  for (const details of [definition.inputArtifactDetails, definition.outputArtifactDetails])
    if (details.minimumCount > details.maximumCount)
      throw invalid('The minimum number of artifacts is greater than the maximum number of artifacts');
  const { entityUrlTemplate = '', executionUrlTemplate = '' } = definition.settings ?? {};
  for (const [, name] of `${entityUrlTemplate} ${executionUrlTemplate}`.matchAll(/\{Config:([^}]*)\}/g)) {
    const property = properties.find((candidate) => candidate.name === name);
    // "You can only reference configuration properties that are both required and not secret."
    if (property === undefined || !property.required || property.secret)
      throw invalid(`URL template names the configuration property ${name}, which is not both required and not secret`);
  }
};
