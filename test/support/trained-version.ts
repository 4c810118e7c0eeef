import { type IrisVersion, irisFixture } from '../../simulator/fixtures/fixtures.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import type { TestAccount } from './account.ts';

/** A training job has made this version. @returns the variables of a build or a pipeline that registers it */
export const trainedVersion = async (
  { simulator }: Pick<TestAccount, 'simulator'>,
  version: IrisVersion,
): Promise<{ readonly VERSION: string; readonly TRAINING_JOB: string }> => {
  const job = `iris-${version.replaceAll('.', '-')}`;
  await simulator.call('sagemaker', 'CreateTrainingJob', {
    TrainingJobName: job,
    RoleArn: `arn:aws:iam::${team.account}:role/training`,
    AlgorithmSpecification: { TrainingImage: team.image, TrainingInputMode: 'File' },
    OutputDataConfig: { S3OutputPath: `s3://${team.bucket}/training` },
    ResourceConfig: { InstanceType: 'ml.m5.large', InstanceCount: 1, VolumeSizeInGB: 10 },
    StoppingCondition: { MaxRuntimeInSeconds: 3600 },
  });
  simulator.objects.put(team.bucket, `training/${job}/output/model.tar.gz`, irisFixture(version).artifact);
  return { VERSION: version, TRAINING_JOB: job };
};
