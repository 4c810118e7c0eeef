import { BatchGetImageCommand, GetRepositoryPolicyCommand, SetRepositoryPolicyCommand } from '@aws-sdk/client-ecr';
import {
  CreateBucketCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutBucketPolicyCommand,
} from '@aws-sdk/client-s3';
import {
  CreateModelCommand,
  CreateModelPackageCommand,
  CreateModelPackageGroupCommand,
  DeleteModelPackageGroupPolicyCommand,
  DescribeEndpointCommand,
  DescribeModelPackageCommand,
  DescribeModelPackageGroupCommand,
  GetModelPackageGroupPolicyCommand,
  ListModelPackageGroupsCommand,
  ListModelPackagesCommand,
  PutModelPackageGroupPolicyCommand,
  SageMakerClient,
  UpdateModelPackageCommand,
} from '@aws-sdk/client-sagemaker';
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Account, clientsOf, openAccount, refusalOf } from './support/account.ts';

const tooling = '999988887777';
const production = '444455556666';
const keeper = `arn:aws:iam::${tooling}:role/keeper`;
const deployer = `arn:aws:iam::${production}:role/teams/ml/deployer`;
const other = `arn:aws:iam::${production}:role/other`;
const group = `arn:aws:sagemaker:eu-west-1:${tooling}:model-package-group/churn`;
const packages = `arn:aws:sagemaker:eu-west-1:${tooling}:model-package/churn/*`;
const version = packages.replace('*', '1');
const image = `${tooling}.dkr.ecr.eu-west-1.amazonaws.com/churn:1`;
const digest = `sha256:${'5e'.repeat(32)}`;
const key = `arn:aws:kms:eu-west-1:${tooling}:key/1234abcd`;
const theSession = `arn:aws:sts::${production}:assumed-role/deployer/r1`;

let account: Account;
beforeEach(async () => {
  account = await openAccount({ roles: [keeper, deployer, other, `arn:aws:iam::${production}:role/serving`] });
});
afterEach(() => account.simulator.close());

const assume = async (RoleArn: string): Promise<ReturnType<typeof clientsOf>> => {
  const { Credentials } = await account.sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'r1' }));
  return clientsOf(account.simulator, {
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
  });
};
const allow = (role: string, Action: string | readonly string[], Resource?: string | readonly string[]): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: role }, Action, ...(Resource ? { Resource } : {}) }],
  });
const noResourcePolicy = (action: string, resource: string): string =>
  `AccessDeniedException: User: ${theSession} is not authorized to perform: ${action} on resource: ${resource} because no resource-based policy allows the ${action} action`;

describe('accounts and regions', () => {
  test('have resources of their own under the same name', async () => {
    const [theirs, ours] = [await assume(keeper), await assume(deployer)];
    for (const { sagemaker } of [theirs, ours, account]) {
      const made = await sagemaker.send(new CreateModelPackageGroupCommand({ ModelPackageGroupName: 'churn' }));
      const listed = await sagemaker.send(new ListModelPackageGroupsCommand({}));
      expect(listed.ModelPackageGroupSummaryList?.map(({ ModelPackageGroupArn }) => ModelPackageGroupArn)).toEqual([
        made.ModelPackageGroupArn,
      ]);
    }
    const elsewhere = new SageMakerClient({
      endpoint: account.simulator.url,
      region: 'us-east-1',
      credentials: account.sagemaker.config.credentials,
      maxAttempts: 1,
    });
    expect((await elsewhere.send(new ListModelPackageGroupsCommand({}))).ModelPackageGroupSummaryList).toEqual([]);
    expect(await account.simulator.account(tooling).call('sagemaker', 'ListModelPackageGroups', {})).toMatchObject({
      ModelPackageGroupSummaryList: [{ ModelPackageGroupArn: group }],
    });
  });

  test('an endpoint of one is not found in another', async () => {
    const ours = await assume(deployer);
    expect(await refusalOf(ours.sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'churn' })))).toBe(
      `ValidationException: Could not find endpoint "arn:aws:sagemaker:eu-west-1:${production}:endpoint/churn".`,
    );
  });

  test('the session says whose it is', async () => {
    const { sts } = await assume(deployer);
    expect(await sts.send(new GetCallerIdentityCommand({}))).toMatchObject({ Account: production, Arn: theSession });
  });
});

