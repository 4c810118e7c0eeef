import { cleaning } from './clean.ts';
import type { Question } from './question.ts';
import { type Given, namePrefix, objectPrefix } from './world.ts';

/** Calls without a resource of their own (AWS Service Authorization Reference, SageMaker and CloudWatch). */
const everywhere =
  /^(sagemaker:List(?!Tags$|ModelPackages$)|cloudwatch:(GetMetricData|DescribeAlarms)$|codepipeline:(ListPipelines|ListActionTypes|PollForJobs|AcknowledgeJob|PutJobSuccessResult)$)/;

interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: string;
  readonly Condition?: object;
}

/**
 * The permissions of these questions and of the removal. Everything that is changed has the probe's prefix in its name.
 * @param place roles and bucket that the user gives
 */
export const policyOf = (
  questions: readonly Question[],
  place: Pick<Given, 'role' | 'bucket' | 'pipelineRole'>,
): { readonly Version: '2012-10-17'; readonly Statement: readonly Statement[] } => {
  const partition = place.role.split(':')[1] ?? 'aws';
  const actions = [...new Set([...cleaning, ...questions.flatMap((question) => question.actions)])].sort();
  const pipelines = place.pipelineRole !== undefined && actions.includes('codepipeline:CreatePipeline');
  const of = (test: (action: string) => boolean): readonly string[] => actions.filter(test);
  const statements: readonly Statement[] = [
    {
      Sid: 'FindWhatIsThere',
      Effect: 'Allow',
      Action: of((action) => everywhere.test(action)),
      Resource: '*',
    },
    {
      Sid: 'OwnModelsAndEndpoints',
      Effect: 'Allow',
      Action: of((action) => action.startsWith('sagemaker:') && !everywhere.test(action)),
      Resource: `arn:${partition}:sagemaker:*:*:*/${namePrefix}*`,
    },
    {
      Sid: 'OwnAlarms',
      Effect: 'Allow',
      Action: of((action) => action.startsWith('cloudwatch:') && !everywhere.test(action)),
      Resource: `arn:${partition}:cloudwatch:*:*:alarm:${namePrefix}*`,
    },
    {
      Sid: 'OwnPipelines',
      Effect: 'Allow',
      Action: of((action) => /^codepipeline:.*Pipeline(?!s)/.test(action) && !everywhere.test(action)),
      Resource: `arn:${partition}:codepipeline:*:*:${namePrefix}*`,
    },
    {
      Sid: 'OwnActionTypes',
      Effect: 'Allow',
      Action: of((action) => action.endsWith('CustomActionType')),
      Resource: `arn:${partition}:codepipeline:*:*:actiontype:Custom/*/${namePrefix}*`,
    },
    {
      Sid: 'RunModelsAsTheirRole',
      Effect: 'Allow',
      Action: actions.includes('sagemaker:CreateModel') ? ['iam:PassRole'] : [],
      Resource: place.role,
      Condition: { StringEquals: { 'iam:PassedToService': 'sagemaker.amazonaws.com' } },
    },
    {
      Sid: 'RunPipelinesAsTheirRole',
      Effect: 'Allow',
      // CodePipeline user guide, "Add permissions to the CodePipeline service role": its caller passes it.
      Action: pipelines ? ['iam:PassRole'] : [],
      Resource: place.pipelineRole ?? '',
      Condition: { StringEquals: { 'iam:PassedToService': 'codepipeline.amazonaws.com' } },
    },
    {
      Sid: 'FindOwnObjects',
      Effect: 'Allow',
      Action: of((action) => action === 's3:ListBucket'),
      Resource: `arn:${partition}:s3:::${place.bucket}`,
    },
    {
      Sid: 'OwnObjects',
      Effect: 'Allow',
      Action: of((action) => action.startsWith('s3:') && action !== 's3:ListBucket'),
      Resource: `arn:${partition}:s3:::${place.bucket}/${objectPrefix}*`,
    },
  ];
  return { Version: '2012-10-17', Statement: statements.filter(({ Action }) => Action.length > 0) };
};
