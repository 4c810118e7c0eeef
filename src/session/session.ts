import { Unreachable } from '../aws/causes.ts';
import { type AwsClientOptions, createAwsClients } from '../aws/clients.ts';
import type { AwsConnection } from '../aws/connection.ts';
import { accountOfRole, assumed, type BaseOptions, base, type CredentialSource } from '../aws/credentials.ts';
import type { Identity } from '../aws/identity.ts';
import { partitionOf } from '../aws/partition.ts';
import { unlessAborted } from '../aws/retry.ts';
import type { Clock } from '../clock.ts';
import type { Env } from '../env.ts';
import type { GitHub } from '../github/github.ts';
import type { GitHubAccess } from '../github/open-github.ts';
import { deliveryOf, environmentOf } from '../manifest/load.ts';
import type { Delivery, Manifest, RegistrySpec } from '../manifest/manifest.ts';
import { type OperationName, type Plan, Refusal } from '../operation.ts';
import { defaultReleases } from '../release/location.ts';
import { InputError } from '../schema.ts';
import { version } from '../version.ts';
import { withoutUndefined } from '../without-undefined.ts';
import {
  type Account,
  arn,
  type Commits,
  type Program,
  type ProgramEnd,
  type Programs,
  type Run,
  type Workspace,
  type World,
} from '../world.ts';
import { type EarlyQuestion, isAbout } from './early-question.ts';
import { elsewhereFor, type WantedElsewhere } from './elsewhere.ts';
import { environmentKeys } from './environment-keys.ts';
import { programVariables } from './program-variables.ts';
import { proxyFrom } from './proxy.ts';
import { regionOfVariables } from './region.ts';
import { ownerOf, registryFor } from './registry.ts';
import { refuseUnusableVariables } from './unusable-variables.ts';
import { webhooksOf } from './webhooks.ts';

/** The account, region and role of a delivery, from the manifest's environment. */
export interface Target {
  readonly account?: string;
  readonly region?: string;
  readonly role?: string;
  readonly endpoint?: { readonly name: string; readonly executionRole?: string };
  /** Bucket → account, for buckets that another account owns. */
  readonly bucketOwners?: Readonly<Record<string, string>>;
  readonly registry?: RegistrySpec;
  readonly elsewhere?: WantedElsewhere;
}

/** Requests an OIDC token for an audience from GitHub. */
export type IdentityToken = (audience: string) => Promise<string>;

/** A program of the user with all its variables. */
export type Launched = Omit<Program, 'asks'>;

export interface SessionRequest {
  readonly target: Target;
  readonly env: Env;
  readonly run: Run;
  readonly workspace: Workspace;
  readonly clock: Clock;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  readonly identityToken?: IdentityToken;
  /** Starts a program on this machine, and ends it when the signal aborts; absent where the host starts none. */
  readonly launch?: (program: Launched, signal: AbortSignal) => Promise<ProgramEnd>;
  /** The history of the checkout, with calls that end when the signal aborts; absent where the host has no checkout. */
  readonly commits?: (signal: AbortSignal) => Commits;
  /** The run's repository at GitHub, where the host has a token. */
  readonly github?: GitHubAccess;
  /** Called with every identity the moment it is known, before a request is made with it. */
  readonly learned?: (identity: Identity) => void;
  /** Asked of AWS before the inputs were read; used where it was about the credentials and the region that they name. */
  readonly early?: EarlyQuestion;
  /** Where many processes share one limit of AWS: the jitter of their retries, how long a turn may wait, and the count of their requests. */
  readonly sharing?: Pick<AwsClientOptions, 'random' | 'budgetMs' | 'answered'>;
}

/** Credentials whose account was checked, and the Worlds made with them. */
export interface Session {
  readonly account: Account;
  /** A World for turns that end early when `signal` aborts. */
  worldFor(signal: AbortSignal): World;
  /** @throws {Refusal} `credentials-too-short` (DESIGN §7 rule 12) */
  refuseShortCredentials(plan: Plan): Promise<void>;
}
export type OpenSession = (request: SessionRequest) => Promise<Session>;

/**
 * The environment that an operation's inputs name; empty when the operation has no manifest. A rollback has a role of its own where the
 * manifest names one: the environment for people on call has no reviewers, and must not lead to the deployer's role. A gate that
 * decides has one, so that the deployer cannot approve; a gate that only reads is a step of the deployer's job.
 */
