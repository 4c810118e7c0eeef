import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { approvalOf, lastModified } from './described-package.ts';
import { type LifeCycle, lifeCycleIn } from './life-cycle.ts';
import { lineageOf, type Origin, originIn } from './lineage.ts';
import { describePackage } from './packages.ts';
import { isReadable } from './readable.ts';
import type { ListedPackage, RegisteredVersion } from './registered-version.ts';

/** The state of a version in the registry now: it keeps no earlier decision. */
export interface ShownVersion
  extends Pick<RegisteredVersion, 'version' | 'packageVersion' | 'approval' | 'approvalDescription' | 'lastModified'> {
  readonly lifeCycle?: LifeCycle;
  readonly origin: Origin;
}

/** @returns undefined when the package was deleted, or cannot be read */
export const showVersion = async (
  world: World,
  model: string,
  { arn, version, packageVersion }: ListedPackage,
): Promise<ShownVersion | undefined> => {
  const described = await describePackage(world, model, arn);
  if (described === undefined || !isReadable(described)) return undefined;
  return {
    version,
    packageVersion,
    approval: approvalOf(described.ModelApprovalStatus),
    ...withoutUndefined({ approvalDescription: described.ApprovalDescription || undefined }),
    ...lastModified(described),
    ...lifeCycleIn(described),
    origin: originIn(lineageOf(described) ?? {}),
  };
};
