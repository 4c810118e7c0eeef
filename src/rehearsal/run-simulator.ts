import { appendFileSync } from 'node:fs';
import { readArchive } from '../../simulator/containers/archive.ts';
import { createCommandServers } from '../../simulator/containers/command-server.ts';
import { hasModel } from '../../simulator/containers/model-server.ts';
import type { Serve, Settings, StandIn } from '../../simulator/contracts.ts';
import { defaultRoles } from '../../simulator/simulator.ts';
import { openStateFolder, type StateFolder, StateRefused } from '../../simulator/state-folder.ts';
import { readArguments } from '../hosts/command-line/arguments.ts';
import type { CommandLine } from '../hosts/command-line/command-line.ts';
import type { Terminal } from '../hosts/terminal.ts';
import { wallClock } from '../hosts/wall-clock.ts';
import { readInputs } from '../inputs/read-inputs.ts';
import { deliveryOf, loadManifest } from '../manifest/load.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { InputError, type ValuesOf } from '../schema.ts';
import { quoted } from '../secrets.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { simulatorInputs } from './inputs.ts';
import { standIn } from './own/stand-in.ts';
import { readManifestFile } from './own/subject.ts';
import { placeOf } from './own/world.ts';
import { type LocalAws, openLocalAws } from './workflow/local-aws.ts';
import { shortName } from './workflow/stand-ins.ts';

/** A local AWS whose time follows the wall clock. Prints all that it has and the environment to export; the first signal ends it. */
export const runSimulator = async (
  args: readonly string[],
  terminal: Terminal,
  host: () => CommandLine,
): Promise<0 | 1 | 2> => {
  let state: StateFolder | undefined;
  let folder: string | undefined;
  try {
    const wanted = readInputs(simulatorInputs, readArguments(simulatorInputs, args));
    const { signal } = host().cancellation;
    const manifest = manifestOf(wanted);
    checkWritable(wanted['wire-file']);
    folder = wanted.state;
    state = stateOf(wanted, manifest);
    const servers =
      wanted.serve === undefined ? undefined : createCommandServers(wanted.serve, (line) => terminal.err(line));
    const aws = await open(wanted, manifest, { serve: servers?.serve, state }, terminal);
    const { simulator } = aws;
    try {
      await Promise.race([simulator.takeUp(wanted.speed === 1 ? wallClock.now() : undefined), simulator.stuck]);
      for (const line of await shown(aws)) terminal.out(line);
      await Promise.race([aborted(signal), simulator.stuck]);
    } finally {
      servers?.close();
      await simulator.close();
    }
    return 0;
  } catch (error) {
    if (error instanceof InputError) {
      terminal.err(`simulator: ${error.message}`);
      return 2;
    }
    if (error instanceof StateRefused) {
      terminal.err(`simulator: state: ${quoted(folder ?? '')} ${error.message}`);
      return 2;
    }
    const { code, message, port } = error as NodeJS.ErrnoException & { readonly port?: number };
    terminal.err(
      code === 'EADDRINUSE'
        ? `simulator: port ${port} is taken, perhaps by another simulator; end that one, or take a free port with --port 0`
        : `simulator: ${message}`,
    );
    return 1;
  } finally {
    state?.close();
  }
};

/** All options decide over a run, apart from those of where it is reached and noted. */
const stateOf = (wanted: Wanted, manifest: Manifest | undefined): StateFolder | undefined => {
  const { state: folder, port: _port, 'wire-file': _file, manifest: _path, serve, ...rest } = wanted;
  if (folder === undefined) return undefined;
  if (serve !== undefined)
    throw new InputError(
      'state: does not go with --serve: the answers and times of a program of your own are not repeated',
    );
  const options = Object.entries({ ...rest, manifest }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, JSON.stringify(value)] as const],
  );
  return openStateFolder(folder, Object.fromEntries(options), wallClock.now());
};

type Wanted = ValuesOf<typeof simulatorInputs>;

