import { createHash } from 'node:crypto';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListBucketsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { ListEndpointsCommand } from '@aws-sdk/client-sagemaker';
import { AssumeRoleCommand, AssumeRoleWithWebIdentityCommand } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { AwsError } from '../../simulator/contracts.ts';
import { type Account, clientsOf, openAccount, refusalOf } from './support/account.ts';

let account: Account;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.simulator.close());

/** Errors get their code as name, as SDKs have it. */
const call = async (service: string, operation: string, input: object) => {
  try {
    return await account.simulator.call(service, operation, input);
  } catch (error) {
    throw error instanceof AwsError ? Object.assign(error, { name: error.code }) : error;
  }
};
const iam = (operation: string, input: object) => call('iam', operation, input);
const ecr = (operation: string, input: object) => call('ecr', operation, input);
const allow = (Action: string): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] });
const trust = (Principal: unknown): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }] });

describe('a role made by CreateRole', () => {
  const RoleName = 'churn-deployer';
  const arn = `arn:aws:iam::111122223333:role/${RoleName}`;
  const assume = async (more: object = {}) => {
    const wanted = new AssumeRoleCommand({ RoleArn: arn, RoleSessionName: 'by-hand', ...more });
    const {
      AccessKeyId = '',
      SecretAccessKey = '',
      SessionToken = '',
    } = (await account.sts.send(wanted)).Credentials ?? {};
    const keys = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
    return clientsOf(account.simulator, keys);
  };
  const make = (more: object = {}) =>
    iam('CreateRole', { RoleName, AssumeRolePolicyDocument: trust({ AWS: '111122223333' }), ...more });

  test('may do nothing until it has a policy, and only as long as it has one', async () => {
    await make();
    const { sagemaker } = await assume();
    const list = () => sagemaker.send(new ListEndpointsCommand({}));
    expect(await refusalOf(list())).toMatch(
      /^AccessDeniedException: .*no identity-based policy allows the sagemaker:ListEndpoints/,
    );
    await iam('PutRolePolicy', { RoleName, PolicyName: 'reads', PolicyDocument: allow('sagemaker:List*') });
    expect((await list()).Endpoints).toEqual([]);
    await iam('DeleteRolePolicy', { RoleName, PolicyName: 'reads' });
    expect(await refusalOf(list())).toMatch(/no identity-based policy/);
    const PolicyArn = 'arn:aws:iam::aws:policy/AdministratorAccess';
    await iam('AttachRolePolicy', { RoleName, PolicyArn });
    expect((await list()).Endpoints).toEqual([]);
    expect(await refusalOf(iam('DeleteRole', { RoleName }))).toMatch(/must detach all policies first/);
    await iam('DetachRolePolicy', { RoleName, PolicyArn });
    await iam('DeleteRole', { RoleName });
    expect(await refusalOf(list())).toMatch(/no identity-based policy/);
  });

  test('deletes the objects that it may, and is told of each of the others', async () => {
    await make();
    const remove = (await assume()).s3;
    const Bucket = 'ml-artifacts';
    for (const Key of ['mine/k', 'yours/k']) await account.s3.send(new PutObjectCommand({ Bucket, Key, Body: 'b' }));
    const several = () =>
      remove.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'mine/k' }, { Key: 'yours/k' }] } }));
    const refused = (Key: string) => ({
      Key,
      Code: 'AccessDenied',
      Message: expect.stringMatching(
        new RegExp(`s3:DeleteObject on resource: "?arn:aws:s3:::${Bucket}/${Key}"? because no identity-based policy`),
      ),
    });
    const nothing = await several();
    expect(nothing.Errors).toEqual([refused('mine/k'), refused('yours/k')]);
    expect(nothing.Deleted).toBeUndefined();
    const Resource = `arn:aws:s3:::${Bucket}/mine/*`;
    const PolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 's3:DeleteObject', Resource }],
    });
    await iam('PutRolePolicy', { RoleName, PolicyName: 'removes', PolicyDocument });
    expect(await several()).toMatchObject({ Deleted: [{ Key: 'mine/k' }], Errors: [refused('yours/k')] });
    const { objects } = account.simulator;
    expect([objects.get(Bucket, 'mine/k'), objects.get(Bucket, 'yours/k')]).toEqual([undefined, expect.anything()]);
  });

  test('is assumed by those whom its trust policy names, for as long as it allows', async () => {
    await make({ AssumeRolePolicyDocument: trust({ Service: 'sagemaker.amazonaws.com' }), MaxSessionDuration: 7200 });
    expect(await refusalOf(assume())).toMatch(/is not authorized to perform: sts:AssumeRole/);
    await iam('UpdateAssumeRolePolicy', { RoleName, PolicyDocument: trust({ AWS: '111122223333' }) });
    await assume({ DurationSeconds: 7200 });
    expect(await refusalOf(assume({ DurationSeconds: 7201 }))).toMatch(/exceeds the MaxSessionDuration/);
  });

  test('is shown with its own members, beside the roles that the simulation began with', async () => {
    await make({ Path: '/delivery/', Description: 'delivers churn', Tags: [{ Key: 'team', Value: 'churn' }] });
    expect(await iam('GetRole', { RoleName })).toMatchObject({
      Role: {
        Arn: `arn:aws:iam::111122223333:role/delivery/${RoleName}`,
        Path: '/delivery/',
        Description: 'delivers churn',
        MaxSessionDuration: 3600,
        Tags: [{ Key: 'team', Value: 'churn' }],
        AssumeRolePolicyDocument: encodeURIComponent(trust({ AWS: '111122223333' })),
      },
    });
    const { Roles } = (await iam('ListRoles', {})) as { Roles: readonly { readonly RoleName: string }[] };
    expect(Roles.map((role) => role.RoleName)).toEqual(expect.arrayContaining([RoleName, 'model-deployer']));
    expect(await iam('ListRoles', { PathPrefix: '/delivery/' })).toMatchObject({ Roles: [{ RoleName }] });
    expect(await refusalOf(make())).toBe(`EntityAlreadyExists: Role with name ${RoleName} already exists.`);
  });

  test.each([
    [
      'PermissionsBoundary',
      { PermissionsBoundary: 'arn:aws:iam::aws:policy/AdministratorAccess' },
      /^NotSimulated: not simulated: .*PermissionsBoundary/,
    ],
    ['a trust policy that is no JSON', { AssumeRolePolicyDocument: '{' }, /^MalformedPolicyDocument: /],
    [
      'a statement that is none',
      { AssumeRolePolicyDocument: '{"Version":"2012-10-17","Statement":[null]}' },
      /^MalformedPolicyDocument: Syntax errors in policy\.$/,
    ],
    [
      'a trust policy with a resource',
      { AssumeRolePolicyDocument: trust(undefined).replace('"Action"', '"Resource":"*","Action"') },
      /^MalformedPolicyDocument: Has prohibited field Resource$/,
    ],
    [
      'a trust policy with NotPrincipal',
      { AssumeRolePolicyDocument: trust(undefined).replace('"Action"', '"NotPrincipal":"*","Action"') },
      /^NotSimulated: not simulated: NotPrincipal/,
    ],
  ])('is refused with %s, and not made', async (_what, more, refusal) => {
    expect(await refusalOf(make(more))).toMatch(refusal);
    expect(await refusalOf(iam('GetRole', { RoleName }))).toMatch(/cannot be found/);
  });

  test('gets a managed policy only when all of it is evaluated', async () => {
    await make();
    const attach = (PolicyArn: string) => refusalOf(iam('AttachRolePolicy', { RoleName, PolicyArn }));
    expect(await attach('arn:aws:iam::aws:policy/AmazonSageMakerFullAccess')).toMatch(
      /^NotSimulated: .*AmazonSageMakerFullAccess/,
    );
    expect(await attach('arn:aws:iam::111122223333:policy/mine')).toMatch(/^NoSuchEntity: .*is not attachable/);
  });

  test('lists its policies page by page, and the managed ones by their path', async () => {
    await make();
    for (const PolicyName of ['one', 'two'])
      await iam('PutRolePolicy', { RoleName, PolicyName, PolicyDocument: allow('s3:GetObject') });
    const first = await iam('ListRolePolicies', { RoleName, MaxItems: 1 });
    expect(first).toEqual({ PolicyNames: ['one'], IsTruncated: true, Marker: expect.any(String) });
    const { Marker } = first as { readonly Marker: string };
    expect(await iam('ListRolePolicies', { RoleName, Marker })).toEqual({ PolicyNames: ['two'], IsTruncated: false });
    for (const name of ['AmazonS3FullAccess', 'AmazonS3ReadOnlyAccess'])
      await iam('AttachRolePolicy', { RoleName, PolicyArn: `arn:aws:iam::aws:policy/${name}` });
    const attached = await iam('ListAttachedRolePolicies', { RoleName, MaxItems: 1 });
    expect(attached).toMatchObject({ AttachedPolicies: [{ PolicyName: 'AmazonS3FullAccess' }], IsTruncated: true });
    const next = { RoleName, Marker: (attached as { readonly Marker: string }).Marker };
    expect(await iam('ListAttachedRolePolicies', next)).toMatchObject({
      AttachedPolicies: [{ PolicyName: 'AmazonS3ReadOnlyAccess' }],
      IsTruncated: false,
    });
    expect(await iam('ListAttachedRolePolicies', { RoleName, PathPrefix: '/service-role/' })).toMatchObject({
      AttachedPolicies: [],
    });
  });
});

