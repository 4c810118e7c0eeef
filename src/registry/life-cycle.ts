import type { DescribeModelPackageOutput } from '../aws/sagemaker.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { type World, writesOf } from '../world.ts';
import { describePackage, packageArn } from './packages.ts';
import { fromRegistry, inRegistry, registryAccount } from './registry.ts';

/** The statuses of AWS's template (AWS: "Set up the staging construct"). SageMaker takes any other word too. */
export type StageStatus = 'PendingApproval' | 'InProgress' | 'OnHold' | 'Approved' | 'Rejected' | 'Retired';

/** `ModelLifeCycle` as the registry shows it: people and other tools write it too. */
export interface LifeCycle {
  readonly stage: string;
  readonly status: string;
}

/** A package by its number in the group. */
interface Numbered {
  readonly group: string;
  readonly packageVersion: number;
}

export const lifeCycleIn = ({ ModelLifeCycle: shown }: Pick<DescribeModelPackageOutput, 'ModelLifeCycle'>) =>
  withoutUndefined({
    lifeCycle:
      typeof shown?.Stage === 'string' && typeof shown.StageStatus === 'string'
        ? { stage: shown.Stage, status: shown.StageStatus }
        : undefined,
  });

/** @returns undefined when the package was deleted */
export const readLifeCycle = async (
  world: World,
  { group, packageVersion }: Numbered,
): Promise<{ readonly lifeCycle?: LifeCycle; readonly isRejected: boolean } | undefined> => {
  const described = await describePackage(world, group, packageArn(registryAccount(world), group, packageVersion));
  return described && { ...lifeCycleIn(described), isRejected: described.ModelApprovalStatus === 'Rejected' };
};

/** Changes nothing else of the package: the request has no other member, and above all no approval. */
export const writeLifeCycle = async (
  world: World,
  { group, packageVersion }: Numbered,
  { stage, status, because }: LifeCycle & { readonly because: string },
): Promise<void> => {
  await fromRegistry(
    world,
    group,
    writesOf(inRegistry(world)).sagemaker.updateModelPackage({
      ModelPackageArn: packageArn(registryAccount(world), group, packageVersion),
      ModelLifeCycle: { Stage: stage, StageStatus: status, StageDescription: because },
    }),
  );
};
