import { describe, isRefused } from '../aws/errors.ts';
import { iso } from '../clock.ts';
import { metadataValue } from '../registry/metadata.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import { fromRegistry, inRegistry } from '../registry/registry.ts';
import { type World, writesOf } from '../world.ts';
import type { Verdict } from './test-record.ts';

/** The entry of a package's CustomerMetadataProperties: for people who look at the registry. A delivery reads the record in S3. */
export const metadataKey = 'regression-test';

/** @returns a remark when the registry refused it (DESIGN §7 rule 13) */
export const nameInMetadata = async (
  delivering: World,
  model: string,
  environment: string,
  { arn }: RegisteredVersion,
  { verdict, decidedAt, because }: Verdict,
): Promise<readonly string[]> => {
  const value = metadataValue(`${verdict} for ${environment} at ${iso(decidedAt)}: ${because}`);
  try {
    await fromRegistry(
      delivering,
      model,
      writesOf(inRegistry(delivering)).sagemaker.updateModelPackage({
        ModelPackageArn: arn,
        CustomerMetadataProperties: { [metadataKey]: value },
      }),
    );
    return [];
  } catch (error) {
    if (!isRefused(error)) throw error;
    return [`the verdict is not named in the package's metadata: ${describe(error)}`];
  }
};
