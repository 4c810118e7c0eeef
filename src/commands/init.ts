import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { adopt } from '../adopt/adopt.ts';
import { CredentialsUnavailable } from '../aws/credentials-unavailable.ts';
import { partitionOf } from '../aws/partition.ts';
import type { CommandLine, ExitCode } from '../hosts/command-line/command-line.ts';
import { readCheckout } from '../hosts/git-checkout.ts';
import { example } from '../init/examples.ts';
import { branchesFrom, type Checkout, repositoryFrom, sourceFrom, stagesFrom } from '../init/facts.ts';
import { environmentsBefore, newManifest, versionsEntries } from '../init/new-manifest.ts';
import { rolesFolder, setupFolder } from '../init/readme.ts';
import { isServer } from '../init/repository.ts';
import { deployerOf, flowNames, restorerOf, type Setup, type WrittenFile } from '../init/setup.ts';
import { leftOvers, standingFiles } from '../init/standing.ts';
import { filesOf } from '../init/write.ts';
import { counted } from '../judge/amounts.ts';
import { loadManifest } from '../manifest/load.ts';
import { namePattern, regionPattern, rolePattern } from '../manifest/values.ts';
import { Refusal } from '../operation.ts';
import { jsonText, oneLine } from '../plain-text.ts';
import { defaultReleases } from '../release/location.ts';
import { choice, flag, InputError, optional, text, type ValuesOf } from '../schema.ts';
import { redacted } from '../secrets.ts';
import { regionGiven } from '../session/region.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { Account, World } from '../world.ts';
import { printAnswer } from './answer.ts';
import type { Command } from './command.ts';
import { approvalWarnings } from './lint/approval-warnings.ts';
import { openWithoutManifest } from './read-only-session.ts';

const name = { pattern: namePattern, allowed: '1 to 63 letters, digits and inner hyphens' };
const branch = { pattern: /^[\w][\w./-]*$/, allowed: 'a branch of letters, digits, ., _, / and -' };

const initInputs = {
  flow: choice({ description: 'How branches and tags become releases.', choices: flowNames }),
  endpoint: optional(
    text({
      description:
        'Name of the production endpoint. It is read, and the manifest written from it; with `execution-role` it is a new one. Default: the model.',
      example: 'churn',
      ...name,
    }),
  ),
  model: optional(
    text({
      description:
        'Model package group. Default: the group of the package that serves at the endpoint, else the name of the endpoint.',
      example: 'churn',
      ...name,
    }),
  ),
  'execution-role': optional(
    text({
      description:
        'The endpoint does not exist yet: the role that SageMaker will run its container with, by name or ARN.',
      example: 'churn-serving',
      pattern: rolePattern,
      allowed: 'the name or ARN of a role',
    }),
  ),
  'instance-type': optional(
    text({
      description: 'With `execution-role`: instance type of the new endpoint. Default: `ml.m5.large`.',
      pattern: /^ml\.[a-z0-9-]+\.[a-z0-9]+$/,
      allowed: 'e.g. ml.m5.large',
    }),
  ),
  environments: text({
    description:
      'The environments in the order of delivery, with commas between: two are staging and production, three begin with the one for development.',
    default: 'staging,production',
    example: 'dev,staging,production',
  }),
  account: optional(
    text({
      description: 'AWS account; default: that of the credentials.',
      pattern: /^[0-9]{12}$/,
      allowed: 'twelve digits',
    }),
  ),
  region: optional(
    text({
      description: 'AWS region; default: the one of the environment variables.',
      pattern: regionPattern,
      allowed: 'a region such as eu-west-1',
    }),
  ),
  'training-bucket': optional(
    text({
      description: 'Bucket that training writes artifacts to, for the policies. Default: that of the live endpoint.',
      example: 'ml-training',
      pattern: /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
      allowed: 'the name of a bucket',
    }),
  ),
  'image-repository': optional(
    text({
      description:
        'ECR repository of the inference image, without registry and tag, for the policies. Default: that of the live endpoint.',
      example: 'churn-serving',
      pattern: /^[a-z0-9][a-z0-9._/-]*$/,
      allowed: 'the name of a repository',
    }),
  ),
  'training-job': optional(
    text({
      description: 'Training job of the first version; it is written to `training-job.txt`.',
      example: 'churn-2026-01-05',
      ...name,
    }),
  ),
  repository: optional(
    text({
      description:
        'The repository at GitHub, with its host in front for GitHub Enterprise. Default: that of the remote `origin`.',
      example: 'acme/churn',
    }),
  ),
  'repository-ids': optional(
    text({
      description:
        "Numbers of the repository's owner and of the repository. GitHub's identity tokens have them for repositories made on or after 2026-07-15, and the trust policies then accept both forms.",
      example: '123456/789012',
      pattern: /^[0-9]+\/[0-9]+$/,
      allowed: 'two numbers, as 123456/789012',
    }),
  ),
  main: optional(text({ description: 'The main branch. Default: that of the git repository.', ...branch })),
  develop: optional(text({ description: 'With Gitflow: the development branch. Default: `develop`.', ...branch })),
  from: optional(
    text({
      description:
        "The repository with the reusable workflows, and a commit or tag of it. Default: `model-delivery` of this repository's owner, at `v1`. A commit is the safer choice: a tag can be moved.",
      example: 'acme/model-delivery@v1',
      pattern: /^[\w.-]+\/[\w.-]+@[\w./-]+$/,
      allowed: 'OWNER/REPOSITORY@COMMIT or OWNER/REPOSITORY@TAG',
    }),
  ),
  'dry-run': flag({ description: 'Print the files and write none.', default: false }),
  force: flag({ description: 'Replace files that exist.', default: false }),
  json: flag({ description: 'Print JSON: the files with their content, and the notes.', default: false }),
};
type Inputs = ValuesOf<typeof initInputs>;

