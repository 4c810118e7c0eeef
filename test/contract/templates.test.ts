import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { matches, type Pattern } from '../../simulator/event-pattern.ts';
import { contentName, isNamedFor } from '../../src/endpoint/names.ts';
import { propertiesOf, type Resources, readTemplate, resourcesOf } from '../../src/rehearsal/cloudformation.ts';
import { type DeclaredPipeline, pipelinesOf } from '../support/cloudformation.ts';

/** codebuild/templates: what they give to whom, and whether their pipelines name actions that exist. `tools/templates.ts --check` compares them with their code. */

const read = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
const templates = globSync('codebuild/templates/*.json').map((path) => basename(path, '.json'));
const account = 'arn:aws:iam::111122223333:role/';

/** The names of the published policies. */
const place = {
  Model: 'churn',
  Endpoint: 'churn',
  ReleasesBucket: 'ml-releases',
  ReleasesPrefix: 'churn/',
  TrainingBucket: 'ml-training',
  ImageRepository: 'churn-serving',
  GitHubOwner: 'acme',
  GitHubOwnerId: '123456',
  GitHubRepository: 'churn',
  GitHubRepositoryId: '789012',
  GitHubTagPrefix: 'churn_v',
};
const worker = { WorkerRole: `${account}delivery-worker` };
/** The published policy `after` is for an environment with the same names. */
const after = { AfterEndpoint: 'churn', AfterReleasesBucket: 'ml-releases', AfterReleasesPrefix: 'churn/' };
const delivery = {
  ...{ ...place, ...worker, ...after },
  ...{ ExecutionRole: 'churn-serving', KmsAlias: 'alias/ml', WritesStage: 'yes' },
};
const registry = { ...place, ...worker, DeliveryRoles: `${account}model-deployer,${account}staging-deployer` };
const roles = {
  'delivery-roles': resourcesOf('delivery-roles', { ...delivery, RegistrarRole: `${account}model-registrar` }),
  'registry-roles': resourcesOf('registry-roles', registry),
};
const all = { ...roles['delivery-roles'], ...roles['registry-roles'] };

const pipelineParameters = {
  Name: 'churn',
  ConnectionArn: 'arn:aws:codeconnections:eu-west-1:111122223333:connection/aEXAMPLE',
  Repository: 'acme/churn',
  WorkerArn: 'arn:aws:lambda:eu-west-1:111122223333:function:delivery-worker',
};

const policies = Object.entries({ ...all }).filter(([, { Type }]) => Type === 'AWS::IAM::ManagedPolicy');
/** Paths of the published policies that a role has. */
const attachedTo = (resources: Resources, role: string) =>
  (propertiesOf(resources, role).ManagedPolicyArns ?? []).map((id) => propertiesOf(resources, id).Description);
/** The statements of a role's own policy. */
const inlineOf = (resources: Resources, role: string) =>
  (propertiesOf(resources, role).Policies ?? []).flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
const files = (...names: readonly string[]) => names.map((name) => `docs/permissions/${name}.json`);

describe('the policies of the roles', () => {
  it.each(policies.map(([id, { Properties }]) => [id, Properties] as const))('%s is the published one', (_id, made) => {
    expect(made.PolicyDocument).toEqual(read(made.Description));
  });

  it('of the hook is the published one', () => {
    const hook = resourcesOf('codedeploy-hook', {
      ...{
        CodeBucket: 'code',
        CodeKey: 'hook.zip',
        HookName: 'CodeDeployHook_churn',
        Function: 'churn',
        Alias: 'live',
      },
      ...{ Model: 'churn', ReleasesBucket: 'ml-releases', ReleasesPrefix: 'churn/', TrainingBucket: 'ml-training' },
    });
    const [made] = propertiesOf(hook, 'Role').Policies ?? [];
    expect(made?.PolicyDocument).toEqual(read('docs/permissions/codedeploy-hook.json'));
  });

  it('leave out the key that an endpoint does not have', () => {
    const made = resourcesOf('delivery-roles', { ...delivery, KmsAlias: '' });
    const { Statement } = read('docs/permissions/deploy-endpoint-changes.json');
    const keys = ['LetSageMakerUseTheKey', 'LetSageMakerFindTheKey'];
    expect(propertiesOf(made, 'DeployEndpointChanges').PolicyDocument.Statement).toEqual(
      Statement.filter(({ Sid }: { readonly Sid: string }) => !keys.includes(Sid)),
    );
    expect(Statement.filter(({ Sid }: { readonly Sid: string }) => keys.includes(Sid)).length).toBeGreaterThan(0);
  });

  it.each([
    ['Planner', files('plan', 'after')],
    ['Registrar', files('register-model', 'plan', 'duties/registrar-guard')],
    ['Tester', files('regression-test-reads', 'regression-test-changes')],
    ['Approver', files('gate', 'duties/approver-guard')],
    [
      'Deployer',
      files(
        ...['deploy-endpoint-reads', 'deploy-endpoint-changes', 'regression-test-reads', 'regression-test-changes'],
        ...['duties/deployer-guard', 'life-cycle', 'after'],
      ),
    ],
    ['Restorer', files('rollback', 'life-cycle')],
  ])('%s has those of its operations and no other', (role, expected) => {
    expect(attachedTo(all, role)).toEqual(expected);
    // An inline policy would add to them.
    expect(propertiesOf(all, role).Policies).toBeUndefined();
  });

  it('gives the deployer of jobs at GitHub neither the test nor the registrar; without a stage and an environment before it nothing for them', () => {
    const alone = resourcesOf('delivery-roles', { ...delivery, WorkerRole: '', WritesStage: 'no', AfterEndpoint: '' });
    expect(attachedTo(alone, 'Planner')).toEqual(files('plan'));
    expect(attachedTo(alone, 'Deployer')).toEqual(
      files('deploy-endpoint-reads', 'deploy-endpoint-changes', 'duties/deployer-guard'),
    );
    expect(attachedTo(alone, 'Restorer')).toEqual(files('rollback'));
    expect(Object.keys(alone)).not.toContain('AssumeTheRegistrar');
  });

  it('adds one policy: a pipeline assumes the registrar', () => {
    const inline = Object.values(all).filter(({ Type }) => Type === 'AWS::IAM::Policy');
    expect(inline.map(({ Properties: { Roles, PolicyDocument } }) => [Roles, PolicyDocument.Statement])).toEqual([
      [['model-deployer'], [{ Effect: 'Allow', Action: ['sts:AssumeRole'], Resource: `${account}model-registrar` }]],
    ]);
  });
});