describe('a policy made by CreatePolicy', () => {
  const PolicyName = 'churn-lists';
  const PolicyArn = `arn:aws:iam::111122223333:policy/${PolicyName}`;
  const make = (more: object = {}) =>
    iam('CreatePolicy', { PolicyName, PolicyDocument: allow('sagemaker:ListEndpoints'), ...more });
  const RoleName = 'churn-deployer';
  const makeRole = () => iam('CreateRole', { RoleName, AssumeRolePolicyDocument: trust({ AWS: '111122223333' }) });

  test('gives the roles it is attached to its permissions, and is deleted when it is attached to none', async () => {
    await makeRole();
    expect(await make({ Description: 'lists', Tags: [{ Key: 'team', Value: 'churn' }] })).toMatchObject({
      Policy: { PolicyName, Arn: PolicyArn, Path: '/', DefaultVersionId: 'v1', AttachmentCount: 0, IsAttachable: true },
    });
    await iam('AttachRolePolicy', { RoleName, PolicyArn });
    expect(await iam('ListAttachedRolePolicies', { RoleName })).toMatchObject({
      AttachedPolicies: [{ PolicyName, PolicyArn }],
    });
    const { Credentials } = await account.sts.send(
      new AssumeRoleCommand({ RoleArn: `arn:aws:iam::111122223333:role/${RoleName}`, RoleSessionName: 'by-hand' }),
    );
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
    const keys = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
    const { sagemaker } = clientsOf(account.simulator, keys);
    expect((await sagemaker.send(new ListEndpointsCommand({}))).Endpoints).toEqual([]);
    expect(await iam('GetPolicy', { PolicyArn })).toMatchObject({
      Policy: { AttachmentCount: 1, Description: 'lists', Tags: [{ Key: 'team', Value: 'churn' }] },
    });
    expect(await iam('GetPolicyVersion', { PolicyArn, VersionId: 'v1' })).toMatchObject({
      PolicyVersion: { Document: encodeURIComponent(allow('sagemaker:ListEndpoints')), IsDefaultVersion: true },
    });
    expect(await refusalOf(iam('GetPolicyVersion', { PolicyArn, VersionId: 'v2' }))).toMatch(/^NoSuchEntity: /);
    expect(await refusalOf(iam('DeletePolicy', { PolicyArn }))).toMatch(/^DeleteConflict: /);
    await iam('DetachRolePolicy', { RoleName, PolicyArn });
    await iam('DeletePolicy', { PolicyArn });
    expect(await refusalOf(iam('GetPolicy', { PolicyArn }))).toBe(`NoSuchEntity: Policy ${PolicyArn} was not found.`);
    expect(await refusalOf(sagemaker.send(new ListEndpointsCommand({})))).toMatch(/no identity-based policy/);
  });

  test('is refused when there is one of its name, when it is no policy, and when it is too large', async () => {
    await make({ Path: '/delivery/' });
    expect(await refusalOf(make())).toMatch(/^EntityAlreadyExists: A policy called churn-lists already exists/);
    const other = { PolicyName: 'other' };
    expect(await refusalOf(make({ ...other, PolicyDocument: '{' }))).toMatch(/^MalformedPolicyDocument: /);
    // IAM user guide, "IAM and AWS STS quotas": 6,144 characters, white space not counted.
    const sized = (length: number): string => {
      const text = allow(`sagemaker:${'a'.repeat(40)}`);
      return text.replace(/a{40}/, (letters) => letters + 'a'.repeat(length - text.length));
    };
    expect(await refusalOf(make({ ...other, PolicyDocument: sized(6145) }))).toMatch(/^LimitExceeded: .*6144$/);
    await make({ ...other, PolicyDocument: sized(6144).replaceAll(',', ', ') });
  });

  test('is the eleventh of no role', async () => {
    await makeRole();
    const attach = async (number: number) => {
      const { Policy } = (await make({ PolicyName: `churn-${number}` })) as { Policy: { Arn: string } };
      await iam('AttachRolePolicy', { RoleName, PolicyArn: Policy.Arn });
    };
    for (let number = 1; number <= 10; number++) await attach(number);
    expect(await refusalOf(attach(11))).toMatch(/^LimitExceeded: Cannot exceed quota for PoliciesPerRole: 10$/);
  });
});

