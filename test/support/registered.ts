import type { RegisteredVersion } from '../../src/registry/registered-version.ts';

/** A version of one container, as the registry describes it. */
export const registeredVersion = (changes: Partial<RegisteredVersion> = {}): RegisteredVersion => {
  const { version = '1.1.0' } = changes;
  return {
    packageVersion: 7,
    version,
    tag: `churn_v${version}`,
    arn: 'arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/7',
    approval: 'Approved',
    status: 'Completed',
    containers: [{}],
    imageDigests: [],
    inferenceSpecification: { contentTypes: [], responseTypes: [], realtimeInstanceTypes: [] },
    unpinned: [],
    contentDigest: 'c0'.repeat(32),
    sealed: true,
    contentDigestNow: 'c0'.repeat(32),
    reports: {},
    metadata: {},
    origin: {},
    ...changes,
  };
};