describe('a role’s trust policy', () => {
  const attempt = () => refusalOf(assume(keeper));
  const denied = `AccessDenied: User: arn:aws:iam::111122223333:user/delivery is not authorized to perform: sts:AssumeRole on resource: ${keeper}`;

  test.each([
    ['the account', '111122223333', true],
    ['its root', 'arn:aws:iam::111122223333:root', true],
    ['the user', 'arn:aws:iam::111122223333:user/delivery', true],
    ['another account', '222233334444', false],
    ['another user', 'arn:aws:iam::111122223333:user/deliver', false],
  ])('that names %s', async (_who, principal, allowed) => {
    account.simulator.trust(keeper, JSON.parse(allow(principal, 'sts:AssumeRole')));
    expect(await attempt()).toBe(allowed ? undefined : denied);
  });

  test('lets a chained session in by its role, and the role’s own policy must allow it too', async () => {
    account.simulator.trust(keeper, JSON.parse(allow(deployer, 'sts:AssumeRole')));
    expect(await attempt()).toBe(denied);
    const chain = async (role: string) => {
      const { sts } = await assume(role);
      return refusalOf(sts.send(new AssumeRoleCommand({ RoleArn: keeper, RoleSessionName: 'r2' })));
    };
    expect(await chain(deployer)).toBeUndefined();
    expect(await chain(other)).toMatch(
      /^AccessDenied: .*assumed-role\/other\/r1 is not authorized to perform: sts:AssumeRole/,
    );
    account.simulator.permit(deployer, ['sagemaker:*']);
    expect(await chain(deployer)).toMatch(/because no identity-based policy allows the sts:AssumeRole action$/);
  });

  test('of an identity provider compares the token’s claims', async () => {
    const trust = (sub: string) =>
      account.simulator.trust(deployer, {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Federated: `arn:aws:iam::${production}:oidc-provider/token.actions.githubusercontent.com` },
            Action: 'sts:AssumeRoleWithWebIdentity',
            Condition: {
              StringEquals: {
                'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com',
                'token.actions.githubusercontent.com:sub': sub,
              },
            },
          },
        ],
      });
    const subject = 'repo:octo-org/octo-repo:environment:production';
    const answer = await fetch(
      `${account.simulator.url}/github/oidc-token?audience=sts.amazonaws.com&subject=${subject}`,
    );
    const { value } = (await answer.json()) as { value: string };
    const { AssumeRoleWithWebIdentityCommand } = await import('@aws-sdk/client-sts');
    const present = () =>
      refusalOf(
        account.sts.send(
          new AssumeRoleWithWebIdentityCommand({ RoleArn: deployer, RoleSessionName: 'r1', WebIdentityToken: value }),
        ),
      );
    trust(subject);
    expect(await present()).toBeUndefined();
    trust('repo:octo-org/octo-repo:pull_request');
    expect(await present()).toBe('AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity');
  });

  test('with an element that is not evaluated is refused, not ignored', () => {
    const policy = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', NotPrincipal: '*', Action: 'sts:*' }] };
    expect(() => account.simulator.trust(keeper, policy)).toThrow(TypeError);
  });
});