describe('an identity provider', () => {
  const Url = 'https://token.actions.githubusercontent.com';
  const OpenIDConnectProviderArn = 'arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com';
  const create = (more: object = {}) =>
    iam('CreateOpenIDConnectProvider', { Url, ClientIDList: ['sts.amazonaws.com'], ...more });
  const exchange = async (): Promise<unknown> => {
    const answer = await fetch(`${account.simulator.url}/github/oidc-token?audience=sts.amazonaws.com`);
    const { value: WebIdentityToken } = (await answer.json()) as { readonly value: string };
    const RoleArn = 'arn:aws:iam::111122223333:role/model-deployer';
    return account.sts.send(
      new AssumeRoleWithWebIdentityCommand({ RoleArn, RoleSessionName: 'job-7', WebIdentityToken }),
    );
  };

  test('of GitHub is there from the beginning, unless the account begins without', async () => {
    expect(await iam('ListOpenIDConnectProviders', {})).toEqual({
      OpenIDConnectProviderList: [{ Arn: OpenIDConnectProviderArn }],
    });
    expect(await refusalOf(create())).toBe(`EntityAlreadyExists: Provider with url ${Url} already exists.`);
  });

  test('is needed for a token of its issuer, with its audience', async () => {
    account.simulator.close();
    account = await openAccount({ withGithub: false });
    expect(await iam('ListOpenIDConnectProviders', {})).toEqual({ OpenIDConnectProviderList: [] });
    expect(await refusalOf(exchange())).toMatch(/No OpenIDConnect provider found in your account/);
    const Tags = [{ Key: 'team', Value: 'churn' }];
    expect(await create({ ClientIDList: ['elsewhere'], ThumbprintList: ['a'.repeat(40)], Tags })).toEqual({
      OpenIDConnectProviderArn,
      Tags,
    });
    expect(await iam('GetOpenIDConnectProvider', { OpenIDConnectProviderArn })).toMatchObject({
      Url: 'token.actions.githubusercontent.com',
      ClientIDList: ['elsewhere'],
      ThumbprintList: ['a'.repeat(40)],
      Tags,
    });
    expect(await refusalOf(exchange())).toMatch(/Incorrect token audience/);
    await iam('DeleteOpenIDConnectProvider', { OpenIDConnectProviderArn });
    await iam('DeleteOpenIDConnectProvider', { OpenIDConnectProviderArn });
    expect(await refusalOf(iam('GetOpenIDConnectProvider', { OpenIDConnectProviderArn }))).toMatch(/^NoSuchEntity: /);
    await create();
    expect(await exchange()).toMatchObject({ Provider: OpenIDConnectProviderArn });
    expect(await refusalOf(create({ Url: 'http://example.com' }))).toMatch(/^InvalidInput: /);
  });
});

