import type { Handler, Instant } from '../../contracts.ts';
import { type Context, epochSeconds, sagemakerArn } from './context.ts';
import { invalid } from './refusals.ts';
import type { Tag, Tags } from './tags.ts';

interface CreateInput {
  readonly TrainingJobName: string;
  readonly OutputDataConfig: { readonly S3OutputPath: string };
  readonly Tags?: readonly Tag[];
}
export interface TrainingMetric {
  readonly MetricName: string;
  readonly Value: number;
}

/** Jobs that are done the moment they are created: the suite only reads the results of training. */
export const createTrainingJobs = (context: Context, tags: Tags) => {
  const jobs = new Map<
    string,
    { readonly input: CreateInput; readonly at: Instant; metrics: readonly TrainingMetric[] }
  >();
  const arnOf = (name: string): string => sagemakerArn(context, `training-job/${name}`);
  const find = (name: string) => {
    const job = jobs.get(name);
    // Only the training API uses these words (reference/sagemaker.md §2.7).
    if (!job) throw invalid('Requested resource not found.');
    return job;
  };

  const operations = {
    CreateTrainingJob: (input: CreateInput) => {
      const name = input.TrainingJobName;
      if (jobs.has(name))
        throw invalid(
          'Training job names must be unique within an AWS account and region, and a training job with this name already exists.',
        );
      tags.open(arnOf(name), input.Tags);
      jobs.set(name, { input, at: context.kernel.clock.now(), metrics: [] });
      return { TrainingJobArn: arnOf(name) };
    },

    DescribeTrainingJob: (input: { TrainingJobName: string }) => {
      const job = find(input.TrainingJobName);
      const { Tags: _tags, ...created } = job.input;
      const time = epochSeconds(job.at);
      return {
        ...created,
        TrainingJobArn: arnOf(created.TrainingJobName),
        TrainingJobStatus: 'Completed',
        SecondaryStatus: 'Completed',
        // AWS: the artifact is <S3OutputPath>/<job>/output/model.tar.gz
        ModelArtifacts: {
          S3ModelArtifacts: `${created.OutputDataConfig.S3OutputPath.replace(/\/$/, '')}/${created.TrainingJobName}/output/model.tar.gz`,
        },
        CreationTime: time,
        TrainingStartTime: time,
        TrainingEndTime: time,
        LastModifiedTime: time,
        FinalMetricDataList: job.metrics.map((metric) => ({ ...metric, Timestamp: time })),
      };
    },
  } satisfies Record<string, Handler>;

  return {
    operations,
    /** The last metrics of the job's log: an output of training, so no create call can carry them. */
    report: (name: string, metrics: readonly TrainingMetric[]): void => {
      find(name).metrics = metrics;
    },
  };
};
