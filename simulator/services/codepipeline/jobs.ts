import { AwsError, type Handler, type Kernel } from '../../contracts.ts';
import type { Session } from '../../principals.ts';
import { digestOf, uuidOf } from '../../random.ts';
import { type ActionTypes, describe } from './action-types.ts';
import { type Engine, isOpen, silenceMs, silent } from './engine.ts';
import { type ActionTypeId, type Execution, type InvokedRule, isInvocation, type Job } from './model.ts';

/** User guide, Quotas: "Maximum total size of output variables for an action: 122880 bytes". */
const outputVariableBytes = 122_880;

export interface Jobs {
  queue(job: Job): void;
  /** Invokes the function of a rule LambdaInvoke; it answers as that of an action does. */
  invokeRule(rule: InvokedRule): void;
  readonly operations: Readonly<Record<string, Handler>>;
}

export const createJobs = (
  kernel: Kernel,
  actionTypes: ActionTypes,
  engine: () => Engine,
  {
    invoke,
    issue,
  }: {
    readonly invoke: (name: string, event: object) => boolean;
    readonly issue: (participant: string | undefined) => Session;
  },
): Jobs => {
  const jobs = new Map<string, Job>();
  let nonces = 0;

  const find = (id: string): Job => {
    const job = jobs.get(id);
    if (job === undefined) throw new AwsError('JobNotFoundException', `Job with id ${id} not found`);
    return job;
  };

  /**
   * §1.3: handed out again when it is not acknowledged in time, with a fresh nonce (awslabs/aws-codepipeline-custom-job-worker,
   * CustomActionJobService.java). A job of an abandoned action is no longer offered. [unconfirmed]
   */
  const isOffered = (job: Job): boolean =>
    job.action.status === 'InProgress' &&
    job.visibleAt <= kernel.clock.now() &&
    (job.status === 'Created' || job.status === 'Queued' || job.status === 'Dispatched');

  const poll: Handler = (
    input: {
      readonly actionTypeId: ActionTypeId;
      readonly maxBatchSize?: number;
      readonly queryParam?: Readonly<Record<string, string>>;
    },
    call,
  ) => {
    const { actionTypeId, maxBatchSize = 1, queryParam = {} } = input;
    // The words a real account gave: boto/boto3#1100.
    if (actionTypeId.owner !== 'Custom')
      throw new AwsError('ValidationException', `ActionType with owner '${actionTypeId.owner}' is not supported`);
    const definition = actionTypes.find(actionTypeId);
    if (definition === undefined)
      throw new AwsError('ActionTypeNotFoundException', `ActionType ${describe(actionTypeId)} could not be found`);
    for (const name of Object.keys(queryParam))
      if (definition.configurationProperties?.some((property) => property.name === name && property.queryable) !== true)
        throw new AwsError('ValidationException', `Configuration property ${name} is not queryable`);
    const offered = [...jobs.values()].filter(
      (job) =>
        isOffered(job) &&
        sameType(job.action.declaration.actionTypeId, actionTypeId) &&
        Object.entries(queryParam).every(([name, value]) => job.action.configuration[name] === value),
    );
    return {
      jobs: offered.slice(0, maxBatchSize).map((job) => {
        job.status = 'Dispatched';
        job.nonce = String(digestOf('nonce', job.id, nonces++).readUInt32LE(0) % 1000);
        job.visibleAt = kernel.clock.now() + kernel.settings.jobOfferedAgainMs;
        return { id: job.id, nonce: job.nonce, accountId: kernel.accountId, data: dataOf(job, call.participant) };
      }),
    };
  };

  interface Payload {
    readonly execution: Execution;
    readonly configuration: Readonly<Record<string, string>>;
    readonly inputs: readonly { readonly name: string }[] | undefined;
    readonly outputs?: readonly { readonly name: string }[] | undefined;
    readonly continuationToken?: string | undefined;
  }
  /** The members of API JobData that a function gets too. Credentials come with every answer: "A long-running job can call GetJobDetails again". */
  const payloadOf = (
    { execution, configuration, inputs, outputs, continuationToken }: Payload,
    participant: string | undefined,
  ) => {
    const artifacts = (declared: readonly { readonly name: string }[] = []): object[] =>
      declared.flatMap(({ name }) => {
        const artifact = execution.artifacts.get(name);
        if (artifact === undefined) return [];
        const { bucket: bucketName, key: objectKey, revision } = artifact;
        return [{ name, revision, location: { type: 'S3', s3Location: { bucketName, objectKey } } }];
      });
    const session = issue(participant);
    const { encryptionKey } = execution.structure.artifactStore ?? {};
    return {
      actionConfiguration: { configuration },
      inputArtifacts: artifacts(inputs),
      outputArtifacts: artifacts(outputs),
      artifactCredentials: {
        accessKeyId: session.accessKeyId,
        secretAccessKey: session.secretAccessKey,
        sessionToken: session.sessionToken,
      },
      ...(continuationToken === undefined ? {} : { continuationToken }),
      ...(encryptionKey === undefined ? {} : { encryptionKey }),
    };
  };
  const payloadOfJob = ({ action, continuationToken }: Job, participant: string | undefined) => {
    const { execution, configuration, declaration } = action;
    const { inputArtifacts: inputs, outputArtifacts: outputs } = declaration;
    return payloadOf({ ...{ execution, configuration, inputs, outputs, continuationToken } }, participant);
  };

  /** API: JobData. */
  const dataOf = (job: Job, participant: string | undefined) => {
    const { execution, declaration, stage, id } = job.action;
    return {
      actionTypeId: declaration.actionTypeId,
      ...payloadOfJob(job, participant),
      pipelineContext: {
        pipelineName: execution.pipeline.name,
        stage: { name: stage.name },
        action: { name: declaration.name, actionExecutionId: id },
        pipelineArn: execution.pipeline.arn,
        pipelineExecutionId: execution.id,
      },
    };
  };

  /**
   * User guide "AWS Lambda invoke action reference", "Example JSON event": without the pipeline, the stage and the action type. The function
   * acknowledges nothing; its answer is the call with the job's id.
   */
  const deliver = (job: Job): void => {
    const { action } = job;
    if (action.status !== 'InProgress') return;
    const data = payloadOfJob(job, undefined);
    const name = action.configuration['FunctionName'] ?? '';
    job.status = 'InProgress';
    if (invoke(name, { 'CodePipeline.job': { id: job.id, accountId: kernel.accountId, data } })) return;
    job.status = 'Failed';
    // The words are ours. [unconfirmed]
    const message = `The AWS Lambda function ${name} does not exist`;
    engine().endAction(action, { status: 'Failed', code: 'ConfigurationError', message });
  };

  /** An answer is for the job that was acknowledged, once. Which error a finished or abandoned job gives is [unconfirmed]. */
  const answerable = (id: string): Job => {
    const job = find(id);
    if (job.status !== 'InProgress' || job.action.status !== 'InProgress')
      throw new AwsError('InvalidJobStateException', `Job ${id} is in state ${job.status} and cannot be completed`);
    return job;
  };

  /** By the id of the job that is in progress. */
  const ruleJobs = new Map<string, InvokedRule>();
  let invocations = 0;
  /**
   * What a rule sends is not documented: here it is the event of an action, and the function answers by the job's id. [unconfirmed] So are the 20
   * minutes without an answer.
   */
  const invokeRule = (invoked: InvokedRule, continuationToken?: string): void => {
    const { execution, rule, end } = invoked;
    if (rule.status !== 'InProgress') return;
    const { configuration, declaration } = rule;
    const name = configuration['FunctionName'] ?? '';
    const id = uuidOf('codepipeline-rule-job', rule.id, invocations++);
    ruleJobs.set(id, invoked);
    rule.timer = kernel.clock.at(kernel.clock.now() + silenceMs, `silence of rule ${declaration.name}`, () =>
      end(false, silent(name)),
    );
    const data = payloadOf(
      { ...{ execution, configuration, inputs: declaration.inputArtifacts, continuationToken } },
      undefined,
    );
    if (!invoke(name, { 'CodePipeline.job': { id, accountId: kernel.accountId, data } }))
      end(false, `The AWS Lambda function ${name} does not exist`);
  };
  /** @returns undefined for an id that is of no rule */
  const answerRule = (id: string): InvokedRule | undefined => {
    const invoked = ruleJobs.get(id);
    if (invoked === undefined) return undefined;
    if (invoked.rule.status !== 'InProgress')
      throw new AwsError('InvalidJobStateException', `Job ${id} has ended and cannot be completed`);
    ruleJobs.delete(id);
    invoked.rule.timer?.cancel();
    return invoked;
  };

  return {
    invokeRule,
    queue(job) {
      jobs.set(job.id, job);
      if (isInvocation(job.action.declaration.actionTypeId))
        kernel.clock.at(job.visibleAt, `invocation of ${job.action.configuration['FunctionName']}`, () => deliver(job));
    },
    operations: {
      PollForJobs: poll,
      AcknowledgeJob: ({ jobId, nonce }: { readonly jobId: string; readonly nonce: string }) => {
        const job = find(jobId);
        const repeated = job.status === 'InProgress' && kernel.settings.repeatedAcknowledge === 'accepted';
        // User guide: the loser of a race "will receive an InvalidNonceException".
        if (job.nonce !== nonce || !isOpen(job) || (job.status === 'InProgress' && !repeated))
          throw new AwsError('InvalidNonceException', `The nonce ${nonce} is not valid for job ${jobId}`);
        job.status = 'InProgress';
        return { status: job.status };
      },
      GetJobDetails: ({ jobId }: { readonly jobId: string }, call) => {
        const job = find(jobId);
        return { jobDetails: { id: job.id, accountId: kernel.accountId, data: dataOf(job, call.participant) } };
      },
      PutJobSuccessResult: (input: SuccessResult) => {
        const { continuationToken, outputVariables, executionDetails, currentRevision } = input;
        const invoked = answerRule(input.jobId);
        if (invoked !== undefined) {
          if (continuationToken === undefined) invoked.end(true, executionDetails?.summary ?? 'The function succeeded');
          else
            invoked.rule.timer = kernel.clock.at(
              kernel.clock.now() + kernel.settings.continuationDelayMs,
              `continuation of rule ${invoked.rule.declaration.name}`,
              () => invokeRule(invoked, continuationToken),
            );
          return {};
        }
        const job = answerable(input.jobId);
        // API PutJobSuccessResult: output variables "can be used … only when there is no continuation token". The words are ours.
        if (continuationToken !== undefined && Object.keys(outputVariables ?? {}).length > 0)
          throw new AwsError('ValidationException', 'outputVariables cannot be set when a continuationToken is given');
        if (bytesOf(outputVariables ?? {}) > outputVariableBytes)
          throw new AwsError(
            'OutputVariablesSizeExceededException',
            `Exceeded the total size limit for all variables in the pipeline action: ${outputVariableBytes} bytes`,
          );
        const { action } = job;
        job.status = 'Succeeded';
        action.updatedAt = kernel.clock.now();
        if (executionDetails?.summary !== undefined) action.summary = executionDetails.summary;
        if (executionDetails?.externalExecutionId !== undefined)
          action.externalExecutionId = executionDetails.externalExecutionId;
        if (executionDetails?.percentComplete !== undefined) action.percentComplete = executionDetails.percentComplete;
        if (currentRevision !== undefined) action.revision = currentRevision.revision;
        // "…completes that job and makes the service create a new job id carrying the token" (user guide, step 5).
        if (continuationToken !== undefined) engine().continueAction(action, continuationToken);
        else engine().endAction(action, { status: 'Succeeded', ...(outputVariables ? { outputVariables } : {}) });
        return {};
      },
      PutJobFailureResult: ({ jobId, failureDetails }: FailureResult) => {
        const invoked = answerRule(jobId);
        if (invoked !== undefined) {
          invoked.end(false, failureDetails.message);
          return {};
        }
        const job = answerable(jobId);
        job.status = 'Failed';
        const { type, message, externalExecutionId } = failureDetails;
        if (externalExecutionId !== undefined) job.action.externalExecutionId = externalExecutionId;
        engine().endAction(job.action, { status: 'Failed', code: type, message });
        return {};
      },
    },
  };
};

interface SuccessResult {
  readonly jobId: string;
  readonly continuationToken?: string;
  readonly outputVariables?: Readonly<Record<string, string>>;
  readonly executionDetails?: {
    readonly summary?: string;
    readonly externalExecutionId?: string;
    readonly percentComplete?: number;
  };
  readonly currentRevision?: { readonly revision: string };
}
interface FailureResult {
  readonly jobId: string;
  readonly failureDetails: {
    readonly type: string;
    readonly message: string;
    readonly externalExecutionId?: string;
  };
}

const sameType = (a: ActionTypeId, b: ActionTypeId): boolean =>
  a.category === b.category && a.owner === b.owner && a.provider === b.provider && a.version === b.version;

const bytesOf = (variables: Readonly<Record<string, string>>): number =>
  Object.entries(variables).reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