describe('the trust of the roles', () => {
  const trustOf = (role: string) => propertiesOf(all, role).AssumeRolePolicyDocument.Statement;
  const pipeline = (...roles: readonly string[]) => ({
    Sid: 'LetThePipelineIn',
    Effect: 'Allow',
    Principal: { AWS: roles.length > 1 ? roles.map((role) => `${account}${role}`) : `${account}${roles[0]}` },
    Action: ['sts:AssumeRole'],
  });
  /** The statement of docs/permissions. */
  const jobs = (duty: string) => read(`docs/permissions/duties/${duty}-trust.json`).Statement;
  const subjectsOf = (role: string, at = 0) =>
    Object.values(trustOf(role)[at]?.Condition ?? {})
      .flatMap((keys) => keys['token.actions.githubusercontent.com:sub'] ?? [])
      .sort();

  it.each([
    ['Registrar', 'registrar', ['model-deployer', 'staging-deployer']],
    ['Approver', 'approver', ['delivery-worker']],
    ['Deployer', 'deployer', ['delivery-worker']],
  ])('%s lets in the published jobs, and the roles of pipelines', (role, duty, assumedBy) => {
    expect(trustOf(role)).toEqual([pipeline(...assumedBy), ...jobs(duty)]);
  });

  it('the others let in those of docs/workflows.md, in both forms', () => {
    const both = (...ends: readonly string[]) =>
      ['acme/churn', 'acme@123456/churn@789012'].flatMap((one) => ends.map((end) => `repo:${one}:${end}`)).sort();
    expect(subjectsOf('Planner')).toEqual(both('ref:refs/heads/main', 'ref:refs/tags/churn_v*', 'pull_request'));
    expect(subjectsOf('Tester')).toEqual(both('ref:refs/heads/main', 'ref:refs/tags/churn_v*'));
    expect(trustOf('Restorer')[0]).toEqual(pipeline('delivery-worker'));
    expect(subjectsOf('Restorer', 1)).toEqual(both('environment:production', 'environment:production-rollback'));
  });

  it('without GitHub no role lets a job in; without a pipeline none lets a role in', () => {
    const federated = (given: Readonly<Record<string, string>>) =>
      Object.values(resourcesOf('delivery-roles', given)).flatMap(({ Type, Properties }) =>
        Type === 'AWS::IAM::Role'
          ? Properties.AssumeRolePolicyDocument.Statement.map(({ Principal = {} }) => Object.keys(Principal).join())
          : [],
      );
    expect(new Set(federated({ ...delivery, GitHubOwner: '' }))).toEqual(new Set(['AWS']));
    expect(new Set(federated({ ...delivery, WorkerRole: '' }))).toEqual(new Set(['Federated']));
  });
});

