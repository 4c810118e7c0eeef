import { type BucketSettings, bucketSettings, type OwnBucket } from '../aws/bucket-settings.ts';
import { createAwsClients } from '../aws/clients.ts';
import { clientSettings } from '../aws/connection.ts';
import { base } from '../aws/credentials.ts';
import { describe, orUndefined } from '../aws/errors.ts';
import { partitionOf } from '../aws/partition.ts';
import { retrying } from '../aws/retry.ts';
import { s3Client } from '../aws/s3.ts';
import { sender } from '../aws/sender.ts';
import { canonical } from '../digest.ts';
import { roleArn } from '../endpoint/desired.ts';
import { clockOf } from '../hosts/clock.ts';
import { readArguments } from '../hosts/command-line/arguments.ts';
import type { CommandLine, ExitCode } from '../hosts/command-line/command-line.ts';
import { readInputs } from '../inputs/read-inputs.ts';
import { isLoopback } from '../loopback.ts';
import { deliveryOf } from '../manifest/load.ts';
import type { Delivery, S3Location } from '../manifest/manifest.ts';
import { rolePattern } from '../manifest/values.ts';
import { Refusal } from '../operation.ts';
import { sharedInputs } from '../operations/shared-inputs.ts';
import { jsonText } from '../plain-text.ts';
import { bucketPolicy, ourSids } from '../release/bucket-policy.ts';
import { defaultReleases, releasesOf } from '../release/location.ts';
import { flag, InputError, optional, text } from '../schema.ts';
import { artifactsOf } from '../session/registry.ts';
import { connectionFrom } from '../session/session.ts';
import type { Account } from '../world.ts';
import { type Command, wrongRequest } from './command.ts';
import { reportFailure } from './failure-report.ts';

const createBucketInputs = {
  ...sharedInputs,
  writers: optional(
    text({
      description:
        "Roles that may write to the bucket, by name or ARN, separated by spaces: the roles that register, deploy and roll back. Default: the environment's `role` and `rollback-role`; for the bucket of a registry its `registrar-role`, else its `role`, else the environment's `role`.",
      example: 'model-registrar model-deployer model-rollback',
    }),
  ),
  'print-policy': flag({ description: "Print the bucket's policy and change nothing.", default: false }),
};

export const createBucket: Command = {
  does: 'Creates the bucket for release records and artifacts, closed to all but the delivery roles; once per account and region.',
  options: createBucketInputs,
  notes: [
    "It uses the current credentials, not the environment's role: a delivery role should not decide which roles may write to its record.",
    "With credentials of the account that the manifest names as `registry`, it creates the bucket of that registry's artifacts there; the environment's account keeps its own bucket for release records.",
  ],
  examples: [
    {
      line: 'create-bucket --environment production',
      does: "Creates it; the environment's `role` and `rollback-role` may write to it.",
    },
    { line: 'create-bucket --environment production --print-policy', does: 'Prints its policy and changes nothing.' },
  ],
  exits: { 0: 'the bucket exists and is closed', 1: 'AWS refused, or could not be reached', 2: wrongRequest },
  run: (args, host) => runCreateBucket(args, host()),
};

/** `create-bucket`: once per account and region, by a person who may create buckets. A repeated run restores the default bucket's settings. */
const runCreateBucket = async (args: readonly string[], host: CommandLine): Promise<ExitCode> => {
  const { env, terminal } = host;
  try {
    const {
      manifest,
      environment: name,
      writers,
      'print-policy': print,
    } = readInputs(createBucketInputs, readArguments(createBucketInputs, args));
    const environment = deliveryOf(manifest, name);
    const { account, calls } = await connect(env, await clockOf(host), environment);
    const { location, roles, hint } = placeOf(environment, account);
    const policy = bucketPolicy(location, account, writersOf(roles, writers));
    if (print) terminal.out(jsonText(policy, 2));
    else {
      const owner = environment.bucketOwners?.[location.bucket] ?? account.id;
      if (owner !== account.id)
        throw new InputError(
          `the bucket ${location.bucket} belongs to another account (bucket-owners in the manifest): create it there`,
        );
      const bucket = { Bucket: location.bucket, ExpectedBucketOwner: account.id };
      const isDefault = location.bucket === defaultReleases(account).bucket;
      for await (const line of make(calls, bucket, account, isDefault, policy)) terminal.out(line);
      if (hint !== undefined) terminal.out(hint);
    }
    return 0;
  } catch (error) {
    return reportFailure('create-bucket', error, host);
  }
};

