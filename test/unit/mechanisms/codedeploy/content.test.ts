import { describe, expect, test } from '@jest/globals';
import type { FunctionOutput } from '../../../../src/aws/lambda.ts';
import { namedVersion, requireContent } from '../../../../src/mechanisms/codedeploy/content.ts';
import type { RegisteredVersion } from '../../../../src/registry/registered-version.ts';
import type { World } from '../../../../src/world.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const data = 's3://ml-releases/artifacts/0f.tar.gz';
const registered = {
  tag: 'churn_v1.4.0',
  imageDigest: digest,
  containers: [{ Image: `repo@${digest}`, ModelDataUrl: data, Environment: { THRESHOLD: '0.4' } }],
  metadata: { 'lambda-version': '7' },
} as unknown as RegisteredVersion;
const version: FunctionOutput = {
  Configuration: {
    Version: '7',
    PackageType: 'Image',
    State: 'Active',
    Environment: { Variables: { MODEL: data, THRESHOLD: '0.4', STAGE: 'production' } },
  },
  Code: { ResolvedImageUri: `repo@${digest}` },
};
const check = (answer: FunctionOutput, changed: Partial<RegisteredVersion> = {}) =>
  requireContent(
    { read: { lambda: { getFunction: async () => answer } } } as unknown as World,
    { function: 'churn' },
    '7',
    { ...registered, ...changed },
  );
const configured = (more: Partial<NonNullable<FunctionOutput['Configuration']>>): FunctionOutput => ({
  ...version,
  Configuration: { ...version.Configuration, ...more },
});

test('image, model data and variables of the package are in the version: it may have more', async () => {
  await expect(check(version)).resolves.toBeUndefined();
});

describe('a version that differs from its package is refused', () => {
  const [container] = registered.containers;
  test.each<[string, FunctionOutput, Partial<RegisteredVersion>, string, string]>([
    [
      'another image',
      { ...version, Code: { ResolvedImageUri: `repo@sha256:${'b'.repeat(64)}` } },
      {},
      'content-changed',
      'it runs the image sha256:bbb',
    ],
    ['an unknown image', { ...version, Code: {} }, {}, 'content-changed', 'it runs the image unknown'],
    [
      'other model data',
      configured({ Environment: { Variables: { MODEL: 's3://b/x', THRESHOLD: '0.4' } } }),
      {},
      'content-changed',
      `none of its variables has the artifact of the package, ${data}`,
    ],
    [
      'another variable',
      configured({ Environment: { Variables: { MODEL: data, THRESHOLD: 'hush-hush' } } }),
      {},
      'content-changed',
      'its variable THRESHOLD does not have the value of the package',
    ],
    [
      'variables that may not be read',
      configured({ Environment: { Error: { ErrorCode: 'AccessDeniedException' } } }),
      {},
      'access-denied',
      'cannot be read, so they cannot be compared with churn_v1.4.0: AccessDeniedException; grant kms:Decrypt',
    ],
    ['an archive', configured({ PackageType: 'Zip' }), {}, 'endpoint-unusable', 'runs code of an archive'],
    ['a version in the making', configured({ State: 'Pending' }), {}, 'endpoint-unusable', 'is Pending'],
    [
      'an image that is not pinned',
      version,
      { imageDigest: undefined } as never,
      'content-changed',
      'is not pinned to a digest',
    ],
    [
      'two containers',
      version,
      { containers: [container, container] } as never,
      'endpoint-unusable',
      'has 2 containers',
    ],
  ])('%s', async (_name, answer, changed, reason, message) => {
    const refused = check(answer, changed);
    await expect(refused).rejects.toMatchObject({ reason, message: expect.stringContaining(message) });
    // Rule 16: the value of a variable is in no message.
    await expect(refused).rejects.toMatchObject({ message: expect.not.stringContaining('hush-hush') });
  });
});

test.each([undefined, '', '$LATEST', '0', '7 '])('metadata with the version %p names none', (value) => {
  const metadata: Record<string, string> = value === undefined ? {} : { 'lambda-version': value };
  expect(() => namedVersion({ ...registered, metadata })).toThrow('churn_v1.4.0 names no published version');
});
