import type { Functions, Images, Kernel, Metrics, Service } from '../../contracts.ts';
import { notSimulated } from '../../not-simulated.ts';
import { uuidOf } from '../../random.ts';
import { inPlace } from './in-place.ts';
import { createInvoke, type InvokeInput } from './invoke.ts';
import {
  type Alias,
  aliasView,
  configurationView,
  exists,
  type FunctionSettings,
  type FunctionState,
  invalid,
  notFound,
  outdated,
  type Version,
} from './model.ts';
import { createInvocations } from './traffic.ts';

/** Lambda's inner face: CodeDeploy moves aliases. */
export interface Aliases {
  alias(functionName: string, alias: string): Readonly<Pick<Alias, 'version' | 'additional'>> | undefined;
  /** Whether the version is published. */
  isPublished(functionName: string, version: string): boolean;
  /** UpdateAlias by CodeDeploy's service role. */
  route(functionName: string, alias: string, to: Pick<Alias, 'version' | 'additional'>): void;
}

/**
 * Lambda as far as a model behind an alias needs it: functions of container images, published versions, aliases with weights, requests to
 * a version whose image has a model, events for functions of the driver. Not here: code in archives, concurrency, layers, event sources,
 * states other than Active.
 */
export const createLambda = (
  kernel: Kernel,
  {
    images,
    metrics,
    roleExists,
    sendEvent,
  }: {
    readonly images: Images;
    readonly metrics: Metrics;
    readonly roleExists: (arn: string) => boolean;
    /** To a function of the driver's; false when there is none of that name. */
    readonly sendEvent: (name: string, event: object) => boolean;
  },
): { service: Service; aliases: Aliases; functions: Pick<Functions, 'traffic' | 'fail' | 'slow'> } => {
  const functions = new Map<string, FunctionState>();
  let revisions = 0;
  const nextRevision = (): string => uuidOf('lambda-revision', kernel.accountId, kernel.region, revisions++);

  const arnOf = (name: string): string => kernel.arn('lambda', `function:${name}`);
  /** @param given a name, or an ARN as the API allows it in its place */
  const nameOf = (given: string): string => /(?:^|:)function:([^:]+)/.exec(given)?.[1] ?? given.split(':')[0] ?? given;
  const functionOf = (given: string): FunctionState => {
    const found = functions.get(nameOf(given));
    if (found === undefined) throw notFound('Function', arnOf(nameOf(given)));
    return found;
  };
  const aliasOf = (state: FunctionState, name: string): Alias => {
    const found = state.aliases.get(name);
    if (found === undefined) throw notFound('Cannot find alias arn', `${state.arn}:${name}`);
    return found;
  };
  /** @param qualifier a version, or an alias */
  const versionOf = (state: FunctionState, qualifier = '$LATEST'): Version => {
    const version = state.aliases.get(qualifier)?.version ?? qualifier;
    const found = version === '$LATEST' ? state.latest : state.published.find((one) => one.version === version);
    if (found === undefined) throw notFound('Function', `${state.arn}:${qualifier}`);
    return found;
  };

  const resolved = (imageUri: string): Pick<FunctionSettings, 'imageUri' | 'digest'> => {
    const digest = images.resolve(imageUri);
    // Words seen in the field (aws/aws-sam-cli#2520).
    if (digest === undefined) throw invalid(`Source image ${imageUri} does not exist. Provide a valid source image.`);
    return { imageUri, digest };
  };

  const change = (state: FunctionState, settings: Partial<FunctionSettings>, revisionId: string | undefined): void => {
    if (revisionId !== undefined && revisionId !== state.latest.revisionId) throw outdated();
    state.latest = {
      version: '$LATEST',
      settings: { ...state.latest.settings, ...settings },
      revisionId: nextRevision(),
      modifiedAt: kernel.clock.now(),
    };
  };

  /** "Lambda doesn't publish a version if the function's configuration and code haven't changed since the last version" (PublishVersion). */
  const publish = (state: FunctionState, description?: string): Version => {
    const last = state.published.at(-1);
    const settings = { ...state.latest.settings, ...(description === undefined ? {} : { Description: description }) };
    if (last !== undefined && sameButDescription(last.settings, settings)) return last;
    const version: Version = {
      version: String(state.published.length + 1),
      settings,
      revisionId: nextRevision(),
      modifiedAt: kernel.clock.now(),
    };
    state.published.push(version);
    return version;
  };

  /** Developer guide, "Implementing a canary deployment using a weighted alias": the rules of both versions. */
  const checkedRouting = (
    state: FunctionState,
    version: string,
    routing: { readonly AdditionalVersionWeights?: Readonly<Record<string, number>> } | undefined,
  ): Alias['additional'] => {
    const main = versionOf(state, version);
    const weights = Object.entries(routing?.AdditionalVersionWeights ?? {});
    const [only] = weights;
    if (only === undefined) return undefined;
    if (weights.length > 1) throw invalid('Number of items in AdditionalVersionWeights cannot be greater than 1');
    const [other, weight] = only;
    if (version === '$LATEST') throw invalid('$LATEST is not supported for an alias pointing to more than 1 version');
    if (other === version)
      throw invalid(
        `Invalid function version ${other}. Function version ${other} is already included in routing configuration.`,
      );
    if (!(weight >= 0 && weight <= 1)) throw invalid(`Weight ${weight} must be between 0.0 and 1.0`);
    if (versionOf(state, other).settings.Role !== main.settings.Role)
      throw invalid(`Function versions ${version} and ${other} must have the same execution role`);
    return { version: other, weight };
  };

  const qualified = (state: FunctionState, version: Version): object =>
    configurationView(state, version, version.version !== '$LATEST');

  const invocations = createInvocations(kernel, metrics, (functionName, alias) =>
    functions.get(functionName)?.aliases.get(alias),
  );

  const invoke = createInvoke(kernel, {
    ...{ images, sendEvent, invocations },
    find: (name, qualifier) => {
      const state = functionOf(name);
      return { state, version: versionOf(state, qualifier) };
    },
  });

  return {
    service: {
      operations: inPlace(kernel, {
        Invoke: (input: InvokeInput) => {
          refuseUnserved(input, ['FunctionName', 'Qualifier', 'InvocationType', 'Payload']);
          return invoke(input);
        },
        CreateFunction: (input: CreateFunction) => {
          refuseUnserved(input, createMembers);
          refuseUnserved(input.Code, ['ImageUri']);
          refuseUnserved(input.Environment ?? {}, ['Variables']);
          if (input.PackageType !== 'Image' || input.Code.ImageUri === undefined)
            throw notSimulated('functions of PackageType Zip');
          if (functions.has(input.FunctionName)) throw exists('Function', arnOf(input.FunctionName));
          // Words seen in the field (aws/aws-cdk#5466, hashicorp/terraform-provider-aws#8905).
          if (!roleExists(input.Role)) throw invalid('The role defined for the function cannot be assumed by Lambda.');
          const { Role, Description = '', Timeout = 3, MemorySize = 128, Environment } = input;
          const state: FunctionState = {
            name: input.FunctionName,
            arn: arnOf(input.FunctionName),
            latest: {
              version: '$LATEST',
              settings: {
                ...{ Role, Description, Timeout, MemorySize },
                ...(Environment === undefined ? {} : { Environment }),
                ...resolved(input.Code.ImageUri),
              },
              revisionId: nextRevision(),
              modifiedAt: kernel.clock.now(),
            },
            published: [],
            aliases: new Map(),
          };
          functions.set(state.name, state);
          return qualified(state, input.Publish === true ? publish(state) : state.latest);
        },
        GetFunction: ({ FunctionName, Qualifier }: Qualified) => {
          const state = functionOf(FunctionName);
          const version = versionOf(state, Qualifier);
          const { imageUri, digest } = version.settings;
          const repository = imageUri.split('@')[0]?.replace(/:[^:/]+$/, '') ?? '';
          return {
            Configuration: configurationView(state, version, Qualifier !== undefined),
            Code: { RepositoryType: 'ECR', ImageUri: imageUri, ResolvedImageUri: `${repository}@${digest}` },
          };
        },
        GetFunctionConfiguration: ({ FunctionName, Qualifier }: Qualified) => {
          const state = functionOf(FunctionName);
          return configurationView(state, versionOf(state, Qualifier), Qualifier !== undefined);
        },
        UpdateFunctionCode: (input: UpdateFunctionCode) => {
          refuseUnserved(input, ['FunctionName', 'ImageUri', 'Publish', 'RevisionId']);
          const state = functionOf(input.FunctionName);
          if (input.ImageUri === undefined)
            throw invalid('Please provide ImageUri when updating a function with packageType Image.');
          change(state, resolved(input.ImageUri), input.RevisionId);
          return qualified(state, input.Publish === true ? publish(state) : state.latest);
        },
        UpdateFunctionConfiguration: (input: UpdateFunctionConfiguration) => {
          refuseUnserved(input, ['FunctionName', 'RevisionId', ...changeable]);
          const state = functionOf(input.FunctionName);
          const { FunctionName: _name, RevisionId, ...settings } = input;
          if (settings.Role !== undefined && !roleExists(settings.Role))
            throw invalid('The role defined for the function cannot be assumed by Lambda.');
          change(state, settings, RevisionId);
          return qualified(state, state.latest);
        },
        PublishVersion: (input: PublishVersion) => {
          refuseUnserved(input, ['FunctionName', 'CodeSha256', 'Description', 'RevisionId']);
          const state = functionOf(input.FunctionName);
          if (input.RevisionId !== undefined && input.RevisionId !== state.latest.revisionId) throw outdated();
          const { digest } = state.latest.settings;
          if (input.CodeSha256 !== undefined && `sha256:${input.CodeSha256}` !== digest)
            throw invalid(
              `CodeSHA256 (${input.CodeSha256}) is different from current CodeSHA256 in $LATEST (${digest.slice(7)}). Please try again with the CodeSHA256 in $LATEST.`,
            );
          return qualified(state, publish(state, input.Description));
        },
        ListVersionsByFunction: ({ FunctionName, Marker, MaxItems }: Paged) => {
          const state = functionOf(FunctionName);
          const { items, next } = page([state.latest, ...state.published], Marker, MaxItems);
          return { Versions: items.map((version) => configurationView(state, version, true)), ...next };
        },
        CreateAlias: (input: AliasInput & { readonly FunctionVersion: string }) => {
          const state = functionOf(input.FunctionName);
          if (state.aliases.has(input.Name)) throw exists('Alias', `${state.arn}:${input.Name}`);
          const additional = checkedRouting(state, input.FunctionVersion, input.RoutingConfig);
          const alias: Alias = {
            name: input.Name,
            version: input.FunctionVersion,
            description: input.Description ?? '',
            ...(additional === undefined ? {} : { additional }),
            revisionId: nextRevision(),
          };
          state.aliases.set(alias.name, alias);
          return aliasView(state, alias);
        },
        GetAlias: ({ FunctionName, Name }: { readonly FunctionName: string; readonly Name: string }) => {
          const state = functionOf(FunctionName);
          return aliasView(state, aliasOf(state, Name));
        },
        UpdateAlias: (input: AliasInput) => {
          const state = functionOf(input.FunctionName);
          const alias = aliasOf(state, input.Name);
          if (input.RevisionId !== undefined && input.RevisionId !== alias.revisionId) throw outdated();
          const version = input.FunctionVersion ?? alias.version;
          const additional =
            input.RoutingConfig === undefined ? alias.additional : checkedRouting(state, version, input.RoutingConfig);
          if (input.RoutingConfig === undefined) versionOf(state, version);
          alias.version = version;
          delete alias.additional;
          if (additional !== undefined) alias.additional = additional;
          if (input.Description !== undefined) alias.description = input.Description;
          alias.revisionId = nextRevision();
          return aliasView(state, alias);
        },
        ListAliases: ({
          FunctionName,
          FunctionVersion,
          Marker,
          MaxItems,
        }: Paged & { readonly FunctionVersion?: string }) => {
          const state = functionOf(FunctionName);
          const all = [...state.aliases.values()].filter(
            ({ version }) => FunctionVersion === undefined || version === FunctionVersion,
          );
          const { items, next } = page(all, Marker, MaxItems);
          return { Aliases: items.map((alias) => aliasView(state, alias)), ...next };
        },
      }),
    },
    aliases: {
      alias: (functionName, alias) => functions.get(nameOf(functionName))?.aliases.get(alias),
      isPublished: (functionName, version) =>
        functions.get(nameOf(functionName))?.published.some((one) => one.version === version) === true,
      route(functionName, name, { version, additional }) {
        const alias = aliasOf(functionOf(functionName), name);
        alias.version = version;
        delete alias.additional;
        if (additional !== undefined) alias.additional = additional;
        alias.revisionId = nextRevision();
      },
    },
    functions: invocations,
  };
};

