import {
  AwsError,
  type Call,
  type Hosting,
  type InvocationAnswer,
  type Kernel,
  type QueuedInvocation,
  type Service,
} from '../contracts.ts';

/** A member that AWS does not have: see `durationHeader` in protocols/runtime.ts. */
export const durationMember = 'SimulatedDurationMs';
/** Another one: see `servedByHeader` there. */
export const servedByMember = 'SimulatedServedBy';

interface InvokeInput {
  readonly EndpointName: string;
  readonly Body?: Buffer | Uint8Array | string;
  readonly ContentType?: string;
  readonly Accept?: string;
  readonly TargetVariant?: string;
  readonly TargetModel?: string;
  readonly TargetContainerHostname?: string;
  readonly InferenceComponentName?: string;
  readonly CustomAttributes?: string;
  readonly InferenceId?: string;
}

/** The container's answer quoted in AWS's words (aws/sagemaker-python-sdk#1119; the client form is analogous). */
export const modelError = (kernel: Kernel, endpoint: string, answer: InvocationAnswer): AwsError => {
  const { status, variant } = answer;
  const body = answer.body.toString('utf8');
  const group = `/aws/sagemaker/Endpoints/${endpoint}`;
  const console = `https://${kernel.region}.console.aws.amazon.com/cloudwatch/home?region=${kernel.region}#logEventViewer:group=${group}`;
  // A time-out has status 0 and is the server's, too.
  const side = status >= 400 && status < 500 ? 'client' : 'server';
  return new AwsError(
    'ModelError',
    `Received ${side} error (${status}) from primary with message "${body}". See ${console} in account ${kernel.accountId} for more information.`,
    424,
    {
      OriginalStatusCode: status,
      OriginalMessage: body,
      LogStreamArn: kernel.arn('logs', `log-group:${group}:log-stream:${variant}/i-${endpoint}`),
      [durationMember]: durationMs(kernel, answer),
      [servedByMember]: answer.servedBy,
    },
  );
};

/** SageMaker's time is added to the container's. */
const durationMs = (kernel: Kernel, { latencyMs }: InvocationAnswer): number =>
  latencyMs + kernel.settings.overheadLatencyMs;

/** Before anything is known of the endpoint, whose kind has a limit of its own. */
const refuseOversized = ({ settings }: Kernel, body: Buffer, requestId: string): void => {
  const { largestBodyBytes } = settings;
  if (body.length <= largestBodyBytes) return;
  throw settings.oversizedBody === '413'
    ? new AwsError('413', `HTTP content length exceeded ${largestBodyBytes} bytes.`, 413)
    : new AwsError('ValidationError', `Request ${requestId} has oversize body.`);
};

/** SageMaker Runtime (reference/sagemaker.md §8): the container's answer, and the variant that gave it. */
export const createRuntime = (kernel: Kernel, hosting: Hosting): Service => ({
  operations: {
    InvokeEndpointAsync: (input: QueuedInvocation) => hosting.enqueue(input),

    InvokeEndpoint: (input: InvokeInput, { requestId }: Call) => {
      // AWS has it in captured data alone, and nothing is captured here.
      const { InferenceId: _captured } = input;
      const body = typeof input.Body === 'string' ? Buffer.from(input.Body) : Buffer.from(input.Body ?? []);
      refuseOversized(kernel, body, requestId);
      const answer = hosting.invoke({
        endpoint: input.EndpointName,
        body,
        contentType: input.ContentType ?? 'application/json',
        ...(input.Accept === undefined ? {} : { accept: input.Accept }),
        ...(input.TargetVariant === undefined ? {} : { targetVariant: input.TargetVariant }),
        ...(input.TargetModel === undefined ? {} : { targetModel: input.TargetModel }),
        ...(input.TargetContainerHostname === undefined
          ? {}
          : { targetContainerHostname: input.TargetContainerHostname }),
        ...(input.InferenceComponentName === undefined ? {} : { inferenceComponent: input.InferenceComponentName }),
        ...(input.CustomAttributes === undefined ? {} : { customAttributes: input.CustomAttributes }),
        requestId,
        at: kernel.clock.now(),
      });
      if (answer.status < 200 || answer.status > 299) throw modelError(kernel, input.EndpointName, answer);
      return {
        Body: answer.body,
        ContentType: answer.contentType,
        InvokedProductionVariant: answer.variant,
        CustomAttributes: answer.customAttributes,
        [durationMember]: durationMs(kernel, answer),
        [servedByMember]: answer.servedBy,
      };
    },
  },
});