describe('an image put by PutImage', () => {
  const repositoryName = 'churn';
  const imageManifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { digest: `sha256:${'0'.repeat(64)}`, size: 2 },
    layers: [{ digest: `sha256:${'1'.repeat(64)}`, size: 40 }],
  });
  const imageDigest = `sha256:${createHash('sha256').update(imageManifest).digest('hex')}`;

  test('has the digest of its bytes, and tags that move', async () => {
    await ecr('CreateRepository', { repositoryName });
    await ecr('PutImage', { repositoryName, imageManifest, imageTag: '1' });
    expect(account.simulator.images.resolve('111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn:1')).toBe(imageDigest);
    expect(await ecr('DescribeImages', { repositoryName })).toMatchObject({
      imageDetails: [{ imageDigest, imageTags: ['1'], imageSizeInBytes: 42 }],
    });
    expect(await refusalOf(ecr('PutImage', { repositoryName, imageManifest, imageTag: '1' }))).toMatch(
      /^ImageAlreadyExistsException/,
    );
    const list = {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [{ digest: `sha256:${'2'.repeat(64)}` }, { digest: imageDigest }],
    };
    await ecr('PutImage', { repositoryName, imageManifest: JSON.stringify(list), imageTag: 'all' });
    expect(await ecr('DescribeImages', { repositoryName, imageIds: [{ imageTag: 'all' }] })).toMatchObject({
      imageDetails: [{ imageSizeInBytes: 42 }],
    });
    await ecr('PutImage', { repositoryName, imageManifest: `${imageManifest} `, imageTag: '1' });
    expect(await ecr('ListImages', { repositoryName, filter: { tagStatus: 'UNTAGGED' } })).toEqual({
      imageIds: [{ imageDigest }],
    });
  });

  test('has the media type of its manifest, or of its call, and is listed page by page', async () => {
    await ecr('CreateRepository', { repositoryName });
    const imageManifestMediaType = 'application/vnd.docker.distribution.manifest.v2+json';
    for (const schemaVersion of ['2', '2 '])
      await ecr('PutImage', {
        repositoryName,
        imageManifest: `{"schemaVersion":${schemaVersion}}`,
        imageManifestMediaType,
      });
    expect(await ecr('DescribeImages', { repositoryName })).toMatchObject({
      imageDetails: [{ imageManifestMediaType }, {}],
    });
    const first = (await ecr('ListImages', { repositoryName, maxResults: 1 })) as { readonly nextToken: string };
    expect(first).toEqual({ imageIds: [expect.anything()], nextToken: expect.any(String) });
    expect(await ecr('ListImages', { repositoryName, nextToken: first.nextToken })).toEqual({
      imageIds: [expect.anything()],
    });
    const other = { repositoryName, imageManifest, imageManifestMediaType };
    expect(await refusalOf(ecr('PutImage', other))).toMatch(/^InvalidParameterException: .*ImageManifest/);
  });

  test.each(['-1', '.1', 'a b', 'v1+2', 'größer', 'x'.repeat(129)])('is refused with the tag %j', async (imageTag) => {
    await ecr('CreateRepository', { repositoryName });
    expect(await refusalOf(ecr('PutImage', { repositoryName, imageManifest, imageTag }))).toMatch(
      /^InvalidParameterException: Invalid parameter at 'imageTag' failed to satisfy constraint: 'must satisfy regular expression/,
    );
    expect(await ecr('ListImages', { repositoryName })).toEqual({ imageIds: [] });
    await ecr('PutImage', { repositoryName, imageManifest, imageTag: '_V.1-x'.padEnd(128, '_') });
  });

  test('keeps its tag where tags are immutable', async () => {
    await ecr('CreateRepository', { repositoryName, imageTagMutability: 'IMMUTABLE' });
    await ecr('PutImage', { repositoryName, imageManifest, imageTag: '1' });
    expect(
      await refusalOf(ecr('PutImage', { repositoryName, imageManifest: `${imageManifest} `, imageTag: '1' })),
    ).toMatch(/^ImageTagAlreadyExistsException/);
  });

  test.each([
    ['no JSON', { imageManifest: 'FROM scratch' }, /^InvalidParameterException: .*ImageManifest/],
    ...['"layers":{}', '"layers":null', '"layers":[null]', '"config":{"size":"12"}'].map(
      (part) =>
        [
          part,
          { imageManifest: imageManifest.replace(/\}$/, `,${part}}`) },
          /^InvalidParameterException: .*ImageManifest/,
        ] as const,
    ),
    ['another digest', { imageManifest, imageDigest: `sha256:${'9'.repeat(64)}` }, /^ImageDigestDoesNotMatchException/],
  ])('is refused with %s', async (_what, image, refusal) => {
    await ecr('CreateRepository', { repositoryName });
    expect(await refusalOf(ecr('PutImage', { repositoryName, ...image }))).toMatch(refusal);
    expect(await ecr('ListImages', { repositoryName })).toEqual({ imageIds: [] });
  });

  test('needs a repository, which is not deleted with its images by accident', async () => {
    expect(await refusalOf(ecr('PutImage', { repositoryName, imageManifest }))).toMatch(/^RepositoryNotFoundException/);
    await ecr('CreateRepository', { repositoryName });
    expect(await refusalOf(ecr('CreateRepository', { repositoryName }))).toMatch(/^RepositoryAlreadyExistsException/);
    await ecr('PutImage', { repositoryName, imageManifest });
    expect(await refusalOf(ecr('DeleteRepository', { repositoryName }))).toMatch(/^RepositoryNotEmptyException/);
    await ecr('DeleteRepository', { repositoryName, force: true });
    expect(await ecr('DescribeRepositories', {})).toEqual({ repositories: [] });
  });
});