export const init: Command = {
  does: 'Writes the files of a whole delivery into a git repository: the manifest, the workflows of a flow, and the roles and GitHub environments to make. Changes nothing at AWS or GitHub.',
  options: initInputs,
  notes: [
    'It finds out the repository, its main branch, the account and the live endpoint by itself; one error names the option for each fact that it cannot find.',
    'For a live endpoint the credentials must allow the actions of docs/permissions/plan.json. With `--execution-role`, `--account` and `--region` it needs no credentials and no network.',
    'A file that exists with another content is listed, and nothing is written, unless `--force`.',
    '`delivery/README.md`, which it writes, has the commands that make the environments, the roles and the bucket, and the way to the first release.',
  ],
  examples: [
    {
      line: 'init --flow github-flow --endpoint churn --environments staging,production',
      does: 'Writes everything for the live endpoint churn; staging is a small copy of it.',
    },
    {
      line: 'init --flow gitflow --model churn --execution-role churn-serving --training-bucket ml-training --image-repository churn-serving --account 111122223333 --region eu-west-1',
      does: 'The same for endpoints that the first deliveries create; without credentials.',
    },
    { line: 'init --flow gitflow --endpoint churn --dry-run', does: 'Prints the files and writes none.' },
  ],
  exits: {
    0: 'the files were written, or exist with this content',
    1: 'no manifest can deliver to the endpoint, or AWS could not be read: see the reason code',
    2: 'the request was wrong, or files exist: nothing was written',
  },
  run: (args, host) => runInit(args, host()),
};

const runInit = (args: readonly string[], host: CommandLine): Promise<ExitCode> => {
  const question = {
    command: 'init',
    schema: initInputs,
    answer: async (inputs: Inputs) => {
      const checkout = await readCheckout(process.cwd(), host.env, host.cancellation.signal);
      const { files, notes: found } = await prepared(inputs, checkout, host);
      const standing = standingFiles(checkout.root, files);
      const left = leftOvers(checkout.root, inputs.flow, files);
      if (left.length > 0 && !inputs['dry-run'])
        throw new InputError(
          `nothing was written, because files of another delivery would take part in this one; delete them first:\n${left.map((one) => `  ${one}`).join('\n')}`,
        );
      const notes = [...found, ...left.map((one) => `${one}; delete it before`)];
      const others = standing.filter(({ found, content }) => found !== undefined && found !== content);
      if (others.length > 0 && !inputs.force && !inputs['dry-run']) throw exist(others);
      const due = standing.filter(({ found, content }) => found !== content);
      if (!inputs['dry-run'])
        for (const [before, file] of due.entries()) write(checkout.root, file, inputs.force, before);
      const shown = standing.map(({ path, content, found }) => ({
        path,
        state: found === undefined ? 'new' : found === content ? 'same' : 'replaced',
        content,
      }));
      if (inputs.json) return jsonText({ written: !inputs['dry-run'], notes, files: shown }, 2);
      return redacted(inputs['dry-run'] ? preview(shown, notes) : report(shown, notes));
    },
  };
  return printAnswer(question, args, host);
};

interface Prepared {
  readonly files: readonly WrittenFile[];
  readonly notes: readonly string[];
}