export const targetOf = (inputs: unknown, operation?: OperationName): Target => {
  const { manifest, environment, mode } = inputs as {
    readonly manifest?: Manifest;
    readonly environment?: string;
    readonly mode?: string;
  };
  if (manifest === undefined || environment === undefined) return {};
  const spec = deliveryOf(manifest, environment);
  const { account, region, registry } = spec;
  const decides = operation === 'approve-gate' && mode !== undefined && !readingModes.includes(mode);
  return withoutUndefined({
    account,
    region,
    role: (decides ? spec.approverRole : operation === 'rollback' ? spec.rollbackRole : undefined) ?? spec.role,
    endpoint: 'endpoint' in spec ? spec.endpoint : undefined,
    bucketOwners: ownersFor(manifest, spec),
    registry: registry && withoutUndefined({ ...registry, role: registryRole(registry, decides, operation) }),
    elsewhere: operation === 'regression-test' ? elsewhereIn(manifest) : undefined,
  });
};

/** The environment of `after` owns the bucket of its record: its account is in the manifest, and needs no second word. */
const ownersFor = (manifest: Manifest, { after, region, releases, bucketOwners }: Delivery): Target['bucketOwners'] => {
  if (after === undefined) return bucketOwners;
  const before = deliveryOf(manifest, after);
  const id = before.account;
  const where = before.region ?? region;
  const bucket =
    before.releases?.bucket ??
    (id === undefined || where === undefined ? undefined : defaultReleases({ id, region: where }).bucket);
  // A bucket that both share is this environment's own, unless its own word says otherwise.
  if (bucket === undefined || bucket === releases?.bucket) return bucketOwners;
  const owner = before.bucketOwners?.[bucket] ?? id;
  return owner === undefined ? bucketOwners : { [bucket]: owner, ...bucketOwners };
};

/** Modes of the gate that write no decision. A test compares them with `approval/modes.ts`, which would bring GitHub into every bundle. */
const readingModes: readonly string[] = ['check', 'wait'];

/** Registering and deciding write to the registry; everything else reads there. */
const registryRole = (
  { role, registrarRole, approverRole }: RegistrySpec,
  decides: boolean,
  operation?: OperationName,
): string | undefined => (decides ? approverRole : operation === 'register-model' ? registrarRole : undefined) ?? role;

/** The other environment whose endpoint is asked by a role of its own. */
const elsewhereIn = (manifest: Manifest): WantedElsewhere | undefined => {
  const candidate = manifest.regression?.asking.candidate;
  if (candidate?.is !== 'environment' || candidate.role === undefined) return undefined;
  const { environment, role } = candidate;
  const account = environmentOf(manifest, environment).account ?? accountOfRole(role);
  return { environment, role, ...withoutUndefined({ account }) };
};

/**
 * @throws {Refusal} `wrong-account`, before any other call to AWS
 * @throws {InputError} when no region is known, or a variable cannot be used
 */
export const openSession: OpenSession = async ({
  target,
  env,
  run,
  workspace,
  clock,
  dryRun,
  signal,
  identityToken,
  launch,
  commits,
  github,
  learned,
  early,
  sharing,
}) => {
  const connection = connectionFrom(env, target.region);
  const keys = environmentKeys(env);
  const options = { ...connection, clock, ...withoutUndefined({ learned, keys }) };
  const choose = (policy?: string): CredentialSource =>
    chooseCredentials(options, target, env, run, identityToken, policy);
  const credentials = choose();
  let caller: string | undefined;
  const clients = createAwsClients({
    ...connection,
    credentials,
    clock,
    signal,
    remembers: true,
    ...sharing,
    bucketOwner: (bucket) => ownerOf(target, connection.region, bucket) ?? caller ?? fail(),
  });

  const answered =
    early !== undefined && target.role === undefined && isAbout(early, connection, keys)
      ? await unlessAborted(early.caller, 'sts:GetCallerIdentity', signal)
      : undefined;
  // As every request does before it is sent.
  if (answered !== undefined) await credentials.provide();
  const { Account: id = '', Arn: identity = '' } = answered ?? (await clients.reads.sts.getCallerIdentity());
  // A page from a captive portal parses as an answer without members.
  if (!/^\d{12}$/.test(id))
    throw new Unreachable(
      'sts:GetCallerIdentity was answered without an account: a proxy or a captive portal answers in place of AWS; sign in there, or name the host in NO_PROXY',
    );
  caller = id;
  if (target.account !== undefined && id !== target.account)
    throw new Refusal(
      'wrong-account',
      // Whole account ids do not survive a report (`withoutAccount`), and two placeholders would look the same.
      `the manifest's environment is the account ending in ${target.account.slice(-4)}, but the credentials (${identity}) belong to the one ending in ${id.slice(-4)}`,
    );
  const { region } = connection;
  const account = { id, region, partition: identity.split(':')[1] || partitionOf(region) };
  const registry = registryFor({ ...connection, clock, signal, ...withoutUndefined({ learned }) }, target, {
    account,
    identity,
    credentials,
    clients,
    sessionName: run.holder,
  });

  const elsewhere =
    target.elsewhere &&
    elsewhereFor({ ...options, signal }, target.elsewhere, { region, credentials, sessionName: run.holder });

  const session = {};
  return {
    account,
    worldFor: (turnSignal) => {
      clients.beginTurn();
      registry?.beginTurn();
      const { reads, writes } = clients.withSignal(turnSignal);
      return {
        clock,
        signal: turnSignal,
        run,
        account,
        workspace,
        session,
        read: reads,
        loadRest: clients.loadRest,
        lookAgain: () => {
          clients.forget();
          registry?.forget();
        },
        ...(dryRun ? {} : { write: writes, webhooks: webhooksOf(env, turnSignal) }),
        ...withoutUndefined({
          registry: registry?.within(turnSignal, dryRun),
          elsewhere: elsewhere?.within(turnSignal, dryRun),
          commits: commits?.(turnSignal),
          programs:
            launch &&
            ({
              run: async ({ asks, ...program }) => {
                const there = asks.elsewhere ? elsewhere : undefined;
                const at = there?.account ?? account;
                const policy = onlyAsks(at, asks.endpoint);
                const limited = there?.limited(policy) ?? (target.role === undefined ? undefined : choose(policy));
                const variables = programVariables(env, at.region, await limited?.provide());
                return launch({ ...program, variables: { ...variables, ...program.variables } }, turnSignal);
              },
            } satisfies Programs),
          github: github && gitHubFor(github, turnSignal, dryRun),
        }),
      };
    },
    refuseShortCredentials: async ({ expectedSeconds }) => {
      const problem =
        (await credentials.tooShort(expectedSeconds)) ??
        (await registry?.credentials.tooShort(expectedSeconds)) ??
        (await elsewhere?.credentials.tooShort(expectedSeconds));
      if (problem !== undefined) throw new Refusal('credentials-too-short', problem);
    },
  };
};

