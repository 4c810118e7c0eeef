import type { SageMakerClient } from '@aws-sdk/client-sagemaker';

/**
 * The SDK drops each member that its own service model does not have, from requests and from answers. A setting that is newer than the
 * SDK would be lost without a word. These calls pass their JSON on as it is.
 */
const requests: ReadonlySet<string | undefined> = new Set(['CreateEndpointConfigCommand', 'CreateModelCommand']);
const answers: ReadonlySet<string | undefined> = new Set(['DescribeEndpointConfigCommand', 'DescribeModelCommand']);

type Members = Readonly<Record<string, unknown>>;

/** Adds the untyped members to the requests and answers of a client. */
export const passUntypedMembers = (client: SageMakerClient): SageMakerClient => {
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        // These inputs are plain JSON, without blobs and timestamps (AWS: CreateModel, CreateEndpointConfig).
        if (requests.has(commandName)) (args.request as { body?: string }).body = JSON.stringify(args.input);
        return next(args);
      },
    // After the SDK's serialiser, and before the length of the body is counted.
    { step: 'serialize', priority: 'low', name: 'modelDeliveryUntypedRequest' },
  );
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const result = await next(args);
        if (!answers.has(commandName)) return result;
        const { body } = result.response as { readonly body?: unknown };
        return { ...result, output: withUntyped(result.output, parsed(body)) } as typeof result;
      },
    // Around the SDK's deserialiser.
    { step: 'deserialize', priority: 'high', name: 'modelDeliveryUntypedAnswer' },
  );
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const result = await next(args);
        const response = result.response as { body?: unknown };
        // The SDK's deserialiser reads these bytes, as it would read the stream. A stream can be read only once.
        if (answers.has(commandName)) response.body = await bytesOf(response.body);
        return result;
      },
    { step: 'deserialize', priority: 'low', name: 'modelDeliveryAnswerBytes' },
  );
  return client;
};

const bytesOf = async (body: unknown): Promise<Uint8Array> => {
  const pieces: Uint8Array[] = [];
  for await (const piece of body as AsyncIterable<Uint8Array>) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
};

/** The SDK has read these bytes as JSON already. */
const parsed = (body: unknown): unknown => JSON.parse(Buffer.from(body as Uint8Array).toString('utf8'));

/** The SDK's output, and each member of the answer that is missing in it. */
const withUntyped = (typed: unknown, answer: unknown): unknown => {
  if (Array.isArray(typed) && Array.isArray(answer))
    return typed.map((item, index) => withUntyped(item, answer[index]));
  if (!isMembers(typed) || !isMembers(answer)) return typed;
  const missing = Object.entries(answer).filter(([name, value]) => value !== null && !(name in typed));
  return Object.fromEntries([
    ...Object.entries(typed).map(([name, value]) => [name, withUntyped(value, answer[name])] as const),
    ...missing,
  ]);
};

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