/** The bucket that the manifest gives to an account, and the roles that write there. */
interface Place {
  readonly location: S3Location;
  readonly roles: readonly string[];
  /** For the roles of other accounts. */
  readonly hint?: string;
}

/** The environment's account has a bucket for release records, and the account of its registry one for artifacts. */
const placeOf = (environment: Delivery, account: Account): Place => {
  const { role, rollbackRole, registry } = environment;
  if (registry === undefined || !isRegistry(environment, account.id))
    return {
      location: releasesOf(environment, account),
      roles: [role, rollbackRole].filter((one) => one !== undefined),
    };
  const own = environment.account === undefined ? account : { ...account, id: environment.account };
  const writer = registry.registrarRole ?? registry.role ?? (role && roleArn(own, role));
  return {
    location: artifactsOf(registry, account.region),
    roles: writer === undefined ? [] : [writer],
    hint: 'roles of other accounts that read artifacts there need the statements of docs/permissions/two-accounts/bucket-policy.json beside it',
  };
};

/** Whether this is the account of the registry, and not that of the environment. */
const isRegistry = ({ account, registry }: Delivery, id: string): boolean =>
  account !== undefined && account !== id && registry?.account === id;

const writersOf = (roles: readonly string[], given: string | undefined): readonly string[] => {
  const writers = given?.trim().split(/\s+/) ?? roles;
  const [wrong] = writers.filter((writer) => !rolePattern.test(writer) && !userPattern.test(writer));
  if (wrong !== undefined)
    throw new InputError(`writers: ${JSON.stringify(wrong)} is not a role's name or ARN, nor a user's ARN`);
  if (writers.length > 0) return [...new Set(writers)];
  throw new InputError(
    'writers: the manifest names no role for this bucket, so give the roles that may write to the bucket: the roles that register, deploy and roll back',
  );
};

const userPattern = /^arn:aws[a-z-]*:iam::[0-9]{12}:user\/[a-zA-Z0-9_+=,.@/-]+$/;

const connect = async (
  env: CommandLine['env'],
  clock: Parameters<typeof retrying>[0]['clock'],
  environment: Delivery,
): Promise<{ readonly account: Account; readonly calls: BucketSettings }> => {
  const connection = connectionFrom(env, environment.region);
  // Not the environment's role: a delivery role may neither create buckets nor decide which roles write to one.
  const credentials = base({ ...connection, clock });
  const none = (): never => {
    throw new Error('this command reads and writes no object');
  };
  const { sts } = createAwsClients({ ...connection, credentials, clock, bucketOwner: none }).reads;
  const { Account: id = '', Arn: identity = '' } = await sts.getCallerIdentity();
  const artifacts = isRegistry(environment, id);
  if (environment.account !== undefined && environment.account !== id && !artifacts)
    throw new Refusal(
      'wrong-account',
      `the manifest's environment is the account ending in ${environment.account.slice(-4)}${environment.registry ? `, and its registry the one ending in ${environment.registry.account.slice(-4)}` : ''}, but the credentials belong to the one ending in ${id.slice(-4)}`,
    );
  const forcePathStyle = connection.endpointUrl !== undefined && isLoopback(new URL(connection.endpointUrl).hostname);
  const region = (artifacts ? environment.registry?.region : undefined) ?? connection.region;
  const client = s3Client({
    ...clientSettings({ ...connection, region }),
    credentials: credentials.provide,
    forcePathStyle,
  });
  const retry = retrying({ clock, forgetCredentials: credentials.forget });
  return {
    account: { id, region, partition: identity.split(':')[1] || partitionOf(region) },
    calls: bucketSettings(sender(client, 's3', { retry })),
  };
};

