import { createAwsClients } from '../aws/clients.ts';
import { accountOfRole, assumed, type BaseOptions, type CredentialSource } from '../aws/credentials.ts';
import { partitionOf } from '../aws/partition.ts';
import { InputError } from '../schema.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { Account, Elsewhere } from '../world.ts';

/** An environment of another account, and the role there that this run assumes. SageMaker serves one package in one region alone. */
export interface WantedElsewhere {
  /** Its name. */
  readonly environment: string;
  /** The manifest's word, else that of the role's ARN. */
  readonly account?: string;
  readonly role: string;
}

/** The environment's side of a session. */
interface Delivering {
  readonly region: string;
  readonly credentials: CredentialSource;
  readonly sessionName: string;
}

export interface ElsewhereSession {
  readonly account: Account;
  readonly credentials: CredentialSource;
  /** Credentials that a session policy limits further. */
  limited(policy: string): CredentialSource;
  within(signal: AbortSignal, dryRun: boolean): Elsewhere;
}

type Options = BaseOptions & { readonly signal: AbortSignal };

/**
 * The account of another environment, by a role that is assumed with the credentials of the run at the first call.
 * @throws {InputError} when the account of the role is not known, or not that of the environment
 */
export const elsewhereFor = (
  options: Options,
  { environment, account: id, role }: WantedElsewhere,
  { region, credentials, sessionName }: Delivering,
): ElsewhereSession => {
  if (id === undefined)
    throw new InputError(
      `regression.candidate.role: ${role} is a name, and environment ${environment} has no \`account\`: set it, or give the role's ARN`,
    );
  const named = accountOfRole(role);
  if (named !== undefined && named !== id)
    throw new InputError(
      `regression.candidate.role: the role is in the account ending in ${named.slice(-4)}, and environment ${environment} in the one ending in ${id.slice(-4)}`,
    );
  const account: Account = { partition: partitionOf(region), region, id };
  const there = { ...options, region };
  const limited = (policy?: string): CredentialSource =>
    assumed({
      ...there,
      ...{ role, account: id, sessionName },
      source: { proof: 'credentials', credentials },
      ...withoutUndefined({ policy }),
    });
  const ofRole = limited();
  const clients = createAwsClients({ ...there, credentials: ofRole, bucketOwner: () => id });
  return {
    account,
    credentials: ofRole,
    limited,
    within: (signal, dryRun) => {
      const { reads, writes } = clients.withSignal(signal);
      return { account, read: reads, ...(dryRun ? {} : { write: writes }) };
    },
  };
};