describe('a role that nothing could assume', () => {
  // IAM refuses a trust policy without a statement, and the whole stack with it.
  it.each([
    ['delivery-roles', 'the worker', { ...delivery, GitHubOwner: '' }],
    ['delivery-roles', 'jobs of GitHub', { ...delivery, WorkerRole: '' }],
    ['registry-roles', 'the worker', { ...place, ...worker, GitHubOwner: '' }],
    ['registry-roles', 'jobs of GitHub', place],
  ])('is not made: %s for %s', (name, _for, given) => {
    const roles = Object.values(resourcesOf(name, given)).filter(({ Type }) => Type === 'AWS::IAM::Role');
    expect(roles.length).toBeGreaterThan(0);
    for (const { Properties } of roles) expect(Properties.AssumeRolePolicyDocument.Statement).not.toEqual([]);
  });

  it('is the registrar, where no pipeline registers and no job of GitHub does', () => {
    expect(Object.keys(resourcesOf('registry-roles', { ...place, ...worker, GitHubOwner: '' }))).not.toContain(
      'Registrar',
    );
    for (const given of [registry, { ...registry, GitHubOwner: '' }, { ...registry, DeliveryRoles: '' }])
      expect(Object.keys(resourcesOf('registry-roles', given))).toContain('Registrar');
  });
});

describe('parameters', () => {
  const deploys = { ...delivery, RegistrarRole: '' };
  const works = { CodeBucket: 'code', CodeKey: 'worker.zip', AssumableRoles: `${account}churn-deployer` };
  const approves = { ModelPackageGroup: 'churn', Pipeline: 'churn-promotion' };

  it.each([
    ['an environment as manifests may name it', 'github-flow', { ProductionEnvironment: 'Prod_eu' }],
    ['an environment as manifests may name it', 'promotion', { StagingEnvironment: 'Staging_eu' }],
    ['a role with a path', 'worker', { AssumableRoles: `${account}ml/churn-deployer,${account}churn-restorer` }],
    ['a group with capital letters', 'approvals', { ModelPackageGroup: 'Customer-Churn' }],
    ['a role with a path', 'delivery-roles', { ExecutionRole: 'service-role/AmazonSageMaker-ExecutionRole-2026' }],
    ['a bucket with dots', 'delivery-roles', { ReleasesBucket: 'ml.releases.acme', ReleasesPrefix: 'teams/risk_1/' }],
    ['a repository in a namespace', 'delivery-roles', { ImageRepository: 'team_a/churn-serving' }],
  ])('take %s: %s', (_what, name, given) => {
    const others = { worker: works, approvals: approves, 'delivery-roles': deploys }[name] ?? pipelineParameters;
    expect(() => resourcesOf(name, { ...others, ...given })).not.toThrow();
  });

  it.each([
    // Lambda invoke actions name the function alone: the permission on a version or an alias would not be the one that is used.
    ['a version of the worker', 'github-flow', { WorkerArn: `${pipelineParameters.WorkerArn}:live` }],
    ['every role of every account', 'worker', { AssumableRoles: '*' }],
    ['roles by a pattern', 'worker', { AssumableRoles: `${account}churn-deployer,${account}*` }],
    ['every pipeline', 'approvals', { Pipeline: '*' }],
    ['every pipeline', 'approvals', { RejectionPipeline: '*' }],
    // An event has the name.
    [
      'the ARN of a group',
      'approvals',
      { ModelPackageGroup: 'arn:aws:sagemaker:eu-west-1:111122223333:model-package-group/churn' },
    ],
    // CloudWatch Logs allows no @ in the name of a log group, and that of the action Read has the name of its pipeline.
    ['a name that no log group may have', 'github-flow', { Name: 'churn@eu' }],
    ['a path that ends the text of the watchdog', 'github-flow', { Manifest: "it's.yml" }],
    ['a name that the policies do not match', 'delivery-roles', { Endpoint: 'e'.repeat(49) }],
    // A trust policy compares the subjects of jobs as patterns.
    ...[
      ...[{ GitHubOwner: '*' }, { GitHubOwnerId: '*' }, { GitHubRepository: 'churn*' }, { GitHubRepositoryId: '?' }],
      ...[{ GitHubBranch: '*' }, { GitHubTagPrefix: '*' }, { DeliveryEnvironment: '*' }, { RollbackEnvironment: '*' }],
    ].map((given) => ['jobs by a pattern', 'delivery-roles', given] as const),
    // The policies put a name into an ARN: a star would widen it, and an address or another ARN would match nothing.
    ...[
      ...[{ ExecutionRole: '*' }, { ExecutionRole: `${account}churn-serving` }, { KmsAlias: 'alias/*' }],
      ...[{ ReleasesBucket: '*' }, { ReleasesBucket: 's3://ml-releases' }, { ReleasesPrefix: '*/' }],
      ...[{ TrainingBucket: 'ml-*' }, { ImageRepository: '*' }, { ImageRepository: 'churn-serving:1.4.0' }],
    ].map((given) => ['what is no name', 'delivery-roles', given] as const),
  ])('refuse %s: %s', (_what, name, given) => {
    const others = { worker: works, approvals: approves, 'delivery-roles': deploys }[name] ?? pipelineParameters;
    expect(() => resourcesOf(name, { ...others, ...given })).toThrow(/ is (not|longer than) /);
  });
});

