import { type AnyCall, anyCall } from '../aws/any-call.ts';
import type { AwsConnection } from '../aws/connection.ts';
import type { CredentialSource } from '../aws/credentials.ts';
import { retrying, unrepeated } from '../aws/retry.ts';
import { type Clock, minutes } from '../clock.ts';

/** The same calls in three manners. */
export interface AnyCalls {
  /** Tried again after throttling, lost connections and expired credentials; ended by the signal. */
  readonly patient: AnyCall;
  /** Sent once: a refusal is the answer. Its end is waited for whatever the signal says: what it makes must be found by a removal. */
  readonly once: AnyCall;
  /** As `patient`, whatever the signal says. */
  readonly removing: AnyCall;
}

export const anyCalls = (
  connection: AwsConnection,
  credentials: CredentialSource,
  clock: Clock,
  signal: AbortSignal,
): AnyCalls => {
  const forgetCredentials = credentials.forget;
  // No turn waits for these calls. What stays because AWS throttles for minutes costs money.
  const retry = retrying({ clock, forgetCredentials, budgetMs: minutes(2) });
  return {
    patient: anyCall(connection, credentials, { retry, signal }),
    once: anyCall(connection, credentials, { retry: unrepeated(forgetCredentials) }),
    removing: anyCall(connection, credentials, {
      retry: retrying({ clock, forgetCredentials, budgetMs: minutes(10) }),
    }),
  };
};
