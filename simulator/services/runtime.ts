import { AwsError, type Hosting, type Kernel, type Service } from '../contracts.ts';

interface InvokeInput {
  readonly EndpointName: string;
  readonly Body?: Buffer | Uint8Array | string;
  readonly ContentType?: string;
  readonly Accept?: string;
  readonly TargetVariant?: string;
  readonly TargetModel?: string;
  readonly TargetContainerHostname?: string;
  readonly InferenceComponentName?: string;
}

/** The container's answer quoted in AWS's words (aws/sagemaker-python-sdk#1119; the client form is analogous). */
const modelError = (kernel: Kernel, endpoint: string, variant: string, status: number, body: string): AwsError => {
  const group = `/aws/sagemaker/Endpoints/${endpoint}`;
  const console = `https://${kernel.region}.console.aws.amazon.com/cloudwatch/home?region=${kernel.region}#logEventViewer:group=${group}`;
  const side = status >= 500 ? 'server' : 'client';
  return new AwsError(
    'ModelError',
    `Received ${side} error (${status}) from primary with message "${body}". See ${console} in account ${kernel.accountId} for more information.`,
    424,
    {
      OriginalStatusCode: status,
      OriginalMessage: body,
      LogStreamArn: kernel.arn('logs', `log-group:${group}:log-stream:${variant}/i-${endpoint}`),
    },
  );
};

/** SageMaker Runtime (reference/sagemaker.md §8): the container's answer, and the variant that gave it. */
export const createRuntime = (kernel: Kernel, hosting: Hosting): Service => ({
  operations: {
    InvokeEndpoint: (input: InvokeInput) => {
      const answer = hosting.invoke({
        endpoint: input.EndpointName,
        body: typeof input.Body === 'string' ? Buffer.from(input.Body) : Buffer.from(input.Body ?? []),
        contentType: input.ContentType ?? 'application/json',
        ...(input.Accept === undefined ? {} : { accept: input.Accept }),
        ...(input.TargetVariant === undefined ? {} : { targetVariant: input.TargetVariant }),
        ...(input.TargetModel === undefined ? {} : { targetModel: input.TargetModel }),
        ...(input.TargetContainerHostname === undefined
          ? {}
          : { targetContainerHostname: input.TargetContainerHostname }),
        ...(input.InferenceComponentName === undefined ? {} : { inferenceComponent: input.InferenceComponentName }),
        at: kernel.clock.now(),
      });
      if (answer.status < 200 || answer.status > 299)
        throw modelError(kernel, input.EndpointName, answer.variant, answer.status, answer.body.toString('utf8'));
      return { Body: answer.body, ContentType: answer.contentType, InvokedProductionVariant: answer.variant };
    },
  },
});