const jsonIn = (path: string): readonly Readonly<Record<string, unknown>>[] =>
  [...readFileSync(path, 'utf8').matchAll(/```json\n([\s\S]*?)```/g)].map(([, text = '']) => JSON.parse(text));

describe('the worker', () => {
  const made = resourcesOf('worker', {
    CodeBucket: 'code',
    CodeKey: 'worker.zip',
    AssumableRoles: `${account}a,${account}b`,
  });
  const page = jsonIn('codebuild/README.md');

  it('has the permissions of its page, those of Lambda invoke actions, and the roles of the manifests', () => {
    const [jobs, assumes, ...others] = inlineOf(made, 'Role');
    const [documented] = page.filter(
      ({ Action }) => Array.isArray(Action) && Action.includes('codepipeline:PollForJobs'),
    );
    expect(jobs).toEqual({
      Sid: 'TakeJobs',
      ...documented,
      Action: [...[documented?.['Action']].flat(), 'codepipeline:ListActionExecutions'],
    });
    expect(assumes).toMatchObject({ Action: ['sts:AssumeRole'], Resource: [`${account}a`, `${account}b`] });
    expect(others.map(({ Action }) => Action)).toEqual([
      ['logs:CreateLogStream', 'logs:PutLogEvents'],
      ['kms:Decrypt'],
    ]);
    expect(propertiesOf(made, 'Role').ManagedPolicyArns).toBeUndefined();
  });

  it('is woken by the event of its page and every minute, and an event that it did not get is kept', () => {
    expect(propertiesOf(made, 'Started').EventPattern).toEqual(page.find((one) => 'detail-type' in one));
    expect(propertiesOf(made, 'Sweep').ScheduleExpression).toBe('rate(1 minute)');
    for (const rule of ['Started', 'Sweep'])
      expect(propertiesOf(made, rule).Targets[0].DeadLetterConfig).toEqual({
        Arn: 'arn:aws:sqs:eu-west-1:111122223333:DeadLetters',
      });
    // An event of CodePipeline holds credentials: it must not wait in a queue.
    expect(propertiesOf(made, 'Worker').DeadLetterConfig).toBeUndefined();
  });

  it('runs as its page says', () => {
    expect(propertiesOf(made, 'Worker')).toMatchObject({
      Handler: 'index.handler',
      Runtime: 'nodejs24.x',
      Timeout: 900,
    });
  });
});

