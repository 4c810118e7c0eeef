import type { OutputSchema } from '../schema.ts';

export interface RegisterModelOutputs {
  readonly version: string;
  readonly tag: string;
  readonly 'model-package-version': string;
  readonly 'approval-status': string;
  readonly 'image-digest': string;
  readonly 'artifact-sha256': string;
  readonly 'content-digest': string;
}

export const registerModelOutputs: OutputSchema<RegisterModelOutputs> = {
  version: { description: 'Semantic version.', example: '1.4.0' },
  tag: { description: 'Name of the version, also as a git tag.', example: 'churn_v1.4.0' },
  'model-package-version': { description: 'Number of the package in its model package group.', example: '7' },
  'approval-status': {
    description: '`PendingManualApproval`, `Approved` or `Rejected`.',
    example: 'PendingManualApproval',
  },
  'image-digest': { description: 'Digest the image is pinned to.', example: 'sha256:9f2c…' },
  'artifact-sha256': {
    description:
      'SHA-256 of the artifact, when pinned; of one that was copied in parts as S3 keeps it (`4be1…-12`), of several objects over all of them.',
    example: '4be1…',
  },
  'content-digest': { description: 'SHA-256 over all content that is deployed with this version.', example: '77d0…' },
};
