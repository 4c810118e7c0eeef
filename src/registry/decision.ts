import { Refusal } from '../operation.ts';
import type { World } from '../world.ts';
import { approvalOf, lastModified, tagOf, versionIn } from './described-package.ts';
import { describePackage, packageArn } from './packages.ts';
import { isReadable } from './readable.ts';
import type { RegisteredVersion } from './registered-version.ts';
import { registryAccount } from './registry.ts';

/** The decision about a package, as the registry has it now. */
export type Decided = Pick<
  RegisteredVersion,
  'packageVersion' | 'version' | 'tag' | 'arn' | 'approval' | 'approvalDescription' | 'lastModified'
>;

/**
 * One DescribeModelPackage. The content does not matter here: a package that can no longer be deployed may still serve.
 * @returns undefined when there is no such package
 * @throws {Refusal} `unknown-version` when it cannot be read
 */
export const readDecision = async (
  world: World,
  model: string,
  packageVersion: number,
): Promise<Decided | undefined> => {
  const arn = packageArn(registryAccount(world), model, packageVersion);
  const described = await describePackage(world, model, arn);
  if (described === undefined) return undefined;
  if (!isReadable(described))
    throw new Refusal(
      'unknown-version',
      `the members of package ${packageVersion} of ${model} do not match AWS's documentation, so its approval is not known`,
    );
  const version = versionIn(model, packageVersion, described.ModelPackageDescription);
  const { ApprovalDescription: description } = described;
  return {
    packageVersion,
    version,
    tag: tagOf(model, { version, packageVersion }),
    arn,
    approval: approvalOf(described.ModelApprovalStatus),
    ...(description ? { approvalDescription: description } : {}),
    ...lastModified(described),
  };
};
