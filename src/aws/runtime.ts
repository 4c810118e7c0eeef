import {
  InvokeEndpointAsyncCommand,
  type InvokeEndpointAsyncCommandInput,
  InvokeEndpointCommand,
  type InvokeEndpointCommandInput,
  type InvokeEndpointCommandOutput,
  SageMakerRuntimeClient,
  type SageMakerRuntimeClientConfig,
} from '@aws-sdk/client-sagemaker-runtime';
import { withoutUndefined } from '../without-undefined.ts';
import type { Sender } from './sender.ts';

/** An answer, and how long it took where no clock can tell: the simulator's answers come at once, and name their virtual milliseconds. */
export type InvokeEndpointAnswer = InvokeEndpointCommandOutput & { readonly simulatedMs?: number };

const durationHeader = 'x-simulator-duration-ms';

/** Created here, beside the commands in use, so that a bundle leaves out all others. */
export const runtimeClient = (settings: SageMakerRuntimeClientConfig): SageMakerRuntimeClient => {
  const client = new SageMakerRuntimeClient(settings);
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { headers } = result.response as { readonly headers?: Readonly<Record<string, string>> };
      const simulatedMs = headers?.[durationHeader] === undefined ? undefined : Number(headers[durationHeader]);
      return { ...result, output: { ...result.output, ...withoutUndefined({ simulatedMs }) } } as typeof result;
    },
    { step: 'deserialize', priority: 'high', name: 'modelDeliverySimulatedDuration' },
  );
  return client;
};

/** SageMaker Runtime, one method per call. A request takes capacity of an endpoint that may serve users, so that a dry run has none. */
export const runtime = (send: Sender<SageMakerRuntimeClient>) => ({
  writes: {
    invokeEndpoint: (input: InvokeEndpointCommandInput): Promise<InvokeEndpointAnswer> =>
      send(new InvokeEndpointCommand(input)),
    invokeEndpointAsync: (input: InvokeEndpointAsyncCommandInput) => send(new InvokeEndpointAsyncCommand(input)),
  },
});
export type Runtime = ReturnType<typeof runtime>;
