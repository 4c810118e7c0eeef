import type { Manifest } from '../manifest/manifest.ts';
import { exposure } from '../release/bucket-policy.ts';
import { recordKey } from '../release/location.ts';

/** One warning for each environment whose release record may be written by whoever has a notebook. */
export const bucketWarnings = ({ environments }: Manifest): readonly string[] =>
  Object.entries(environments).flatMap(([name, { releases, endpoint }]) => {
    // The default bucket's name depends on the account, and says nothing of SageMaker.
    const location = releases ?? { bucket: 'model-delivery-<account>-<region>', prefix: '' };
    const warning = exposure(`s3://${location.bucket}/${recordKey(location, endpoint.name)}`);
    return warning === undefined ? [] : [`${name}: ${warning}`];
  });