describe('decisions in the registry', () => {
  const made = resourcesOf('approvals', {
    ModelPackageGroup: 'churn',
    Pipeline: 'churn-promotion',
    RejectionPipeline: 'churn-rejection',
    RegisteredAsApproved: 'deliver',
    GitHubRepository: 'acme/churn',
  });
  const guide = readFileSync('docs/rejections.md', 'utf8');
  const pattern = jsonIn('docs/rejections.md').find((one) => 'detail-type' in one);

  it('are selected by the pattern of docs/rejections.md', () => {
    for (const rule of ['TakeBack', 'DispatchRejected']) expect(propertiesOf(made, rule).EventPattern).toEqual(pattern);
  });

  it.each<[string, object, readonly string[]]>([
    [
      'an approval',
      { ModelApprovalStatus: 'Approved', UpdatedModelPackageFields: ['ModelApprovalStatus', 'ApprovalDescription'] },
      ['Promote', 'DispatchApproved'],
    ],
    ['a registration as Approved', { ModelApprovalStatus: 'Approved' }, ['PromoteRegistered']],
    ['a registration that waits for a decision', { ModelApprovalStatus: 'PendingManualApproval' }, []],
    [
      'an edit of an approved package',
      { ModelApprovalStatus: 'Approved', UpdatedModelPackageFields: ['CustomerMetadataProperties'] },
      [],
    ],
    [
      'a rejection',
      { ModelApprovalStatus: 'Rejected', UpdatedModelPackageFields: ['ModelApprovalStatus'] },
      ['TakeBack', 'DispatchRejected'],
    ],
    ['a rejection that names no member', { ModelApprovalStatus: 'Rejected' }, ['TakeBack', 'DispatchRejected']],
    [
      'an edit of a rejected package',
      { ModelApprovalStatus: 'Rejected', UpdatedModelPackageFields: ['ModelLifeCycle'] },
      [],
    ],
    [
      'an approval in another group',
      {
        ModelPackageGroupName: 'other',
        ModelApprovalStatus: 'Approved',
        UpdatedModelPackageFields: ['ModelApprovalStatus'],
      },
      [],
    ],
  ])('%s starts what it should, and nothing else', (_what, detail, expected) => {
    const event = {
      source: 'aws.sagemaker',
      'detail-type': 'SageMaker Model Package State Change',
      detail: { ModelPackageGroupName: 'Churn', ...detail },
    };
    const rules = Object.entries(made).filter(([, { Type }]) => Type === 'AWS::Events::Rule');
    expect(
      rules.flatMap(([id, { Properties }]) => (matches(Properties.EventPattern as Pattern, event) ? id : [])),
    ).toEqual(expected);
  });

  it.each([
    ['Promote', 'Promotion', 'Starter'],
    ['PromoteRegistered', 'Promotion', 'Starter'],
    ['TakeBack', 'Rejection', 'TakeBackStarter'],
  ])('%s starts the pipeline with the exact package, as a variable that it has', (rule, id, role) => {
    const [{ Arn, InputTransformer, DeadLetterConfig, RoleArn }] = propertiesOf(made, rule).Targets;
    expect(Arn).toBe(`arn:aws:codepipeline:eu-west-1:111122223333:churn-${id.toLowerCase()}`);
    expect(RoleArn).toBe(`${account}${role}`);
    const filled = InputTransformer.InputTemplate.replace(
      '<package>',
      '"arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/7"',
    );
    const { variables } = JSON.parse(filled);
    const { [id]: started } = pipelinesOf(resourcesOf('promotion', pipelineParameters));
    expect(started?.name).toBe(`churn-${id.toLowerCase()}`);
    expect(variables.map(({ name }: { name: string }) => name)).toEqual(started?.variables?.map(({ name }) => name));
    expect(variables[0].value).toMatch(/model-package\/churn\/7$/);
    expect(InputTransformer.InputPathsMap).toEqual({ package: '$.detail.ModelPackageArn' });
    expect(DeadLetterConfig).toEqual({ Arn: 'arn:aws:sqs:eu-west-1:111122223333:DeadLetters' });
    expect(inlineOf(made, role)).toEqual([
      { Effect: 'Allow', Action: ['codepipeline:StartPipelineExecution'], Resource: Arn },
    ]);
  });

  it('reach GitHub as docs/rejections.md has it', () => {
    const template = propertiesOf(made, 'DispatchRejected').Targets[0].InputTransformer.InputTemplate;
    expect(guide.replace(/\s/g, '')).toContain(template);
    const { HttpMethod, InvocationEndpoint } = propertiesOf(made, 'Destination');
    expect([HttpMethod, InvocationEndpoint]).toEqual(['POST', 'https://api.github.com/repos/acme/churn/dispatches']);
    expect(propertiesOf(made, 'Connection').AuthParameters.ApiKeyAuthParameters).toEqual({
      ApiKeyName: 'Authorization',
      ApiKeyValue: 'Bearer {{resolve:secretsmanager:github-dispatch-token}}',
    });
  });

  it('go beside the events of the endpoint, and not while it moves', () => {
    const given = { ModelPackageGroup: 'churn', GitHubRepository: 'acme/churn', Endpoint: 'churn' };
    const { EventPattern, Targets } = propertiesOf(resourcesOf('approvals', given), 'DispatchAtRest');
    expect(EventPattern).toEqual(jsonIn('docs/model-events.md').find((one) => 'detail-type' in one));
    expect(Targets[0].InputTransformer.InputTemplate).toContain('{"event_type":"endpoint-at-rest",');
    expect(Targets[0].DeadLetterConfig).toEqual({ Arn: 'arn:aws:sqs:eu-west-1:111122223333:DeadLetters' });
    const types = /types: \[([^\]]*)\]/.exec(readFileSync('examples/on-model-event.yml', 'utf8'))?.[1]?.split(', ');
    expect(types).toEqual(['model-approved', 'model-rejected', 'endpoint-at-rest']);
  });

  it('go to the one that was asked for', () => {
    const rulesOf = (given: Readonly<Record<string, string>>) =>
      Object.entries(resourcesOf('approvals', { ModelPackageGroup: 'churn', ...given })).flatMap(([id, { Type }]) =>
        Type === 'AWS::Events::Rule' ? id : [],
      );
    expect(rulesOf({ Pipeline: 'churn-promotion' })).toEqual(['Promote']);
    expect(rulesOf({ Pipeline: 'churn-promotion', RegisteredAsApproved: 'deliver' })).toEqual([
      ...['Promote', 'PromoteRegistered'],
    ]);
    expect(rulesOf({ RejectionPipeline: 'churn-rejection' })).toEqual(['TakeBack']);
    expect(rulesOf({ GitHubRepository: 'acme/churn' })).toEqual(['DispatchApproved', 'DispatchRejected']);
    expect(rulesOf({ GitHubRepository: 'acme/churn', Endpoint: 'churn' })).toEqual([
      ...['DispatchApproved', 'DispatchRejected', 'DispatchAtRest'],
    ]);
    const isGiven = (parameter: string) => ({ 'Fn::Not': [{ 'Fn::Equals': [{ Ref: parameter }, ''] }] });
    expect(read('codebuild/templates/approvals.json').Rules.AnEndpointNeedsARepository).toMatchObject({
      RuleCondition: isGiven('Endpoint'),
      Assertions: [{ Assert: isGiven('GitHubRepository') }],
    });
  });
});

