import type { Simulator } from '../../simulator/contracts.ts';
import { type Instant, iso } from '../clock.ts';
import { packageStateChange } from '../registry/package-event.ts';
import { rehearsedTeam as team } from './manifest.ts';

/** Differences from the event that EventBridge would send now. */
export interface EventWish {
  readonly approval?: 'Approved' | 'Rejected';
  readonly at?: Instant;
  /** `absent`: without the member. */
  readonly changed?: readonly string[] | 'absent';
}

/** The text of EventBridge's event about the newest change of a package, as its rule hands it on (reference/sagemaker.md §1.6). */
export const packageEvent = async (
  simulator: Simulator,
  packageVersion: number,
  { approval, at, changed = ['ModelApprovalStatus', 'ApprovalDescription'] }: EventWish = {},
): Promise<string> => {
  const ModelPackageArn = `arn:aws:sagemaker:${team.region}:${team.account}:model-package/${team.model}/${packageVersion}`;
  const { LastModifiedTime, ModelApprovalStatus } = await simulator.call('sagemaker', 'DescribeModelPackage', {
    ModelPackageName: ModelPackageArn,
  });
  const time = at ?? Number(LastModifiedTime) * 1000;
  return JSON.stringify({
    version: '0',
    id: '7d1b7a10-2d1d-4f3c-8a5b-0c7e4a3f9a11',
    'detail-type': packageStateChange,
    source: 'aws.sagemaker',
    account: team.account,
    time: iso(time),
    region: team.region,
    resources: [ModelPackageArn],
    detail: {
      ModelPackageGroupName: team.model,
      ModelPackageVersion: packageVersion,
      ModelPackageArn,
      LastModifiedTime: new Date(time).toISOString(),
      ModelPackageStatus: 'Completed',
      ModelApprovalStatus: approval ?? ModelApprovalStatus,
      ...(changed === 'absent' ? {} : { UpdatedModelPackageFields: changed }),
    },
  });
};
