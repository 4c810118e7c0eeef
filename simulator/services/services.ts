import type { Kernel, Service, Simulator } from '../contracts.ts';
import type { Principals, Role } from '../principals.ts';
import { startTraffic } from '../traffic.ts';
import { createAutoscaling } from './autoscaling.ts';
import { createCloudwatch } from './cloudwatch/cloudwatch.ts';
import { createCodepipeline } from './codepipeline/codepipeline.ts';
import { createEcr } from './ecr.ts';
import { createRuntime } from './runtime.ts';
import { createS3 } from './s3.ts';
import { createSagemaker } from './sagemaker/sagemaker.ts';
import { createSts } from './sts.ts';

export type Services = Pick<
  Simulator,
  'objects' | 'images' | 'metrics' | 'hosting' | 'harm' | 'reportTraining' | 'traffic'
> & {
  /** By AWS service id. */
  readonly byName: Readonly<Record<string, Service>>;
};

/** Every service of the account, joined by their inner faces (contracts.ts). */
export const composeServices = (kernel: Kernel, principals: Principals): Services => {
  const s3 = createS3(kernel, [
    // The bucket of SageMaker's own tools, and the bucket of `model-delivery create-bucket`.
    `sagemaker-${kernel.region}-${kernel.accountId}`,
    `model-delivery-${kernel.accountId}-${kernel.region}`,
    'ml-releases',
    'ml-artifacts',
  ]);
  const ecr = createEcr(kernel);
  const cloudwatch = createCloudwatch(kernel);
  const sagemaker = createSagemaker(kernel, {
    metrics: cloudwatch.metrics,
    objects: s3.objects,
    images: ecr.images,
    roleExists: (arn) => principals.role(arn) !== undefined,
    // Hosting needs the autoscaler, and the autoscaler needs hosting: hence the late lookup.
    scaling: () => autoscaling.scaling,
  });
  const codepipeline = createCodepipeline(kernel, {
    objects: s3.objects,
    issue: (participant) => principals.issue(artifactAccess(kernel), 'CodePipeline', 3_600_000, participant),
  });
  const autoscaling = createAutoscaling(kernel, { metrics: cloudwatch.metrics, hosting: () => sagemaker.hosting });
  return {
    byName: {
      sagemaker: sagemaker.service,
      'sagemaker-runtime': createRuntime(kernel, sagemaker.hosting),
      cloudwatch: cloudwatch.service,
      'application-autoscaling': autoscaling.service,
      s3: s3.service,
      sts: createSts(kernel, principals).service,
      ecr: ecr.service,
      codepipeline: codepipeline.service,
    },
    objects: s3.objects,
    images: ecr.images,
    metrics: cloudwatch.metrics,
    hosting: sagemaker.hosting,
    harm: sagemaker.harm,
    reportTraining: sagemaker.reportTraining,
    traffic: (options) => startTraffic(kernel, sagemaker.hosting, options),
  };
};

/** A job's artifact credentials: the pipeline's service role, scoped to the artifact store (CodePipeline user guide). */
const artifactAccess = ({ accountId }: Kernel): Role => ({
  name: 'codepipeline-artifacts',
  arn: `arn:aws:iam::${accountId}:role/codepipeline-artifacts`,
  accountId,
  roleId: 'AROACODEPIPELINEARTIFACT',
});