/** Finds everything out, and writes nothing. */
const prepared = async (inputs: Inputs, checkout: Checkout, host: CommandLine): Promise<Prepared> => {
  if (inputs.flow !== 'gitflow' && inputs.develop !== undefined)
    throw new InputError('develop: belongs to --flow gitflow; github-flow has no development branch');
  if (inputs['instance-type'] !== undefined && inputs['execution-role'] === undefined)
    throw new InputError(
      'instance-type: belongs to a new endpoint, with --execution-role; a live endpoint keeps its instances',
    );
  const given = { ...inputs, ids: inputs['repository-ids'], develop: inputs.develop ?? 'develop' };
  const repository = repositoryFrom(given, checkout);
  const branches = branchesFrom(given, checkout);
  const endpoint = inputs.endpoint ?? inputs.model;
  if (endpoint === undefined)
    throw new InputError('endpoint: is missing; give --endpoint NAME, or --model NAME where both have one name');
  const stages = stagesFrom(inputs.environments, endpoint);
  const source = sourceFrom(given, repository);
  const place = { flow: inputs.flow, repository, branches, source, ...stages };
  const { setup, manifest, notes } =
    inputs['execution-role'] === undefined
      ? await ofLiveEndpoint(inputs, place, host)
      : await ofNewEndpoint(inputs, inputs['execution-role'], place, host);
  loadManifest(manifest, 'delivery.yml');
  const files = filesOf(setup, manifest, example);
  const workflows = files
    .filter(({ path }) => path.startsWith('.github/'))
    .map(({ path, content }) => ({ path, text: content }));
  return { files, notes: [...notes, ...(await approvalWarnings(workflows)), ...remarks(inputs, setup)] };
};

type Place = Pick<Setup, 'flow' | 'repository' | 'branches' | 'source' | 'dev' | 'staging' | 'production'>;
interface Written {
  readonly setup: Setup;
  readonly manifest: string;
  readonly notes: readonly string[];
}

const ofLiveEndpoint = async (inputs: Inputs, place: Place, host: CommandLine): Promise<Written> => {
  const { staging, production } = place;
  const world = await openAccount(
    inputs,
    host,
    `the endpoint ${production.endpoint} is not read: for a new endpoint give --execution-role`,
  );
  const found = await adopt(world, {
    endpoint: production.endpoint,
    environment: production.name,
    ...withoutUndefined({ model: inputs.model }),
    around: {
      versions: versionsEntries(place),
      role: deployerOf(production),
      rollbackRole: restorerOf(production),
      after: staging.name,
      before: (endpoint, releases) => environmentsBefore({ ...place, account: world.account }, endpoint, releases),
    },
  }).catch((error: unknown) => {
    throw isAbsent(error)
      ? new InputError(`endpoint: ${error.message}; for a new endpoint give --execution-role`)
      : error;
  });
  const { model, releases, executionRole, kmsAlias, artifacts, repository } = found.place;
  return {
    setup: {
      ...place,
      model,
      account: world.account,
      shared: {
        releases,
        ...required({
          executionRole: [executionRole, 'execution-role'],
          artifacts: [inputs['training-bucket'] ?? artifacts, 'training-bucket'],
          repository: [inputs['image-repository'] ?? repository, 'image-repository'],
        }),
        ...withoutUndefined({ kmsAlias }),
      },
      remarks: found.needs.notes,
      ...withoutUndefined({ trainingJob: inputs['training-job'] }),
    },
    manifest: found.manifest,
    notes: [
      ...found.differences.map((line) => `the first delivery to ${production.name} changes ${line}`),
      ...found.remarks,
      ...found.owners.map(
        ({ tool, by }) => `${tool} owns the endpoint (${by}): see docs/adopting.md before the first delivery`,
      ),
      ...found.needs.notes,
    ],
  };
};

const isAbsent = (error: unknown): error is Refusal =>
  error instanceof Refusal && error.message.startsWith('there is no endpoint ');

const ofNewEndpoint = async (
  inputs: Inputs,
  executionRole: string,
  place: Place,
  host: CommandLine,
): Promise<Written> => {
  const shared = required({
    artifacts: [inputs['training-bucket'], 'training-bucket'],
    repository: [inputs['image-repository'], 'image-repository'],
  });
  const account = await accountFor(inputs, host);
  // SageMaker passes a role of its own account only (SageMaker API reference, CreateModel: ExecutionRoleArn, `iam:PassRole`).
  const own = `arn:${account.partition}:iam::${account.id}:role/`;
  if (executionRole.startsWith('arn:') && !executionRole.startsWith(own))
    throw new InputError(
      `execution-role: ${executionRole} is no role of the account ${account.id} in ${account.region}, whose roles begin with ${own}`,
    );
  const setup: Setup = {
    ...place,
    model: inputs.model ?? place.production.endpoint,
    account,
    shared: {
      ...shared,
      executionRole: executionRole.split(':role/').at(-1) ?? executionRole,
      releases: defaultReleases(account),
    },
    ...withoutUndefined({ trainingJob: inputs['training-job'] }),
  };
  return {
    setup,
    manifest: newManifest(setup, { executionRole, instanceType: inputs['instance-type'] ?? 'ml.m5.large' }),
    notes: [],
  };
};