/** One line for each setting, once it holds. The policy comes last: it denies the earlier calls to everyone but the writers. */
async function* make(
  calls: BucketSettings,
  bucket: OwnBucket,
  { region }: Account,
  isDefault: boolean,
  policy: ReturnType<typeof bucketPolicy>,
): AsyncGenerator<string> {
  const name = bucket.Bucket;
  const exists = (await orUndefined(calls.headBucket(bucket).catch(ofOthers(bucket)))) !== undefined;
  if (exists && !isDefault)
    throw new InputError(
      `the bucket ${name} exists, and may serve other purposes: add the statements from --print-policy to its policy, and turn on versioning; this command sets up only the default bucket and new buckets`,
    );
  if (!exists)
    await calls
      .createBucket({
        Bucket: name,
        // S3 API reference, CreateBucket: a request must not name us-east-1.
        ...(region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint: region as Constraint } }),
      })
      .catch(ofOthers(bucket));
  yield exists ? `the bucket ${name} exists` : `created the bucket ${name} in ${region}`;
  await calls.blockPublicAccess(bucket);
  yield 'public access is blocked';
  await calls.enforceOwnership(bucket);
  yield 'all its objects belong to this account';
  await calls.enableVersioning(bucket);
  yield 'it keeps every version of an object';
  const before = await absentPolicy(calls.getPolicy(bucket));
  if (before === undefined || !isSame(before, policy)) {
    refuseOtherPolicy(name, before);
    await calls.putPolicy(bucket, JSON.stringify(policy));
  }
  yield `its policy lets only ${namesOf(policy)} write`;
}
type Constraint = NonNullable<
  NonNullable<Parameters<BucketSettings['createBucket']>[0]['CreateBucketConfiguration']>['LocationConstraint']
>;

/** All accounts of a partition share one namespace of buckets. */
const ofOthers =
  ({ Bucket }: OwnBucket) =>
  (error: unknown): never => {
    const taken = error instanceof Error && error.name === 'BucketAlreadyExists';
    if (!taken) throw error;
    throw new Refusal(
      'access-denied',
      `another account has the bucket ${Bucket} already: set \`releases\` in the manifest to a bucket of another name (${describe(error)})`,
    );
  };

const absentPolicy = async (policy: Promise<string | undefined>): Promise<string | undefined> => {
  try {
    return await policy;
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchBucketPolicy') return undefined;
    throw error;
  }
};

const isSame = (text: string, policy: object): boolean => {
  try {
    return canonical(JSON.parse(text)) === canonical(policy);
  } catch {
    return false;
  }
};

interface Named {
  readonly Sid?: string;
}
/** Keeps a team's own statements. */
const refuseOtherPolicy = (bucket: string, text: string | undefined): void => {
  if (text === undefined) return;
  const { Statement = [] } = JSON.parse(text) as { readonly Statement?: Named | readonly Named[] };
  const others = [Statement].flat().filter(({ Sid }) => !Sid?.startsWith(ourSids));
  if (others.length === 0) return;
  throw new InputError(
    `the policy of ${bucket} has statements of others (${others.map(({ Sid }) => Sid ?? 'without a Sid').join(', ')}), and stays as it is: replace the statements whose Sid begins with ${ourSids} by the output of --print-policy`,
  );
};

const namesOf = ({ Statement }: ReturnType<typeof bucketPolicy>): string => {
  const arns = Statement.flatMap(({ Condition }) => Condition['ArnNotLike']?.['aws:PrincipalArn'] ?? []);
  return [...new Set(arns.map((arn) => arn.split('/').at(-1) ?? arn))].join(', ');
};
