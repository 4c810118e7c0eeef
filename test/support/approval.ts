import type { ApprovalTerms } from '../../src/registry/approval-terms.ts';
import { contentDigest } from '../../src/registry/content.ts';
import { packageDescription } from '../../src/registry/package-description.ts';

export const terms: ApprovalTerms = { group: 'churn', onRejection: 'take-back' };

const image = `111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn@sha256:${'5e'.repeat(32)}`;
const sha256 = 'a'.repeat(64);

/** The state that a test changes during its release. */
export interface Registry {
  approval: 'Approved' | 'Rejected' | 'PendingManualApproval';
  /** Variables of the container; the registered version has none. */
  environment?: Readonly<Record<string, string>>;
  artifact: string;
  refuses?: Error;
  /** The number of DescribeModelPackage calls. */
  looks: number;
}

/** A package by register-model, in the form of AWS's clients. */
export const registryOf = (version: string): { readonly registry: Registry; readonly read: RegistryReads } => {
  const registry: Registry = { approval: 'Approved', artifact: sha256, looks: 0 };
  const called = { contentTypes: [], responseTypes: [], realtimeInstanceTypes: [] };
  const sealed = contentDigest({
    containers: [{ Image: image, ModelDataUrl: `s3://ml-releases/churn/artifacts/${sha256}.tar.gz` }],
    artifactSha256: sha256,
    inferenceSpecification: called,
  });
  const read: RegistryReads = {
    sagemaker: {
      describeModelPackage: async () => {
        registry.looks += 1;
        if (registry.refuses) throw registry.refuses;
        return {
          ModelPackageDescription: packageDescription('churn', version, sealed, 'fewer false alarms'),
          ModelApprovalStatus: registry.approval,
          ModelPackageStatus: 'Completed',
          ApprovalDescription: 'looked at the evaluation',
          InferenceSpecification: {
            Containers: [
              {
                Image: image,
                ModelDataUrl: `s3://ml-releases/churn/artifacts/${sha256}.tar.gz`,
                ...(registry.environment && { Environment: registry.environment }),
              },
            ],
          },
          CustomerMetadataProperties: {
            'artifact-sha256': sha256,
            'image-digest': `sha256:${'5e'.repeat(32)}`,
            'content-digest': sealed,
          },
        };
      },
    },
    s3: { sha256: async () => registry.artifact },
    ecr: { resolveImage: async () => `sha256:${'5e'.repeat(32)}` },
  };
  return { registry, read };
};

interface RegistryReads {
  readonly sagemaker: { readonly describeModelPackage: () => Promise<object> };
  readonly s3: { readonly sha256: () => Promise<string> };
  readonly ecr: { readonly resolveImage: () => Promise<string> };
}
