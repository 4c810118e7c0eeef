import { type AwsClientOptions, type AwsClients, createAwsClients } from '../../src/aws/clients.ts';
import type { CredentialSource } from '../../src/aws/credentials.ts';
import { virtualClock } from './virtual-clock.ts';

export const url = 'http://127.0.0.1:4599';

export const staticCredentials: CredentialSource = {
  provide: async () => ({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' }),
  forget: () => undefined,
  expiresAt: () => undefined,
  tooShort: async () => undefined,
};

/** The real clients at `url`; a test answers with nock. */
export const clientsFor = (overrides: Partial<AwsClientOptions> = {}): AwsClients =>
  createAwsClients({
    region: 'eu-west-1',
    endpointUrl: url,
    version: '1.2.3',
    credentials: staticCredentials,
    clock: virtualClock(),
    bucketOwner: () => '111122223333',
    ...overrides,
  });

/** The reason of a promise's rejection; fails the test when it was not rejected. */
export const rejection = async (promise: Promise<unknown>): Promise<Error> => {
  const outcome = await promise.then(
    () => 'resolved' as const,
    (error: unknown) => error,
  );
  if (!(outcome instanceof Error)) throw new Error(`expected a rejection, got ${String(outcome)}`);
  return outcome;
};

/** An error body of the AWS JSON protocols. */
export const refused = (code: string, message: string | null): string => JSON.stringify({ __type: code, message });
