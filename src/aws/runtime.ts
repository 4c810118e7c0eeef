import {
  InvokeEndpointAsyncCommand,
  type InvokeEndpointAsyncCommandInput,
  InvokeEndpointCommand,
  type InvokeEndpointCommandInput,
  type InvokeEndpointCommandOutput,
  SageMakerRuntimeClient,
  type SageMakerRuntimeClientConfig,
} from '@aws-sdk/client-sagemaker-runtime';
import type { Clock } from '../clock.ts';
import type { Sender } from './sender.ts';

/** An answer, and the milliseconds of its last attempt: what was waited before a retry is not the model's time. */
export type InvokeEndpointAnswer = InvokeEndpointCommandOutput & { readonly durationMs: number };

/** The simulator's answers come at once, and name their virtual milliseconds. */

const durationHeader = 'x-simulator-duration-ms';

/** Created here, beside the commands in use, so that a bundle leaves out all others. */
export const runtimeClient = (settings: SageMakerRuntimeClientConfig, clock: Clock): SageMakerRuntimeClient => {
  const client = new SageMakerRuntimeClient(settings);
  client.middlewareStack.add(
    (next) => async (args) => {
      const began = clock.now();
      const result = await next(args);
      const { headers } = result.response as { readonly headers?: Readonly<Record<string, string>> };
      const simulated = headers?.[durationHeader];
      const durationMs = simulated === undefined ? clock.now() - began : Number(simulated);
      const output: object = { ...result.output, durationMs };
      return { ...result, output } as typeof result;
    },
    { step: 'deserialize', priority: 'high', name: 'modelDeliveryDuration' },
  );
  return client;
};

/** SageMaker Runtime, one method per call. A request takes capacity of an endpoint that may serve users, so that a dry run has none. */
export const runtime = (send: Sender<SageMakerRuntimeClient>) => ({
  writes: {
    invokeEndpoint: (input: InvokeEndpointCommandInput) =>
      send(new InvokeEndpointCommand(input)) as Promise<InvokeEndpointAnswer>,
    invokeEndpointAsync: (input: InvokeEndpointAsyncCommandInput) => send(new InvokeEndpointAsyncCommand(input)),
  },
});
export type Runtime = ReturnType<typeof runtime>;
