import type { Cloudwatch } from './cloudwatch.ts';
import type { Autoscaling } from './autoscaling.ts';
import type { Ecr } from './ecr.ts';
import type { S3 } from './s3.ts';
import type { Sagemaker } from './sagemaker.ts';
import type { Sts } from './sts.ts';

/** The reads of every service an operation may use. Each method is one AWS call, named as AWS names it. */
export interface AwsReads {
  readonly sagemaker: Sagemaker['reads'];
  readonly cloudwatch: Cloudwatch['reads'];
  readonly autoscaling: Autoscaling['reads'];
  readonly s3: S3['reads'];
  readonly ecr: Ecr['reads'];
  readonly sts: Sts['reads'];
}

/** The writes. A dry run gets none. */
export interface AwsWrites {
  readonly sagemaker: Sagemaker['writes'];
  readonly cloudwatch: Cloudwatch['writes'];
  readonly autoscaling: Autoscaling['writes'];
  readonly s3: S3['writes'];
}
