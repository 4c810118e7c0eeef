import {
  AcknowledgeJobCommand,
  type AcknowledgeJobInput,
  CodePipelineClient,
  type CodePipelineClientConfig,
  CreateCustomActionTypeCommand,
  type CreateCustomActionTypeInput,
  GetPipelineExecutionCommand,
  type GetPipelineExecutionInput,
  ListActionExecutionsCommand,
  type ListActionExecutionsInput,
  ListActionTypesCommand,
  type ListActionTypesInput,
  PollForJobsCommand,
  type PollForJobsInput,
  PutJobFailureResultCommand,
  type PutJobFailureResultInput,
  PutJobSuccessResultCommand,
  type PutJobSuccessResultInput,
} from '@aws-sdk/client-codepipeline';
import type { Sender } from './sender.ts';

export type {
  ActionExecutionDetail,
  ActionType,
  ActionTypeId,
  CreateCustomActionTypeInput,
  FailureType,
  Job,
  JobData,
  PutJobFailureResultInput,
  PutJobSuccessResultInput,
} from '@aws-sdk/client-codepipeline';

/** Created here, beside the commands in use, so that a bundle leaves out all others. */
export const codepipelineClient = (settings: CodePipelineClientConfig): CodePipelineClient =>
  new CodePipelineClient(settings);

/**
 * CodePipeline, one method per call. Jobs are the host's business, so operations see none of this. Only `acknowledgeJob` takes a
 * nonce: an answer to a job that was not acknowledged would end another worker's job.
 */
export const codepipeline = (send: Sender<CodePipelineClient>) => ({
  pollForJobs: (input: PollForJobsInput) => send(new PollForJobsCommand(input)),
  /** @throws InvalidNonceException when another worker has the job */
  acknowledgeJob: (input: AcknowledgeJobInput) => send(new AcknowledgeJobCommand(input)),
  /** @throws InvalidJobStateException when the job has ended already */
  putJobSuccessResult: (input: PutJobSuccessResultInput) => send(new PutJobSuccessResultCommand(input)),
  putJobFailureResult: (input: PutJobFailureResultInput) => send(new PutJobFailureResultCommand(input)),
  getPipelineExecution: (input: GetPipelineExecutionInput) => send(new GetPipelineExecutionCommand(input)),
  listActionExecutions: (input: ListActionExecutionsInput) => send(new ListActionExecutionsCommand(input)),
  listActionTypes: (input: ListActionTypesInput) => send(new ListActionTypesCommand(input)),
  createCustomActionType: (input: CreateCustomActionTypeInput) => send(new CreateCustomActionTypeCommand(input)),
});
export type Codepipeline = ReturnType<typeof codepipeline>;