const everyPart = {
  ...pipelineParameters,
  ShiftTraffic: 'yes',
  DeliveryWindow: '* * 9-16 ? * MON-FRI *',
  AlarmAfterDelivery: 'churn-business-errors',
};
const flows = ['github-flow', 'gitflow', 'promotion'] as const;
const pipelines: readonly (readonly [string, DeclaredPipeline])[] = flows.flatMap((flow) =>
  Object.entries(
    pipelinesOf(
      resourcesOf(flow, { ...everyPart, ...(flow === 'promotion' ? { StagingEnvironment: 'staging' } : {}) }),
    ),
  ).map(([id, pipeline]) => [`${flow} ${id}`, pipeline] as const),
);

describe('the pipelines', () => {
  const types = globSync('codebuild/action-types/*.json').map(read);

  it.each(pipelines)('%s has actions and keys that exist', (_name, { stages }) => {
    const customs = stages.flatMap(({ actions }) =>
      actions.filter(({ actionTypeId }) => actionTypeId.owner === 'Custom'),
    );
    for (const { actionTypeId, configuration } of customs) {
      const { owner: _custom, ...id } = actionTypeId;
      const type = types.find((one) => one.provider === id.provider);
      expect({ category: type?.category, provider: type?.provider, version: type?.version }).toEqual(id);
      const keys = type.configurationProperties as readonly { readonly name: string; readonly required: boolean }[];
      expect(keys.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(configuration)));
      for (const { name, required } of keys) if (required) expect(configuration).toHaveProperty([name]);
    }
  });

  it.each(pipelines.filter(([name]) => !name.endsWith('Watchdog')))(
    '%s is QUEUED, and its variables come from earlier actions',
    (_name, { pipelineType, executionMode, stages, variables = [] }) => {
      expect([pipelineType, executionMode]).toEqual(['V2', 'QUEUED']);
      const known = new Set(variables.map(({ name }) => `variables.${name}`));
      for (const { actions } of stages)
        for (const { configuration = {}, namespace, outputVariables = [] } of actions) {
          for (const text of Object.values(configuration))
            for (const [, used = ''] of text.matchAll(/#\{([^}]+)\}/g)) expect([...known]).toContain(used);
          // UG-CP "Variables reference": those of a connection by its trigger.
          if (namespace === 'Source') for (const one of ['CommitId', 'TagName']) known.add(`Source.${one}`);
          for (const one of outputVariables) known.add(`${namespace}.${one}`);
        }
    },
  );

  it('start by what GitHub Flow and Gitflow say', () => {
    const started = pipelines.map(([name, { triggers = [] }]) => [name, triggers] as const);
    const push = (filter: object) => [
      {
        providerType: 'CodeStarSourceConnection',
        gitConfiguration: { sourceActionName: 'Repository', push: [filter] },
      },
    ];
    const paths = { includes: ['training-job.txt', 'delivery.yml'] };
    expect(Object.fromEntries(started)).toEqual({
      'github-flow Main': push({ branches: { includes: ['main'] }, filePaths: paths }),
      'github-flow Release': push({ tags: { includes: ['*_v*'] } }),
      'github-flow Watchdog': [],
      'gitflow Develop': push({ branches: { includes: ['develop'] }, filePaths: paths }),
      'gitflow Candidate': push({ tags: { includes: ['*_v*-rc.*'] } }),
      'gitflow Final': push({ tags: { includes: ['*_v*'], excludes: ['*_v*-rc.*'] } }),
      'gitflow Watchdog': [],
      'promotion Promotion': [],
      'promotion Rejection': [],
      'promotion Watchdog': [],
    });
  });

  it.each([
    ['github-flow', 'Main', {}, 'Source Register Test Approve Staging'],
    ['github-flow', 'Release', {}, 'Source Register Test Approve TestStaging Staging Production'],
    ['github-flow', 'Release', { RegressionTest: 'staging' }, 'Source Register Approve Staging Test Production'],
    ['github-flow', 'Release', { RegressionTest: 'no' }, 'Source Register Approve Staging Production'],
    ['gitflow', 'Develop', {}, 'Source Register Test Approve Dev'],
    ['gitflow', 'Candidate', {}, 'Source Register Test Approve Staging'],
    ['gitflow', 'Final', { RegressionTest: 'no' }, 'Source Register Approve Production'],
    ['promotion', 'Promotion', {}, 'Source Test Approve Production'],
    ['promotion', 'Rejection', {}, 'Source TakeBack'],
    [
      'promotion',
      'Promotion',
      { StagingEnvironment: 'staging', RegressionTest: 'staging' },
      'Source Approve Staging Test Production',
    ],
  ])('%s %s with %j has the stages in order', (flow, id, given, expected) => {
    const made = pipelinesOf(resourcesOf(flow, { ...pipelineParameters, ...given }))[id];
    expect(made?.stages.map(({ name }) => name).join(' ')).toBe(expected);
  });

  it('deliver to production in a window, and roll the stage back by an alarm; without both they have no condition', () => {
    const production = (flow: (typeof flows)[number], id: string, given: Readonly<Record<string, string>>) =>
      pipelinesOf(resourcesOf(flow, given))[id]?.stages.find(({ name }) => name === 'Production');
    for (const [flow, id] of [
      ['github-flow', 'Release'],
      ['gitflow', 'Final'],
      ['promotion', 'Promotion'],
    ] as const) {
      expect(production(flow, id, everyPart)).toMatchObject({
        beforeEntry: {
          conditions: [
            { result: 'FAIL', rules: [{ configuration: { Cron: '* * 9-16 ? * MON-FRI *', TimeZone: 'UTC' } }] },
          ],
        },
        onSuccess: {
          conditions: [
            { result: 'ROLLBACK', rules: [{ configuration: { AlarmName: 'churn-business-errors', WaitTime: '30' } }] },
          ],
        },
      });
      expect(Object.keys(production(flow, id, pipelineParameters) ?? {})).toEqual(['name', 'actions']);
      expect(production(flow, id, pipelineParameters)?.actions.map(({ name }) => name)).toEqual(['Deploy']);
    }
  });

  it('read the name of the training job, and fail without one', () => {
    const folder = mkdtempSync(join(tmpdir(), 'commands-'));
    const commands = pipelines.flatMap(([, { stages }]) =>
      stages.flatMap(({ actions }) => actions.flatMap((one) => one.commands ?? [])),
    );
    const script = `set -e\n${[...new Set(commands)].join('\n')}\nprintf '%s' "$TRAINING_JOB"`;
    const run = (): string => execFileSync('sh', ['-c', script], { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
    writeFileSync(join(folder, 'training-job.txt'), ' churn-2026-01-05\r\n');
    expect(run()).toBe('churn-2026-01-05');
    writeFileSync(join(folder, 'training-job.txt'), '\n');
    expect(run).toThrow();
    rmSync(folder, { recursive: true });
  });
});

describe('the role of the pipelines', () => {
  const may = (flow: (typeof flows)[number], given: Readonly<Record<string, string>> = {}) =>
    inlineOf(resourcesOf(flow, { ...pipelineParameters, ...given }), 'PipelineRole').flatMap(({ Action }) => Action);
  const always = [
    ...['s3:GetBucketAcl', 's3:GetBucketLocation', 's3:GetBucketVersioning'],
    // Without PutObjectAcl a source action with a connection ends with "Upload to S3 failed … Access Denied" (aws/aws-cdk#13557).
    ...['s3:GetObject', 's3:GetObjectVersion', 's3:PutObject', 's3:PutObjectAcl'],
    ...['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey'],
    ...['codeconnections:UseConnection', 'codestar-connections:UseConnection'],
    ...['lambda:InvokeFunction', 'lambda:ListFunctions'],
  ];

  it('has what moves artifacts, and no more than its actions and conditions need', () => {
    expect(may('promotion')).toEqual(always);
    expect(may('promotion', { AlarmAfterDelivery: 'churn-errors' })).toEqual([...always, 'cloudwatch:DescribeAlarms']);
    for (const flow of ['github-flow', 'gitflow'] as const)
      expect(may(flow)).toEqual([...always, 'logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents']);
  });
});

describe('every template', () => {
  // AWS CLI: a longer one needs a bucket (CloudFormation quotas, "Template body size in a request").
  it.each(templates)('%s can be deployed from its file, without a bootstrap', (name) => {
    expect(statSync(`codebuild/templates/${name}.json`).size).toBeLessThanOrEqual(51_200);
    expect(JSON.stringify(readTemplate(name))).not.toMatch(/cdk|AssetParameters|BootstrapVersion/i);
  });

  it('keeps nothing without encryption, and gives no role a policy of AWS’s', () => {
    for (const name of templates)
      for (const { Type, Properties } of Object.values(readTemplate(name).Resources)) {
        if (Type === 'AWS::SQS::Queue') expect(Properties).toHaveProperty('KmsMasterKeyId');
        if (Type === 'AWS::Logs::LogGroup') expect(Properties).toHaveProperty('KmsKeyId');
        if (Type === 'AWS::S3::Bucket') expect(Properties).toHaveProperty('BucketEncryption');
        if (Type === 'AWS::IAM::Role') expect(JSON.stringify(Properties)).not.toContain('iam::aws:policy');
      }
  });
});

describe('a key', () => {
  const resources = templates.flatMap((name) => Object.entries(readTemplate(name).Resources));

  it('and the log stay when the stack goes, but not after a first deployment that failed', () => {
    const kept = resources.filter(([, { Type }]) => ['AWS::KMS::Key', 'AWS::Logs::LogGroup'].includes(Type));
    expect(kept).toHaveLength(8);
    for (const [, { DeletionPolicy, UpdateReplacePolicy }] of kept)
      expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['RetainExceptOnCreate', 'Retain']);
  });

  it('lets CloudWatch Logs in by its name in every partition', () => {
    // In China the principal ends with amazonaws.com.cn (aws-cdk-lib/region-info).
    expect(JSON.stringify(readTemplate('worker').Resources['Key'])).toContain(
      `{"Service":{"Fn::Sub":"logs.\${AWS::Region}.\${AWS::URLSuffix}"}}`,
    );
  });
});

describe('the page of the templates', () => {
  const page = readFileSync('codebuild/templates/README.md', 'utf8');
  const variables: Readonly<Record<string, string>> = {
    roles: 'arn:aws:iam::111122223333:role',
    key: 'worker-0a1b.zip',
  };
  const commands = [page, readFileSync('docs/codepipeline.md', 'utf8')]
    .join('\n')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.includes('aws cloudformation deploy'))
    .map((line) => ({
      template: /templates\/([a-z-]+)\.json/.exec(line)?.[1] ?? '',
      capability: /--capabilities (\w+)/.exec(line)?.[1],
      given: Object.fromEntries(
        [...line.replace(/\$(\w+)/g, (_, name: string) => variables[name] ?? '').matchAll(/(\w+)=("[^"]*"|\S+)/g)].map(
          ([, name = '', value = '']) => [name, value.replaceAll('"', '')] as const,
        ),
      ),
    }));
  const made = commands.map(({ template, given }) => resourcesOf(template, given));

  it('lists every template', () => {
    for (const name of templates) expect(page).toContain(`| [\`${name}.json\`](${name}.json) |`);
  });

  it('gives each what it needs, and the capability that its roles need', () => {
    expect(commands.map(({ template }) => template)).toEqual([
      'worker',
      'delivery-roles',
      'delivery-roles',
      'registry-roles',
      'github-flow',
      'approvals',
      // docs/codepipeline.md
      'worker',
    ]);
    for (const [at, { template, capability }] of commands.entries()) {
      const roles = Object.values(made[at] ?? {}).filter(({ Type }) => Type === 'AWS::IAM::Role');
      const named = roles.some(({ Properties }) => Properties.RoleName !== undefined);
      expect([template, capability]).toEqual([template, named ? 'CAPABILITY_NAMED_IAM' : 'CAPABILITY_IAM']);
    }
  });

  it('names the roles that the templates make, in the manifest and in the parameters', () => {
    const names = made.flatMap((resources) =>
      Object.values(resources).flatMap(({ Type, Properties }) =>
        Type === 'AWS::IAM::Role' ? Properties.RoleName : [],
      ),
    );
    const used = [...page.matchAll(/(?:role: |role\/|roles\/)([a-z]+(?:-[a-z]+)+)/g)].map(([, name = '']) => name);
    expect(used.length).toBeGreaterThan(8);
    for (const name of used) expect(names).toContain(name);
    const [worker = {}, delivering = {}] = made;
    const trusted = propertiesOf(delivering, 'Deployer').AssumeRolePolicyDocument.Statement[0];
    expect(trusted?.Principal).toEqual({ AWS: `${account}${propertiesOf(worker, 'Role').RoleName}` });
  });

  it('lets every role write to the bucket that writes: who registers, delivers and goes back', () => {
    const writers = / create-bucket .*--writers "([^"]*)"/.exec(page)?.[1]?.split(' ').sort();
    const writing = made.flatMap((resources) =>
      Object.entries(resources).flatMap(([id, { Type, Properties }]) =>
        Type === 'AWS::IAM::Role' && ['Registrar', 'Deployer', 'Restorer'].includes(id) ? Properties.RoleName : [],
      ),
    );
    expect(writers).toEqual(writing.sort());
  });

  it('says how long the name of an endpoint may be', () => {
    const longestFor = (version: string): number => {
      const fits = Array.from({ length: 63 }, (_, index) => index + 1).filter((length) =>
        isNamedFor('e'.repeat(length), contentName('e'.repeat(length), version, {}, 1)),
      );
      return Math.max(...fits);
    };
    const [build, final] = [longestFor(`0.0.0-build.${'a'.repeat(40)}`), longestFor('1.4.0')];
    expect(page.replace(/\s+/g, ' ')).toContain(
      `up to ${build} characters where builds go, and up to ${final} elsewhere`,
    );
    expect(readTemplate('delivery-roles').Parameters['Endpoint']?.MaxLength).toBe(final);
  });

  it('has links that lead somewhere', () => {
    for (const [, path = ''] of page.matchAll(/\]\(([^)#h][^)#]*)/g))
      expect(statSync(join('codebuild/templates', path)).isFile()).toBe(true);
  });
});