describe('a model package group of another account', () => {
  const content = {
    InferenceSpecification: {
      Containers: [{ Image: image, ModelDataUrl: 's3://shared/model.tar.gz' }],
      SupportedContentTypes: ['text/csv'],
      SupportedResponseMIMETypes: ['text/csv'],
    },
    ModelApprovalStatus: 'Approved' as const,
  };
  let theirs: ReturnType<typeof clientsOf>;
  let ours: ReturnType<typeof clientsOf>;
  beforeEach(async () => {
    [theirs, ours] = [await assume(keeper), await assume(deployer)];
    account.simulator.images.tag(image, digest);
    account.simulator.objects.create('shared', tooling);
    account.simulator.objects.put('shared', 'model.tar.gz', Buffer.from('m'));
    await theirs.sagemaker.send(new CreateModelPackageGroupCommand({ ModelPackageGroupName: 'churn' }));
    await theirs.sagemaker.send(new CreateModelPackageCommand({ ModelPackageGroupName: 'churn', ...content }));
  });
  const open = (actions: readonly string[]) =>
    theirs.sagemaker.send(
      new PutModelPackageGroupPolicyCommand({
        ModelPackageGroupName: 'churn',
        ResourcePolicy: allow(deployer, actions, [group, packages]),
      }),
    );
  const model = () =>
    ours.sagemaker.send(
      new CreateModelCommand({
        ModelName: 'churn-1',
        PrimaryContainer: { ModelPackageName: version },
        ExecutionRoleArn: `arn:aws:iam::${production}:role/serving`,
      }),
    );

  test.each([
    ['DescribeModelPackage', version, () => new DescribeModelPackageCommand({ ModelPackageName: version })],
    ['ListModelPackages', packages, () => new ListModelPackagesCommand({ ModelPackageGroupName: group })],
    ['DescribeModelPackageGroup', group, () => new DescribeModelPackageGroupCommand({ ModelPackageGroupName: group })],
    ['CreateModelPackage', packages, () => new CreateModelPackageCommand({ ModelPackageGroupName: group, ...content })],
    [
      'UpdateModelPackage',
      version,
      () => new UpdateModelPackageCommand({ ModelPackageArn: version, ModelApprovalStatus: 'Rejected' }),
    ],
  ])('%s needs its policy, by the ARN', async (operation, resource, command) => {
    const send = () => refusalOf((ours.sagemaker.send as (one: unknown) => Promise<unknown>)(command()));
    const action = `sagemaker:${operation}`;
    expect(await send()).toBe(noResourcePolicy(action, resource));
    await open(['sagemaker:DeleteModelPackage']);
    expect(await send()).toBe(noResourcePolicy(action, resource));
    await open([action]);
    expect(await send()).toBeUndefined();
    const { sagemaker } = await assume(other);
    expect(await refusalOf((sagemaker.send as (one: unknown) => Promise<unknown>)(command()))).toMatch(
      /because no resource-based policy allows/,
    );
  });

  test('a model is made of its package where the group, the repository and the bucket let it', async () => {
    expect(await refusalOf(model())).toBe(noResourcePolicy('sagemaker:CreateModel', version));
    await open(['sagemaker:CreateModel']);
    expect(await refusalOf(model())).toMatch(
      /^ValidationException: The repository of your image .* does not grant ecr:GetDownloadUrlForLayer/,
    );
    const serving = `arn:aws:iam::${production}:role/serving`;
    await theirs.ecr.send(
      new SetRepositoryPolicyCommand({ repositoryName: 'churn', policyText: allow(serving, 'ecr:*') }),
    );
    expect(await refusalOf(model())).toMatch(
      /^ValidationException: Could not access model data at s3:\/\/shared\/model\.tar\.gz\. .*role\/serving/,
    );
    await theirs.s3.send(
      new PutBucketPolicyCommand({
        Bucket: 'shared',
        Policy: allow(serving, 's3:GetObject', 'arn:aws:s3:::shared/*'),
      }),
    );
    expect(await refusalOf(model())).toBeUndefined();
  });

  test('a name without account means the own registry; a package of another region is none', async () => {
    await open(['sagemaker:*']);
    expect(
      await refusalOf(ours.sagemaker.send(new DescribeModelPackageCommand({ ModelPackageName: 'churn/1' }))),
    ).toMatch(/ does not exist\.$/);
    const elsewhere = version.replace('eu-west-1', 'us-east-1');
    expect(await refusalOf(ours.sagemaker.send(new DescribeModelPackageCommand({ ModelPackageName: elsewhere })))).toBe(
      'ValidationException: ARN should be scoped to correct region: eu-west-1',
    );
  });

  test('its policy is put, read and deleted by its own account; what is not evaluated is refused', async () => {
    const named = { ModelPackageGroupName: 'churn' };
    const missing = `ValidationException: Cannot find resource policy for: ${group}`;
    expect(await refusalOf(theirs.sagemaker.send(new GetModelPackageGroupPolicyCommand(named)))).toBe(missing);
    await open(['sagemaker:DescribeModelPackage']);
    const { ResourcePolicy } = await theirs.sagemaker.send(new GetModelPackageGroupPolicyCommand(named));
    expect(JSON.parse(ResourcePolicy ?? '')).toMatchObject({ Statement: [{ Principal: { AWS: deployer } }] });
    await theirs.sagemaker.send(new DeleteModelPackageGroupPolicyCommand(named));
    expect(await refusalOf(theirs.sagemaker.send(new DeleteModelPackageGroupPolicyCommand(named)))).toBe(missing);
    for (const ResourcePolicy of [
      allow(deployer, 'sagemaker:*', 'arn:aws:sagemaker:eu-west-1:999988887777:model-package/fraud/*'),
      allow(deployer, 'sagemaker:*'),
      '{"Statement":[{"Effect":"Allow","NotPrincipal":"*"}]}',
      'no JSON',
    ])
      expect(
        await refusalOf(theirs.sagemaker.send(new PutModelPackageGroupPolicyCommand({ ...named, ResourcePolicy }))),
      ).toMatch(
        ResourcePolicy.includes('NotPrincipal')
          ? /^NotSimulated: not simulated: NotPrincipal in /
          : /^ValidationException: /,
      );
  });

  test('a denial in it holds in its own account as well', async () => {
    const Statement = [{ Effect: 'Deny', Principal: '*', Action: 'sagemaker:UpdateModelPackage', Resource: packages }];
    await theirs.sagemaker.send(
      new PutModelPackageGroupPolicyCommand({
        ModelPackageGroupName: 'churn',
        ResourcePolicy: JSON.stringify({ Version: '2012-10-17', Statement }),
      }),
    );
    const reject = new UpdateModelPackageCommand({ ModelPackageArn: version, ModelApprovalStatus: 'Rejected' });
    expect(await refusalOf(theirs.sagemaker.send(reject))).toMatch(/with an explicit deny in a resource-based policy$/);
  });
});