/** A member that changes something and is not served is refused by its name: an accepted call has its effect. The words are ours. */
const refuseUnserved = (input: object, served: readonly string[]): void => {
  const other = Object.keys(input).find((member) => !served.includes(member));
  if (other !== undefined) throw notSimulated(`lambda, member ${other}`);
};

const sameButDescription = (one: FunctionSettings, other: FunctionSettings): boolean =>
  JSON.stringify({ ...one, Description: '' }) === JSON.stringify({ ...other, Description: '' });

const page = <Item>(items: readonly Item[], marker: string | undefined, most = 50) => {
  const from = marker === undefined ? 0 : Number(marker);
  if (!Number.isInteger(from)) throw invalid('The marker is not valid.');
  const next = from + most;
  return { items: items.slice(from, next), next: next < items.length ? { NextMarker: String(next) } : {} };
};

const changeable = ['Role', 'Description', 'Timeout', 'MemorySize', 'Environment'] as const;
const createMembers = ['FunctionName', 'Code', 'PackageType', 'Publish', ...changeable];

type Changeable = Partial<Pick<FunctionSettings, (typeof changeable)[number]>>;
interface CreateFunction extends Changeable {
  readonly FunctionName: string;
  readonly Role: string;
  readonly Code: { readonly ImageUri?: string };
  readonly PackageType?: string;
  readonly Publish?: boolean;
}
interface UpdateFunctionCode {
  readonly FunctionName: string;
  readonly ImageUri?: string;
  readonly Publish?: boolean;
  readonly RevisionId?: string;
}
interface UpdateFunctionConfiguration extends Changeable {
  readonly FunctionName: string;
  readonly RevisionId?: string;
}
interface PublishVersion {
  readonly FunctionName: string;
  readonly CodeSha256?: string;
  readonly Description?: string;
  readonly RevisionId?: string;
}
interface Qualified {
  readonly FunctionName: string;
  readonly Qualifier?: string;
}
interface Paged {
  readonly FunctionName: string;
  readonly Marker?: string;
  readonly MaxItems?: number;
}
interface AliasInput {
  readonly FunctionName: string;
  readonly Name: string;
  readonly FunctionVersion?: string;
  readonly Description?: string;
  readonly RoutingConfig?: { readonly AdditionalVersionWeights?: Readonly<Record<string, number>> };
  readonly RevisionId?: string;
}
