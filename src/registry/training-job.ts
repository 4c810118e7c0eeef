import { orUndefined } from '../aws/errors.ts';
import type { DescribeTrainingJobResponse } from '../aws/sagemaker.ts';
import { Refusal } from '../operation.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';

/** A completed training job's facts about its model. */
export interface TrainingJob {
  readonly image?: string;
  /** `s3://…/model.tar.gz`. */
  readonly artifact?: string;
  /** `metric.validation:auc` → `0.93`, `hyperparameter.max_depth` → `5`, `training-data.train` → `s3://…`. */
  readonly facts: Readonly<Record<string, string>>;
}

/** @throws {Refusal} when there is no such job, or it has not completed */
export const readTrainingJob = async (world: World, name: string): Promise<TrainingJob> => {
  const job = await orUndefined(world.read.sagemaker.describeTrainingJob({ TrainingJobName: name }));
  if (job === undefined)
    throw new Refusal(
      'invalid-input',
      `training-job: there is no training job ${name} in ${world.account.region}; correct the name`,
    );
  if (job.TrainingJobStatus !== 'Completed')
    throw new Refusal(
      'invalid-input',
      `training-job: ${name} is ${job.TrainingJobStatus}, so it has no final model; ${job.FailureReason ?? 'wait until it is Completed'}`,
    );
  const image = job.AlgorithmSpecification?.TrainingImage;
  const artifact = job.ModelArtifacts?.S3ModelArtifacts;
  return { ...withoutUndefined({ image, artifact }), facts: factsOf(job) };
};

/** In order of value, because there may not be room for all: metrics, data, hyperparameters. */
const factsOf = (job: DescribeTrainingJobResponse): Readonly<Record<string, string>> =>
  Object.fromEntries([
    ...(job.FinalMetricDataList ?? []).flatMap(({ MetricName, Value }) =>
      MetricName !== undefined && Value !== undefined ? [[`metric.${MetricName}`, String(Value)]] : [],
    ),
    ...(job.InputDataConfig ?? []).flatMap(({ ChannelName, DataSource }) =>
      DataSource?.S3DataSource?.S3Uri ? [[`training-data.${ChannelName}`, DataSource.S3DataSource.S3Uri]] : [],
    ),
    ...Object.entries(job.HyperParameters ?? {})
      // SageMaker's own tools add these for their containers; they describe the job, not the model.
      .filter(([key]) => !key.startsWith('sagemaker_'))
      .map(([key, value]) => [`hyperparameter.${key}`, unquoted(value)]),
  ]);

/** SageMaker's Python SDK writes hyperparameters as JSON: `"\"squarederror\""` is `squarederror`. */
const unquoted = (value: string): string => (/^"[^"\\]*"$/.test(value) ? value.slice(1, -1) : value);
