import { type AwsClientOptions, type AwsClients, createAwsClients } from '../aws/clients.ts';
import { assumed, type BaseOptions, type CredentialSource } from '../aws/credentials.ts';
import { roleOfSession } from '../aws/role-of-session.ts';
import { roleArn } from '../endpoint/desired.ts';
import type { RegistrySpec, S3Location } from '../manifest/manifest.ts';
import { isOf } from '../registry/registry.ts';
import { defaultReleases } from '../release/location.ts';
import { InputError } from '../schema.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { Account, Registry } from '../world.ts';

/** The environment's side of a session. */
interface Delivering {
  readonly account: Account;
  /** ARN of the caller. */
  readonly identity: string;
  readonly credentials: CredentialSource;
  readonly clients: AwsClients;
  /** CloudTrail of the registry's account shows it as the author. */
  readonly sessionName: string;
}

/** The parts of the manifest that say whose registry it is. */
interface Wanted {
  readonly role?: string;
  readonly registry?: RegistrySpec;
  readonly endpoint?: { readonly executionRole?: string };
  readonly bucketOwners?: Readonly<Record<string, string>>;
}

export interface RegistrySession {
  readonly credentials: CredentialSource;
  within(signal: AbortSignal, dryRun: boolean): Registry;
  /** `World.lookAgain`. */
  forget(): void;
  /** A turn of the session begins. */
  beginTurn(): void;
}

type Options = BaseOptions & Pick<AwsClientOptions, 'signal'>;

/**
 * The owner of a bucket that is not the account of the credentials: the manifest's word, else the registry's account for its artifacts.
 */
export const ownerOf = (
  { bucketOwners, registry }: Pick<Wanted, 'bucketOwners' | 'registry'>,
  region: string,
  bucket: string,
): string | undefined => {
  const named = bucketOwners?.[bucket];
  if (named !== undefined || registry === undefined) return named;
  const { bucket: artifacts } = artifactsOf(registry, region);
  return bucket === artifacts ? registry.account : undefined;
};

/** Where a registry keeps artifacts and evaluations. @param region the environment's */
export const artifactsOf = ({ account: id, artifacts, ...spec }: RegistrySpec, region: string): S3Location =>
  artifacts ?? defaultReleases({ id, region: spec.region ?? region });

/**
 * The registry of another account, with clients of its own. Its role is assumed with the environment's credentials, at the first call:
 * a rollback that needs no registry does not depend on the role.
 * @returns undefined when the registry is the environment's own account and region
 * @throws {InputError} when the group's policy would have to work across regions
 */
export const registryFor = (options: Options, wanted: Wanted, delivering: Delivering): RegistrySession | undefined => {
  const { registry: spec, endpoint, bucketOwners } = wanted;
  if (spec === undefined) return undefined;
  const { account: own, credentials, clients, identity } = delivering;
  const region = spec.region ?? own.region;
  const account: Account = { partition: own.partition, region, id: spec.account };
  if (isOf(own, account) && spec.role === undefined) return undefined;
  if (spec.role === undefined && region !== own.region)
    throw new InputError(
      `registry: its region is ${region} and the environment's is ${own.region}: SageMaker reads a group of another account only in its own region; name a role of the registry's account, or copy the version into a registry of ${own.region}`,
    );
  const theirs = (bucket: string): string => bucketOwners?.[bucket] ?? account.id;
  const content = createAwsClients({ ...options, credentials, bucketOwner: theirs, remembers: true });
  const assumedRole =
    spec.role === undefined
      ? undefined
      : assumed({
          ...options,
          region,
          role: spec.role,
          account: account.id,
          source: { proof: 'credentials', credentials },
          sessionName: delivering.sessionName,
        });
  const packages =
    assumedRole === undefined
      ? clients
      : createAwsClients({ ...options, region, credentials: assumedRole, bucketOwner: theirs, remembers: true });
  const execution = endpoint?.executionRole;
  return {
    credentials: assumedRole ?? credentials,
    forget: () => {
      packages.forget();
      content.forget();
    },
    beginTurn: () => {
      if (packages !== clients) packages.beginTurn();
      content.beginTurn();
    },
    within: (signal, dryRun) => {
      const { reads, writes } = packages.withSignal(signal);
      return {
        account,
        read: reads,
        ...(dryRun ? {} : { write: writes }),
        content: content.withSignal(signal).reads,
        artifacts: artifactsOf(spec, own.region),
        readers: {
          caller: wanted.role === undefined ? roleOfSession(identity) : roleArn(own, wanted.role),
          ...withoutUndefined({ execution: execution && roleArn(own, execution) }),
        },
        ...withoutUndefined({ role: spec.role }),
      };
    },
  };
};