const open = async (
  wanted: Wanted,
  manifest: Manifest | undefined,
  { serve, state }: { readonly serve: Serve | undefined; readonly state: StateFolder | undefined },
  terminal: Terminal,
): Promise<LocalAws> => {
  const { port, seed, speed, account, region, 'wire-file': wireFile } = wanted;
  const [first] = Object.values({ ...manifest?.environments, ...manifest?.byCodeDeploy });
  const usual = placeOf(first ?? {});
  const named =
    manifest !== undefined && account === undefined && region === undefined
      ? []
      : (account ?? [usual.account]).flatMap((account) =>
          (region ?? [usual.region]).map((region) => ({ account, region })),
        );
  const [home = usual] = named;
  const aws = await openLocalAws(
    manifest,
    {
      places: named,
      roles: wanted.role ?? (manifest === undefined ? defaultRoles : []),
      buckets: [],
      images: (wanted.image ?? []).map((image) =>
        image.includes('.dkr.ecr.') ? image : `${home.account}.dkr.ecr.${home.region}.amazonaws.com/${image}`,
      ),
      artifacts: [],
      trainingJobs: [],
    },
    {
      port,
      seed,
      wallSpeed: speed,
      startAt: wallClock.now(),
      withGithub: manifest !== undefined,
      settings: Object.assign({}, ...(wanted.setting ?? [])) as Partial<Settings>,
      ...withoutUndefined({ wireFile, serve, state, standIn: serve === undefined ? standInFor(terminal) : undefined }),
    },
  );
  try {
    for (const { name, owner = home.account } of wanted.bucket ?? []) aws.simulator.objects.create(name, owner);
    await aws.trained('');
    // A run that is taken up has them from the beginning, too.
    for (const account of aws.accounts) aws.simulator.account(account);
  } catch (error) {
    await aws.simulator.close();
    throw error instanceof RangeError ? new InputError(`bucket: ${error.message}`) : error;
  }
  return aws;
};

const manifestOf = ({ manifest: path, environment }: Wanted): Manifest | undefined => {
  if (path === undefined) {
    if (environment !== undefined) throw new InputError('environment: goes with --manifest');
    return undefined;
  }
  const manifest = loadManifest(readManifestFile(path), path);
  if (environment === undefined) return manifest;
  deliveryOf(manifest, environment);
  const only = <One>(all: Readonly<Record<string, One>> = {}): Readonly<Record<string, One>> =>
    Object.fromEntries(Object.entries(all).filter(([name]) => name === environment));
  return { ...manifest, environments: only(manifest.environments), byCodeDeploy: only(manifest.byCodeDeploy) };
};

/** Before the first request has to be written. */
const checkWritable = (file: string | undefined): void => {
  try {
    if (file !== undefined) appendFileSync(file, '');
  } catch (error) {
    throw new InputError(`wire-file: ${quoted(file ?? '')} cannot be written: ${(error as Error).message}`);
  }
};

/** Models of the simulator's own form serve themselves; any other file would never pass its health check. */
const standInFor = (terminal: Terminal): StandIn => {
  const files = readArchive(standIn('stand-in', {}));
  return (identity, own) => {
    // What is no archive fails, as at AWS.
    if (own === undefined || hasModel(own)) return undefined;
    terminal.err(
      `a stand-in serves in the place of ${shortName(identity)}: a classifier of flowers, from four numbers as text/csv`,
    );
    return files;
  };
};

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Asked of the simulator itself, and written as comments of a shell beside the variables. */
const shown = async ({ simulator, places, accounts }: LocalAws): Promise<readonly string[]> => {
  const list = async (account: string, region: string | undefined, service: string, operation: string, input: object) =>
    simulator.account(account, region).call(service, operation, input);
  const owned = await Promise.all(
    accounts.map(async (account) => {
      const { Roles } = (await list(account, undefined, 'iam', 'ListRoles', { MaxItems: 1000 })) as {
        readonly Roles: readonly { readonly Arn: string }[];
      };
      const { Buckets } = (await list(account, undefined, 's3', 'ListBuckets', {})) as {
        readonly Buckets: { readonly Bucket: readonly { readonly Name: string }[] };
      };
      return { account, roles: Roles.map(({ Arn }) => Arn), buckets: Buckets.Bucket.map(({ Name }) => Name) };
    }),
  );
  const images = await Promise.all(
    places.map(async ({ account, region }) => {
      const { repositories } = (await list(account, region, 'ecr', 'DescribeRepositories', { maxResults: 1000 })) as {
        readonly repositories: readonly { readonly repositoryName: string; readonly repositoryUri: string }[];
      };
      const tagged = repositories.map(async ({ repositoryName, repositoryUri }) => {
        const { imageIds } = (await list(account, region, 'ecr', 'ListImages', { repositoryName })) as {
          readonly imageIds: readonly { readonly imageTag?: string }[];
        };
        return imageIds.map(({ imageTag }) => `${repositoryUri}:${imageTag}`);
      });
      return (await Promise.all(tagged)).flat();
    }),
  );
  return [
    simulator.url,
    `# accounts and regions: ${places.map(({ account, region }) => `${account} in ${region}`).join(', ')}`,
    ...owned.flatMap(({ account, roles, buckets }) => [
      ...roles.map((arn) => `# role: ${arn}`),
      ...buckets.map((name) => `# bucket: ${name} (${account})`),
    ]),
    ...images.flat().map((image) => `# image: ${image}`),
    ...Object.entries(simulator.environment()).map(([name, value]) => `export ${name}=${value}`),
  ];
};
