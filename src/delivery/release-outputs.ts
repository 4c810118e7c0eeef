import { shownAs } from '../release/history.ts';
import type { Release } from '../release/record.ts';
import type { OutputSchema } from '../schema.ts';

/** The outputs of every operation that changes an endpoint. */
export interface ReleaseOutputs {
  readonly endpoint: string;
  readonly version: string;
  readonly 'model-package-version': string;
  readonly 'endpoint-config': string;
  readonly 'previous-version': string;
  readonly 'previous-endpoint-config': string;
  readonly 'serving-version': string;
  readonly 'serving-endpoint-config': string;
  readonly release: string;
}

/** @param goal `to deliver` or `to restore` */
export const releaseOutputs = (goal: string): OutputSchema<ReleaseOutputs> => ({
  endpoint: { description: 'Name of the endpoint.', example: 'churn' },
  version: {
    description: `Semantic version ${goal}; empty for a configuration this suite did not deliver.`,
    example: '1.4.0',
  },
  'model-package-version': { description: 'Its number in the model package group.', example: '7' },
  'endpoint-config': { description: `Endpoint config ${goal}.`, example: 'churn-1-4-0-1a2b3c4d' },
  'previous-version': {
    description:
      'Version that served when the release began; empty on a first deployment and for a configuration this suite did not deliver.',
    example: '1.3.0',
  },
  'previous-endpoint-config': {
    description: 'Endpoint config that served when the release began; empty on a first deployment.',
    example: 'churn-1-3-0-9f8e7d6c',
  },
  'serving-version': { description: 'Version seen to serve at the end; empty when it is not known.', example: '1.4.0' },
  'serving-endpoint-config': {
    description: 'Endpoint config seen to serve at the end; empty while an update runs on.',
    example: 'churn-1-4-0-1a2b3c4d',
  },
  release: { description: 'Id of the release in the release record.', example: 'churn-1.4.0-5e6f7a8b-1' },
});

export const outputsOf = (
  endpoint: string,
  release: Pick<Release, 'candidate' | 'baseline' | 'serving' | 'id'>,
): ReleaseOutputs => {
  const { candidate, baseline, serving, id } = release;
  const serves = serving === 'candidate' ? shownAs(release) : serving === 'baseline' ? baseline : undefined;
  return {
    endpoint,
    version: candidate.version ?? '',
    'model-package-version': String(candidate.packageVersion ?? ''),
    'endpoint-config': candidate.endpointConfig,
    'previous-version': baseline?.version ?? '',
    'previous-endpoint-config': baseline?.endpointConfig ?? '',
    'serving-version': serves?.version ?? '',
    'serving-endpoint-config': serves?.endpointConfig ?? '',
    release: id,
  };
};
