import { keepVariablesOf } from '../secrets.ts';
import { withoutSecretsIn, withoutSecretsInReason } from './errors.ts';
import type { Retry } from './retry.ts';

/** Sends one command of one client and returns its output. It retries, renews credentials and names errors (see retry.ts). */
export type Sender<Client extends { readonly send: unknown }> = Client['send'];

/** How the calls of one World are carried out. */
export interface Sending {
  readonly retry: Retry;
  readonly signal?: AbortSignal;
}

interface SdkCommand {
  readonly middlewareStack: {
    add(
      middleware: (
        next: (args: never) => Promise<unknown>,
        context: { readonly commandName?: string },
      ) => (args: never) => Promise<unknown>,
      options: { readonly step: 'initialize'; readonly priority: 'high'; readonly name: string },
    ): void;
  };
}

/**
 * The retry sits in the command's outermost middleware step, inside `send`. There the SDK provides the operation's name (class
 * names do not survive minification). Every attempt signs anew with the current credentials.
 * @param service the IAM prefix that names the call: `sagemaker`, `s3`
 */
export const sender = <Client extends { send: unknown }>(
  client: Client,
  service: string,
  { retry, signal }: Sending,
): Sender<Client> => {
  const send = (command: SdkCommand): Promise<unknown> => {
    command.middlewareStack.add(
      (next, context) => (args) =>
        retry(
          `${service}:${context.commandName?.replace(/Command$/, '') ?? 'unknown'}`,
          () => withoutSecrets(next(args), args),
          signal,
        ),
      { step: 'initialize', priority: 'high', name: 'modelDeliveryRetry' },
    );
    return (client.send as (command: SdkCommand) => Promise<unknown>).call(client, command);
  };
  // The SDK types `send` per client as overloads over all its commands; this is the promise form of each.
  return send as Sender<Client>;
};

/** A container's variables pass here in both directions: from then on no AWS error repeats them. */
const withoutSecrets = async (sent: Promise<unknown>, request: object): Promise<unknown> => {
  keepVariablesOf(request);
  try {
    const { output, ...rest } = (await sent) as { readonly output: object };
    keepVariablesOf(output);
    return { ...rest, output: withoutSecretsInReason(output) };
  } catch (error) {
    throw withoutSecretsIn(error);
  }
};