describe('a bucket of another account', () => {
  const read = { Bucket: 'shared', Key: 'm' };
  let theirs: ReturnType<typeof clientsOf>;
  let ours: ReturnType<typeof clientsOf>;
  beforeEach(async () => {
    [theirs, ours] = [await assume(keeper), await assume(deployer)];
    await theirs.s3.send(
      new CreateBucketCommand({ Bucket: 'shared', CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } }),
    );
    account.simulator.objects.put('shared', 'm', Buffer.from('m'));
  });
  const open = (...more: readonly object[]) =>
    theirs.s3.send(
      new PutBucketPolicyCommand({
        Bucket: 'shared',
        Policy: JSON.stringify({
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { AWS: deployer },
              Action: 's3:GetObject',
              Resource: 'arn:aws:s3:::shared/*',
            },
            ...more,
          ],
        }),
      }),
    );

  test('is read where its policy allows it; its settings stay its own account’s', async () => {
    expect(await refusalOf(ours.s3.send(new GetObjectCommand(read)))).toBe('AccessDenied: Access Denied');
    await open();
    expect(await (await ours.s3.send(new GetObjectCommand(read))).Body?.transformToString()).toBe('m');
    const { s3 } = await assume(other);
    expect(await refusalOf(s3.send(new GetObjectCommand(read)))).toBe('AccessDenied: Access Denied');
    expect(await refusalOf(ours.s3.send(new GetBucketPolicyCommand({ Bucket: 'shared' })))).toBe(
      'AccessDenied: Access Denied',
    );
    expect((await theirs.s3.send(new GetBucketPolicyCommand({ Bucket: 'shared' }))).Policy).toContain(deployer);
    expect(await refusalOf(ours.s3.send(new CreateBucketCommand({ Bucket: 'shared' })))).toMatch(
      /^BucketAlreadyExists/,
    );
  });

  test('does not tell an absent object from a forbidden one without s3:ListBucket', async () => {
    await open();
    const absent = { ...read, Key: 'absent' };
    expect(await refusalOf(ours.s3.send(new GetObjectCommand(absent)))).toBe('AccessDenied: Access Denied');
    await open({
      Effect: 'Allow',
      Principal: { AWS: deployer },
      Action: 's3:ListBucket',
      Resource: 'arn:aws:s3:::shared',
    });
    expect(await refusalOf(ours.s3.send(new GetObjectCommand(absent)))).toMatch(/^NoSuchKey/);
  });

  test('under a key of that account its content needs the key’s policy, its headers do not', async () => {
    await open();
    account.simulator.objects.encrypt('shared', key);
    expect(await refusalOf(ours.s3.send(new GetObjectCommand(read)))).toBe(
      `AccessDenied: User: ${theSession} is not authorized to perform: kms:Decrypt on resource: ${key} because no resource-based policy allows the kms:Decrypt action`,
    );
    expect(await ours.s3.send(new HeadObjectCommand(read))).toMatchObject({
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: key,
    });
    expect(await refusalOf(ours.s3.send(new HeadObjectCommand({ ...read, ChecksumMode: 'ENABLED' })))).toMatch(
      /^Unknown: /,
    );
    expect(await refusalOf(theirs.s3.send(new GetObjectCommand(read)))).toBeUndefined();
    account.simulator.keys.putPolicy(key, JSON.parse(allow(deployer, 'kms:Decrypt', '*')));
    expect(await refusalOf(ours.s3.send(new GetObjectCommand(read)))).toBeUndefined();
    account.simulator.keys.putPolicy(key, JSON.parse(allow(deployer, 'kms:Decrypt', '*').replace('Allow', 'Deny')));
    expect(await refusalOf(ours.s3.send(new GetObjectCommand(read)))).toMatch(
      /kms:Decrypt on resource: .* with an explicit deny in a resource-based policy$/,
    );
  });
});

