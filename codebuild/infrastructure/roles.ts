import { CfnCondition, CfnOutput, CfnRule, Fn, type Stack, Token } from 'aws-cdk-lib';
import { CfnManagedPolicy, CfnOIDCProvider, CfnPolicy, CfnRole } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { PublishedName } from '../../src/permissions.ts';
import { acknowledgeGenerated } from './acknowledged.ts';
import { encrypts, guardOf, jobsOf, policiesOf } from './policies.ts';
import { given, isYes, onlyIf, openTemplate, parameter, yesOrNo } from './template.ts';

/** Ends of the names of the roles, and the words of their descriptions. */
const roles = {
  planner: 'Plans for pull requests; reads only',
  registrar: 'Registers versions, undecided; plans',
  tester: 'Asks the candidate and the version that serves; writes verdicts',
  approver: 'Approves or rejects versions',
  deployer: 'Delivers approved versions',
  restorer: 'Goes back to a version that served well',
} as const;
type Role = keyof typeof roles;

/** SageMaker compares names in lower case, and so do the ARNs of policies. A template cannot make a name lower-case. */
const lowerCase = {
  allowedPattern: '[a-z0-9](-*[a-z0-9]){0,62}',
  constraintDescription: 'up to 63 of a-z, 0-9 and -, without capital letters',
};

/** Trust policies compare the subjects of jobs as patterns: a name with a star or a question mark would let other jobs in. */
const literal = { allowedPattern: '[^*?]*', constraintDescription: 'a name without * and ?' };

const prefixOrEmpty = {
  default: '',
  allowedPattern: '([^*?]*/)?',
  constraintDescription: 'empty, or a prefix that ends with /, without * and ?',
};

/** The policies put these names into ARNs: a star would widen them, and an address or an ARN would match nothing. */
const bucketName = {
  allowedPattern: '[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]',
  constraintDescription: 'the name of a bucket',
};
const roleName = {
  allowedPattern: '[A-Za-z0-9+=,.@_/-]+',
  constraintDescription: 'the name of a role, not its ARN',
};
/** An ARN of S3 has a bucket, also in a policy that is not made. */
const noBucket = 'none';
const repositoryName = {
  allowedPattern: '[a-z0-9][a-z0-9._/-]*',
  constraintDescription: 'the name of a repository, without registry and tag',
};

const templates = {
  'registry-roles': 'model-delivery: who registers and who approves, in the account of the registry',
  'delivery-roles': 'model-delivery: who plans, tests, delivers and goes back, in the account of the endpoint',
} as const;

/**
 * The longest name of an endpoint that stands whole in the names of models and configurations, which have 63 characters, with a short version. The
 * policies match no name that was cut.
 */
const longestEndpoint = 48;

const roleOrEmpty = {
  default: '',
  allowedPattern: '(arn:[a-z-]+:iam::[0-9]{12}:role/.+)?',
  constraintDescription: 'empty, or the ARN of a role',
};

/**
 * The roles of one endpoint, in the account of the registry and in the account of its environment, or both in one. Their policies are those of
 * `docs/permissions`, made by the same code. They are assumed by the worker, in this account or in another one; or by jobs of GitHub, through the
 * account's identity provider.
 */
