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
import { durationHeader, type Timed } from './timed.ts';

/** An answer, and the milliseconds of its last attempt: what was waited before a retry is not the model's time. */
export type InvokeEndpointAnswer = InvokeEndpointCommandOutput & Timed;

/** Created here, beside the commands in use, so that a bundle leaves out all others. */
export const runtimeClient = (settings: SageMakerRuntimeClientConfig, clock: Clock): SageMakerRuntimeClient => {
  const client = new SageMakerRuntimeClient(settings);
  client.middlewareStack.add(
    (next) => async (args) => {
      const began = clock.now();
      const timed = (response: unknown): Timed => {
        const { headers } = (response ?? {}) as { readonly headers?: Readonly<Record<string, string>> };
        const simulated = headers?.[durationHeader];
        return { durationMs: simulated === undefined ? clock.now() - began : Number(simulated) };
      };
      try {
        const result = await next(args);
        const output: object = { ...result.output, ...timed(result.response) };
        return { ...result, output } as typeof result;
      } catch (error) {
        if (error instanceof Error && '$response' in error) Object.assign(error, timed(error.$response));
        throw error;
      }
    },
    { step: 'deserialize', priority: 'high', name: 'modelDeliveryDuration' },
  );
  return client;
};

/**
 * SageMaker Runtime, one method per call. A request takes capacity of an endpoint that may serve users, so that a dry run has none.
 * @param sendOnce without a retry
 */
export const runtime = (send: Sender<SageMakerRuntimeClient>, sendOnce: Sender<SageMakerRuntimeClient>) => ({
  writes: {
    invokeEndpointOnce: (input: InvokeEndpointCommandInput) =>
      sendOnce(new InvokeEndpointCommand(input)) as Promise<InvokeEndpointAnswer>,
    invokeEndpoint: (input: InvokeEndpointCommandInput) =>
      send(new InvokeEndpointCommand(input)) as Promise<InvokeEndpointAnswer>,
    invokeEndpointAsync: (input: InvokeEndpointAsyncCommandInput) => send(new InvokeEndpointAsyncCommand(input)),
  },
});
export type Runtime = ReturnType<typeof runtime>;
