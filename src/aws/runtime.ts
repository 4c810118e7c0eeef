import {
  InvokeEndpointCommand,
  type InvokeEndpointCommandInput,
  SageMakerRuntimeClient,
  type SageMakerRuntimeClientConfig,
} from '@aws-sdk/client-sagemaker-runtime';
import type { Sender } from './sender.ts';

export type { InvokeEndpointCommandInput, InvokeEndpointOutput } from '@aws-sdk/client-sagemaker-runtime';

/** Created here, beside the commands in use, so that a bundle leaves out all others. */
export const runtimeClient = (settings: SageMakerRuntimeClientConfig): SageMakerRuntimeClient =>
  new SageMakerRuntimeClient(settings);

/** SageMaker Runtime, one method per call. A request takes capacity of an endpoint that may serve users, so that a dry run has none. */
export const runtime = (send: Sender<SageMakerRuntimeClient>) => ({
  writes: {
    invokeEndpoint: (input: InvokeEndpointCommandInput) => send(new InvokeEndpointCommand(input)),
  },
});
export type Runtime = ReturnType<typeof runtime>;