export const rolesTemplate = (app: Construct, name: keyof typeof templates): Stack => {
  const stack = openTemplate(app, name, templates[name]);
  parameter(stack, 'Model', {
    description: 'Model package group: `model` of the manifest, in small letters as SageMaker has it in ARNs.',
    ...lowerCase,
  });
  parameter(stack, 'Endpoint', {
    description: '`endpoint.name` of the manifest.',
    ...lowerCase,
    maxLength: longestEndpoint,
  });
  parameter(stack, 'ReleasesBucket', {
    description:
      'Bucket of `releases` in the manifest, which create-bucket makes: model-delivery-ACCOUNT-REGION without the key.',
    ...bucketName,
  });
  parameter(stack, 'ReleasesPrefix', {
    description: 'Prefix of `releases`, with a slash at its end; empty without one.',
    ...prefixOrEmpty,
  });
  parameter(stack, 'TrainingBucket', {
    description: 'Bucket to which training writes artifacts, and of the golden set.',
    ...bucketName,
  });
  parameter(stack, 'ImageRepository', {
    description: 'Name of the ECR repository of the serving image.',
    ...repositoryName,
  });
  parameter(stack, 'RolePrefix', {
    description:
      'Begin of the names of the roles: the manifest names PREFIX-deployer and the others. Roles have no region: an endpoint in another region needs another one.',
    default: 'model',
    allowedPattern: '[A-Za-z0-9+=,.@_-]{1,50}',
  });
  const worker = parameter(stack, 'WorkerRole', {
    description: 'ARN of the role of the worker, in this account or in another one; empty without CodePipeline.',
    ...roleOrEmpty,
  });
  const owner = parameter(stack, 'GitHubOwner', {
    description: 'Owner of the repository at GitHub whose jobs get the roles; empty without GitHub Actions.',
    default: '',
    ...literal,
  });
  for (const [one, description] of [
    ['GitHubOwnerId', 'Its number: gh api repos/OWNER/NAME --jq .owner.id'],
    ['GitHubRepository', 'Name of the repository, without its owner.'],
    ['GitHubRepositoryId', 'Its number: gh api repos/OWNER/NAME --jq .id'],
    ['GitHubTagPrefix', 'Begin of the tags whose jobs do the same as those of the branch: churn_v.'],
  ] as const)
    parameter(stack, one, { description, default: '', ...literal });
  parameter(stack, 'GitHubBranch', {
    description: 'Branch whose jobs plan, register and test.',
    default: 'main',
    ...literal,
  });
  if (name === 'registry-roles')
    parameter(stack, 'ApprovalEnvironment', {
      description: 'GitHub environment whose jobs write decisions to the registry.',
      default: 'model-approval',
      ...literal,
    });
  else {
    parameter(stack, 'ExecutionRole', {
      description:
        'Name of the role that SageMaker runs the container with; with its path, where it has one: service-role/NAME.',
      ...roleName,
    });
    const kmsAlias = parameter(stack, 'KmsAlias', {
      description: 'Alias of `kms-key` in the manifest, as alias/ml; empty without the key.',
      default: '',
      allowedPattern: '(alias/[A-Za-z0-9/_-]+)?',
      constraintDescription: 'empty, or an alias that begins with alias/',
    });
    given(stack, encrypts, kmsAlias);
    for (const [one, description, value] of [
      ['DeliveryEnvironment', 'GitHub environment, with required reviewers, whose jobs deliver.', 'production'],
      ['RollbackEnvironment', 'GitHub environment of those on call, whose jobs go back.', 'production-rollback'],
    ] as const)
      parameter(stack, one, { description, default: value, ...literal });
  }
  const trustsWorker = given(stack, 'TrustsWorker', worker);
  const trustsGithub = given(stack, 'TrustsGitHub', owner);
  const isGiven = (one: string) => Fn.conditionNot(Fn.conditionEquals(Fn.ref(one), ''));
  new CfnRule(stack, 'SomethingIsTrusted', {
    assertions: [
      {
        assert: Fn.conditionOr(isGiven('WorkerRole'), isGiven('GitHubOwner')),
        assertDescription: 'Give WorkerRole, or GitHubOwner, or both: otherwise nothing can assume the roles.',
      },
    ],
  });
  new CfnRule(stack, 'TheRepositoryIsWhole', {
    ruleCondition: isGiven('GitHubOwner'),
    assertions: ['GitHubOwnerId', 'GitHubRepository', 'GitHubRepositoryId', 'GitHubTagPrefix'].map((one) => ({
      assert: isGiven(one),
      assertDescription: `With GitHubOwner ${one} is needed: the trust policies contain it.`,
    })),
  });

  const policy = (id: string, description: string, policyDocument: object, condition?: CfnCondition): string => {
    if (stack.node.tryFindChild(id) !== undefined) return id;
    const made = new CfnManagedPolicy(stack, id, { description, policyDocument });
    if (condition) made.cfnOptions.condition = condition;
    acknowledgeGenerated(made);
    return id;
  };
  const ofOperation = (operation: PublishedName, condition?: CfnCondition): readonly string[] =>
    Object.entries(policiesOf(operation)).map(([file, document]) =>
      policy(identifier(file), `docs/permissions/${file}.json`, document, condition),
    );
  const guard = (duty: 'registrar' | 'approver' | 'deployer'): string =>
    policy(identifier(`${duty}-guard`), `docs/permissions/duties/${duty}-guard.json`, guardOf(duty));

  const role = (
    end: Role,
    jobs: object,
    attached: readonly (string | object)[],
    /** Parameter with the role that assumes it beside GitHub, and its condition. */
    assumedBy?: readonly [parameter: string, condition: CfnCondition],
    /** For a role that not every stack can let somebody assume: IAM refuses a trust policy without a statement. */
    exists: CfnCondition | undefined = assumedBy === undefined ? trustsGithub : undefined,
  ): CfnRole => {
    const one = new CfnRole(stack, identifier(end), {
      roleName: Fn.sub(`\${RolePrefix}-${end}`),
      description: roles[end],
      maxSessionDuration: 3600,
      assumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          ...(assumedBy === undefined
            ? [jobs]
            : [
                onlyIf(assumedBy[1].logicalId, {
                  Sid: 'LetThePipelineIn',
                  Effect: 'Allow',
                  Principal: { AWS: { Ref: assumedBy[0] } },
                  Action: ['sts:AssumeRole'],
                }),
                onlyIf(trustsGithub.logicalId, jobs),
              ]),
        ],
      },
      managedPolicyArns: attached.map((one) => Token.asString(typeof one === 'string' ? { Ref: one } : one)),
    });
    if (exists) one.cfnOptions.condition = exists;
    new CfnOutput(stack, `${identifier(end)}Role`, {
      value: one.attrArn,
      ...(exists ? { condition: exists } : {}),
    });
    return one;
  };

  const byWorker = ['WorkerRole', trustsWorker] as const;
  if (name === 'registry-roles') {
    const delivering = parameter(stack, 'DeliveryRoles', {
      type: 'CommaDelimitedList',
      description:
        'ARNs of `role` of the environments in which pipelines register: they assume `registry.registrar-role`; empty where no pipeline registers.',
      ...roleOrEmpty,
    });
    const trustsDelivery = new CfnCondition(stack, 'TrustsDelivery', {
      expression: Fn.conditionNot(Fn.conditionEquals(Fn.join('', delivering.valueAsList), '')),
    });
    role(
      'registrar',
      jobsOf('registrar'),
      [...ofOperation('register-model'), ...ofOperation('plan'), guard('registrar')],
      ['DeliveryRoles', trustsDelivery],
      new CfnCondition(stack, 'HasRegistrar', { expression: Fn.conditionOr(trustsDelivery, trustsGithub) }),
    );
    role('approver', jobsOf('approver'), [...ofOperation('gate'), guard('approver')], byWorker);
    return stack;
  }
  const stage = parameter(stack, 'WritesStage', {
    description: 'yes where the manifest has `stage`: deployer and restorer then write it to the registry.',
    default: 'no',
    ...yesOrNo,
  });
  const hasStage = isYes(stack, 'HasStage', stage);
  const withStage = ofOperation('life-cycle', hasStage).map((Ref) => onlyIf(hasStage.logicalId, { Ref }));
  const comesAfter = given(
    stack,
    'ComesAfter',
    parameter(stack, 'AfterEndpoint', {
      description: '`endpoint.name` of the environment that `after` of the manifest names; empty without `after`.',
      default: '',
      allowedPattern: `(${lowerCase.allowedPattern})?`,
      constraintDescription: `empty, or ${lowerCase.constraintDescription}`,
    }),
  );
  parameter(stack, 'AfterReleasesBucket', {
    description: 'Bucket of `releases` of that environment; not read without AfterEndpoint.',
    default: noBucket,
    ...bucketName,
  });
  parameter(stack, 'AfterReleasesPrefix', {
    description: 'Prefix of `releases` of that environment, with a slash at its end; empty without one.',
    ...prefixOrEmpty,
  });
  new CfnRule(stack, 'TheEnvironmentBeforeIsWhole', {
    ruleCondition: isGiven('AfterEndpoint'),
    assertions: [
      {
        assert: Fn.conditionNot(Fn.conditionEquals(Fn.ref('AfterReleasesBucket'), noBucket)),
        assertDescription: 'With AfterEndpoint its bucket is needed.',
      },
    ],
  });
  const after = ofOperation('after', comesAfter).map((Ref) => onlyIf(comesAfter.logicalId, { Ref }));
  const test = ofOperation('regression-test');
  role('planner', jobsOf('registrar', 'pull_request'), [...ofOperation('plan'), ...after]);
  role('tester', jobsOf('registrar'), test);
  const registrar = parameter(stack, 'RegistrarRole', {
    description:
      'ARN of `registry.registrar-role`, which the role of a pipeline assumes to register; empty where no pipeline registers.',
    ...roleOrEmpty,
  });
  const registers = given(stack, 'Registers', registrar);
  const deployer = role(
    'deployer',
    jobsOf('deployer'),
    [
      ...ofOperation('deploy-endpoint'),
      // In a pipeline the role of the environment tests too; jobs of GitHub have the tester for it.
      ...test.map((Ref) => onlyIf(trustsWorker.logicalId, { Ref })),
      guard('deployer'),
      ...withStage,
      ...after,
    ],
    byWorker,
  );
  const chain = new CfnPolicy(stack, 'AssumeTheRegistrar', {
    policyName: 'assume-the-registrar',
    policyDocument: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: ['sts:AssumeRole'], Resource: registrar.valueAsString }],
    },
    roles: [deployer.ref],
  });
  chain.cfnOptions.condition = registers;
  role('restorer', jobsOf('deployer', 'environment:<rollbacks>'), [...ofOperation('rollback'), ...withStage], byWorker);
  return stack;
};

/** GitHub's identity provider: an account has one, whatever repositories use it. */
export const identityProviderTemplate = (app: Construct): Stack => {
  const stack = openTemplate(
    app,
    'github-identity-provider',
    "model-delivery: GitHub's identity provider of an account",
  );
  new CfnOIDCProvider(stack, 'IdentityProvider', {
    url: 'https://token.actions.githubusercontent.com',
    clientIdList: ['sts.amazonaws.com'],
    // No thumbprints: IAM checks the certificate by its own authorities (IAM user guide, "Create an OpenID Connect identity provider").
  });
  return stack;
};

/** `deploy-endpoint-reads` → `DeployEndpointReads`: a logical id has letters and digits only. */
const identifier = (name: string): string =>
  name.replace(/(^|-)([a-z])/g, (_, _dash, letter: string) => letter.toUpperCase());
