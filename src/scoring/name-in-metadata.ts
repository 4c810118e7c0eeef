import { describe, isRefused } from '../aws/errors.ts';
import { iso } from '../clock.ts';
import { metadataValue } from '../registry/metadata.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import { fromRegistry, inRegistry } from '../registry/registry.ts';
import { type World, writesOf } from '../world.ts';
import type { Verdict } from './test-record.ts';

/** The entry of a package's CustomerMetadataProperties: for people who look at the registry. A delivery reads the record in S3. */
export const metadataKey = 'regression-test';

/** A package, and the place for which it was tested. */
interface Named {
  readonly model: string;
  readonly environment: string;
  readonly registered: Pick<RegisteredVersion, 'arn'>;
}

const entryOf = ({ environment }: Named, { verdict, decidedAt, because }: Verdict): string =>
  metadataValue(`${verdict} for ${environment} at ${iso(decidedAt)}: ${because}`);

/** A run that was killed after its verdict did not name it: a later run does. @returns as `nameInMetadata` */
export const nameLater = async (world: World, named: Named, verdict: Verdict): Promise<readonly string[]> => {
  if (world.write === undefined) return [];
  const { model, registered } = named;
  try {
    const { CustomerMetadataProperties: entries } = await fromRegistry(
      world,
      model,
      inRegistry(world).read.sagemaker.describeModelPackage({ ModelPackageName: registered.arn }),
    );
    const before = entries?.[metadataKey];
    const at = Date.parse(/ at (\S+): /.exec(before ?? '')?.[1] ?? '');
    // One of another environment, or of another subject, may be newer.
    return before === entryOf(named, verdict) || at > verdict.decidedAt ? [] : nameInMetadata(world, named, verdict);
  } catch (error) {
    if (!isRefused(error)) throw error;
    return [unnamed(error)];
  }
};

/** @returns a remark when the registry refused it (DESIGN §7 rule 13) */
export const nameInMetadata = async (delivering: World, named: Named, verdict: Verdict): Promise<readonly string[]> => {
  const {
    model,
    registered: { arn },
  } = named;
  const value = entryOf(named, verdict);
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
    return [unnamed(error)];
  }
};

const unnamed = (error: unknown): string => `the verdict is not named in the package's metadata: ${describe(error)}`;