test('an image of another account is read where its repository allows it; AWS’s own images are open to all', async () => {
  const [theirs, ours] = [await assume(keeper), await assume(deployer)];
  expect(() => account.simulator.images.fill(image, new Map())).toThrow(`there is no image ${image}`);
  account.simulator.images.tag(image, digest);
  const ask = { registryId: tooling, repositoryName: 'churn', imageIds: [{ imageTag: '1' }] };
  const get = () => refusalOf(ours.ecr.send(new BatchGetImageCommand(ask)));
  const repository = `arn:aws:ecr:eu-west-1:${tooling}:repository/churn`;
  expect(await get()).toBe(noResourcePolicy('ecr:BatchGetImage', repository));
  expect(await refusalOf(theirs.ecr.send(new GetRepositoryPolicyCommand({ repositoryName: 'churn' })))).toMatch(
    /^RepositoryPolicyNotFoundException: Repository policy does not exist/,
  );
  const policyText = allow(deployer, 'ecr:BatchGetImage');
  await theirs.ecr.send(new SetRepositoryPolicyCommand({ repositoryName: 'churn', policyText }));
  expect(await get()).toBeUndefined();
  account.simulator.images.tag('763104351884.dkr.ecr.eu-west-1.amazonaws.com/pytorch:2', digest);
  const pytorch = { registryId: '763104351884', repositoryName: 'pytorch', imageIds: [{ imageTag: '2' }] };
  expect((await ours.ecr.send(new BatchGetImageCommand(pytorch))).images).toHaveLength(1);
});