/** A program of the user gets the role's permission for requests to one endpoint, and no other. */
const onlyAsks = (account: Account, endpoint: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['sagemaker:InvokeEndpoint', 'sagemaker:InvokeEndpointAsync'],
        // The ARN of an endpoint has its name in lower case (AWS: DescribeEndpoint); IAM compares what the request names.
        Resource: [...new Set([endpoint, endpoint.toLowerCase()])].map((name) =>
          arn(account, 'sagemaker', `endpoint/${name}`),
        ),
      },
    ],
  });

const gitHubFor = (github: GitHubAccess, signal: AbortSignal, dryRun: boolean): GitHub => {
  const { write, ...reads } = github.within(signal);
  return dryRun ? reads : { ...reads, write };
};

const fail = (): never => {
  throw new Error('S3 was called before the account of the credentials was known');
};

/**
 * Where the calls go, from the environment; `region` wins over it.
 * @throws {InputError} when no region is known, or a variable cannot be used
 */
export const connectionFrom = (env: Env, given?: string): AwsConnection => {
  const region = given ?? regionOfVariables(env);
  if (!region) throw new InputError("no region: set `region` in the manifest's environment, or AWS_REGION");
  refuseUnusableVariables(env);
  const endpointUrl = env['AWS_ENDPOINT_URL'];
  return { region, version, proxy: proxyFrom(env), ...withoutUndefined({ endpointUrl: endpointUrl || undefined }) };
};

/** The environment's role: assumed with GitHub's OIDC token where there is one, else with the credentials of the process. */
const chooseCredentials = (
  options: BaseOptions,
  { role, account }: Target,
  env: Env,
  run: Run,
  identityToken: IdentityToken | undefined,
  policy: string | undefined,
): CredentialSource => {
  const own = base({ ...options, ...withoutUndefined({ missing: identityToken && noToken(role) }) });
  if (role === undefined) return own;
  const source =
    identityToken && env['ACTIONS_ID_TOKEN_REQUEST_URL']
      ? ({ proof: 'oidc', token: () => identityToken('sts.amazonaws.com') } as const)
      : ({ proof: 'credentials', credentials: own } as const);
  return assumed({ ...options, role, source, sessionName: run.holder, ...withoutUndefined({ account, policy }) });
};

/** A job on GitHub without keys. The runner sets the variables of the identity token only for a job with the permission. */
const noToken = (role: string | undefined): string => {
  const token =
    "add `permissions: id-token: write` (a reusable workflow's caller too; runners like act have none: give keys)";
  return role === undefined
    ? `the job has no AWS credentials, and the environment in the manifest has no role to take: set \`role\` there and ${token}`
    : `role ${role} could not be taken: the job has no identity token; ${token}`;
};