describe('buckets', () => {
  test.each([
    ...['ab', 'a'.repeat(64), 'Models', 'my_models', '-models', 'models-', '.models', 'a..b', '192.168.5.4'],
    ...['xn--models', 'sthree-models', 'amzn-s3-demo-models', 'models-s3alias', 'models--ol-s3', 'models.mrap'],
    ...['models--x-s3', 'models--table-s3'],
  ])('are not called %s', async (Bucket) => {
    const make = (name: string) => call('s3', 'CreateBucket', { Bucket: name, LocationConstraint: 'eu-west-1' });
    expect(await refusalOf(make(Bucket))).toBe('InvalidBucketName: The specified bucket is not valid.');
    expect(() => account.simulator.objects.create(Bucket, '111122223333')).toThrow(`${Bucket} is no name of a bucket`);
    for (const name of ['abc', 'a'.repeat(63), '1.2.3', '192.168.5.4.5', 'a.b-c', 'models-s3alias2', 'a-xn--b'])
      await make(name);
  });

  test('are listed for their account alone, and deleted when they are empty', async () => {
    const { s3, simulator } = account;
    simulator.objects.create('somebody-elses', '444455556666');
    const Bucket = 'churn-models';
    await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } }));
    const names = async () => ((await s3.send(new ListBucketsCommand({}))).Buckets ?? []).map(({ Name }) => Name);
    expect(await names()).toContain(Bucket);
    expect(await names()).not.toContain('somebody-elses');
    const first = await s3.send(new ListBucketsCommand({ MaxBuckets: 1 }));
    const rest = await s3.send(new ListBucketsCommand({ ContinuationToken: first.ContinuationToken }));
    expect([...(first.Buckets ?? []), ...(rest.Buckets ?? [])].map(({ Name }) => Name)).toEqual(await names());
    await s3.send(new PutObjectCommand({ Bucket, Key: 'model.tar.gz', Body: 'model' }));
    expect(await refusalOf(s3.send(new DeleteBucketCommand({ Bucket })))).toMatch(/^BucketNotEmpty/);
    simulator.objects.drop(Bucket);
    await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } }));
    expect((await s3.send(new ListBucketsCommand({ Prefix: 'churn-' }))).Buckets).toMatchObject([{ Name: Bucket }]);
    const ofAnother = new DeleteBucketCommand({ Bucket, ExpectedBucketOwner: '444455556666' });
    expect(await refusalOf(s3.send(ofAnother))).toMatch(/^AccessDenied/);
    await s3.send(new DeleteBucketCommand({ Bucket }));
    expect(await names()).not.toContain(Bucket);
  });
});