/** @throws {InputError} naming the option of each value that is missing */
const required = <Name extends string>(
  values: Readonly<Record<Name, readonly [value: string | undefined, option: string]>>,
): Readonly<Record<Name, string>> => {
  const all = Object.entries<readonly [string | undefined, string]>(values);
  const missing = all.filter(([, [value]]) => value === undefined).map(([, [, option]]) => option);
  if (missing.length > 0)
    throw new InputError(
      missing.map((option) => `${option}: is missing, and nothing shows it; give --${option}`).join('\n'),
    );
  return Object.fromEntries(all.map(([key, [value]]) => [key, value])) as Readonly<Record<Name, string>>;
};

/** Where account and region are given nothing has to be asked. */
const accountFor = async (inputs: Inputs, host: CommandLine): Promise<Account> => {
  const region = regionGiven(inputs.region, host.env);
  const { account: id } = inputs;
  if (id !== undefined) return { id, region, partition: partitionOf(region) };
  return (await openAccount(inputs, host, 'account: is missing; give --account')).account;
};

/** @param otherwise what to do without credentials */
const openAccount = async (inputs: Inputs, host: CommandLine, otherwise: string): Promise<World> => {
  const region = regionGiven(inputs.region, host.env);
  try {
    return await openWithoutManifest(host, { region, ...withoutUndefined({ account: inputs.account }) });
  } catch (error) {
    throw error instanceof CredentialsUnavailable ? new InputError(`${otherwise} (${error.message})`) : error;
  }
};

const remarks = (inputs: Inputs, { source, repository, trainingJob }: Setup): readonly string[] => [
  ...(inputs.from === undefined
    ? [`the workflows call those of ${source.repository} at ${source.ref}; --from names another repository or commit`]
    : []),
  ...(isServer(repository)
    ? [
        `${repository.host} is taken for a GitHub Enterprise server: the trust policies name its identity tokens; for a repository at GitHub give --repository OWNER/NAME`,
      ]
    : []),
  ...(repository.ids === undefined && !isServer(repository)
    ? [
        `the trust policies lack the numbers of ${repository.owner}/${repository.name}, which identity tokens of repositories made on or after 2026-07-15 have: ${setupFolder}/README.md has the command that shows them`,
      ]
    : []),
  ...(trainingJob === undefined
    ? ['the workflows read training-job.txt: write the name of a training job into it']
    : []),
];

const exist = (files: readonly WrittenFile[]): InputError =>
  new InputError(
    `${files.length === 1 ? 'this file exists' : 'these files exist'} with another content, and nothing was written; look at the new one with --dry-run, or replace with --force:\n${files.map(({ path }) => `  ${path}`).join('\n')}`,
  );

/**
 * `wx`: a file that appeared meanwhile is not replaced either.
 * @param before files that were written
 */
const write = (root: string, { path, content }: WrittenFile, force: boolean, before: number): void => {
  try {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    const written =
      before === 0 ? 'nothing was written' : `before it ${counted(before, 'file')} of the delivery got written`;
    throw new InputError(`${path} could not be written: ${messageOf(error)}; ${written}`);
  }
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

interface Shown extends WrittenFile {
  readonly state: string;
}

const roles = `${rolesFolder}/`;

/** The roles have many files: they are one line, apart from those that exist with another content. */
const lines = (files: readonly Shown[], verbs: Readonly<Record<string, string>>): readonly string[] => {
  const policies = files.filter(({ path }) => path.startsWith(roles));
  const names = new Set(policies.map(({ path }) => path.slice(roles.length).split('/')[0]));
  const changed = policies.filter(({ state }) => state !== 'same').length;
  const isNamed = ({ path, state }: Shown): boolean => !path.startsWith(roles) || state === 'replaced';
  return [
    ...files.filter(isNamed).map(({ path, state }) => `${verbs[state]} ${path}`),
    `${changed === 0 ? verbs['same'] : verbs['new']} ${roles}: ${counted(names.size, 'role')} with their trust policies and permissions, ${counted(policies.length, 'file')}`,
  ];
};

const report = (files: readonly Shown[], notes: readonly string[]): string =>
  [
    ...lines(files, { new: 'wrote', replaced: 'replaced', same: 'unchanged' }),
    ...notes.map((note) => `note: ${oneLine(note)}`),
    `next: ${setupFolder}/README.md has the environments, the roles and the bucket to make, and the way to the first release`,
  ].join('\n');

const preview = (files: readonly Shown[], notes: readonly string[]): string =>
  [
    ...files
      .filter(({ path }) => !path.startsWith(roles))
      .flatMap(({ path, content }) => [`=== ${path}`, content.trimEnd(), '']),
    ...lines(files, { new: 'would write', replaced: 'exists with another content:', same: 'would leave' }),
    ...notes.map((note) => `note: ${oneLine(note)}`),
    'nothing was written; --json also prints the policies',
  ].join('\n');
