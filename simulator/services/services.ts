import type { Kernel, Keys, Service, Simulator } from '../contracts.ts';
import type { Principals, Role } from '../principals.ts';
import { startTraffic } from '../traffic.ts';
import { createAutoscaling } from './autoscaling.ts';
import { createCloudwatch } from './cloudwatch/cloudwatch.ts';
import { createCodedeploy } from './codedeploy/codedeploy.ts';
import { createCodepipeline } from './codepipeline/codepipeline.ts';
import { createEcr } from './ecr.ts';
import { createEcs } from './ecs/ecs.ts';
import { createEventbridge } from './eventbridge.ts';
import { createFunctions } from './functions.ts';
import { createIam } from './iam.ts';
import { createProviders } from './iam-providers.ts';
import { createKeys } from './kms.ts';
import { createLambda } from './lambda/lambda.ts';
import { createOutside } from './outside.ts';
import { createRuntime } from './runtime.ts';
import { createS3 } from './s3.ts';
import type { RegistryFace } from './sagemaker/registry-face.ts';
import { createSagemaker } from './sagemaker/sagemaker.ts';
import { createSns } from './sns.ts';
import { createSts } from './sts.ts';

export type Services = Pick<
  Simulator,
  | 'metrics'
  | 'hosting'
  | 'harm'
  | 'reportTraining'
  | 'traffic'
  | 'functions'
  | 'outside'
  | 'containers'
  | 'eventRules'
  | 'mailbox'
> & {
  readonly kernel: Kernel;
  /** By AWS service id. */
  readonly byName: Readonly<Record<string, Service>>;
  readonly registry: RegistryFace;
};

/** The services and stores that all accounts and regions have in common. */
export interface CommonServices {
  readonly s3: ReturnType<typeof createS3>;
  readonly ecr: ReturnType<typeof createEcr>;
  readonly sts: Service;
  readonly iam: Service;
  readonly keys: Keys;
  readonly principals: Principals;
}

/**
 * @param kernel of the account and region without which there is no simulation
 * @param withGithub every account begins with GitHub as an identity provider
 */
export const createCommonServices = (
  kernel: Kernel,
  principals: Principals,
  isSimulated: (accountId: string) => boolean,
  withGithub: boolean,
): CommonServices => {
  const keys = createKeys(principals.decide);
  const providers = createProviders(kernel, withGithub);
  return {
    s3: createS3(kernel, [...ownBuckets(kernel), 'ml-releases', 'ml-artifacts'], keys, principals.decide),
    ecr: createEcr(kernel, isSimulated, principals.decide),
    sts: createSts(kernel, principals, providers).service,
    iam: createIam(kernel, principals, providers),
    keys,
    principals,
  };
};

/** The bucket of SageMaker's own tools, and the bucket of `model-delivery create-bucket`. */
export const ownBuckets = ({ region, accountId }: Kernel): readonly string[] => [
  `sagemaker-${region}-${accountId}`,
  `model-delivery-${accountId}-${region}`,
];

/** Every service of one account in one region, joined by their inner faces (contracts.ts). */
export const composeServices = (
  kernel: Kernel,
  { s3, ecr, sts, iam, principals }: CommonServices,
  registryOf: (accountId: string) => RegistryFace,
): Services => {
  const cloudwatch = createCloudwatch(kernel);
  const canAssume =
    (service: string) =>
    (role: string): boolean =>
      principals.letsIn(role, `${service}.amazonaws.com`);
  const sagemaker = createSagemaker(kernel, {
    metrics: cloudwatch.metrics,
    objects: s3.objects,
    images: ecr.images,
    canAssume: canAssume('sagemaker'),
    mayDo: (principal, action, resource) => principals.decide(principal, action, resource) === 'allowed',
    registryOf,
    // Hosting needs the autoscaler, and the autoscaler needs hosting: hence the late lookup.
    scaling: () => autoscaling.scaling,
  });
  const functions = createFunctions(kernel);
  const outside = createOutside();
  const lambda = createLambda(kernel, {
    images: ecr.images,
    metrics: cloudwatch.metrics,
    roleExists: canAssume('lambda'),
    sendEvent: functions.invoke,
  });
  const ecs = createEcs(kernel, { images: ecr.images, metrics: cloudwatch.metrics });
  const codedeploy = createCodedeploy(kernel, {
    aliases: lambda.aliases,
    taskSets: ecs.taskSets,
    metrics: cloudwatch.metrics,
    invoke: functions.invoke,
    roleExists: canAssume('codedeploy'),
    mayDo: (arn, action, resource) =>
      principals.decide({ accessKeyId: 'codedeploy', arn, accountId: kernel.accountId }, action, resource) ===
      'allowed',
  });
  const codepipeline = createCodepipeline(kernel, {
    objects: s3.objects,
    metrics: cloudwatch.metrics,
    images: ecr.images,
    invoke: functions.invoke,
    startOutside: outside.start,
    canAssume: canAssume('codepipeline'),
    issue: (participant) => principals.issue(artifactAccess(kernel), 'CodePipeline', 3_600_000, participant),
  });
  const sns = createSns(kernel);
  const eventbridge = createEventbridge(kernel, codepipeline.handEvent);
  const autoscaling = createAutoscaling(kernel, { metrics: cloudwatch.metrics, hosting: () => sagemaker.hosting });
  return {
    byName: {
      sagemaker: sagemaker.service,
      'sagemaker-runtime': createRuntime(kernel, sagemaker.hosting),
      cloudwatch: cloudwatch.service,
      'application-autoscaling': autoscaling.service,
      s3: s3.service,
      sts,
      iam,
      ecr: ecr.service,
      codepipeline: codepipeline.service,
      lambda: lambda.service,
      codedeploy: codedeploy.service,
      ecs: ecs.service,
      sns: sns.service,
      events: eventbridge.service,
    },
    kernel,
    registry: sagemaker.registry,
    metrics: cloudwatch.metrics,
    hosting: sagemaker.hosting,
    harm: sagemaker.harm,
    functions: { ...lambda.functions, define: functions.define },
    outside: { define: outside.define },
    containers: ecs.containers,
    eventRules: codepipeline.eventRules,
    mailbox: { topic: sns.messages, bus: eventbridge.events },
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
