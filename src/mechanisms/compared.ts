import type { DesiredFrom } from '../endpoint/desired.ts';
import { settingsOfManifest } from '../endpoint/desired.ts';
import { contentOf } from '../endpoint/look.ts';
import { type Serving, servingIn, servingOf, servingStill } from '../endpoint/serving.ts';
import { merge } from '../endpoint/settings-kept.ts';
import type { HardwareKey, Protection } from '../manifest/manifest.ts';
import { registryAccount } from '../registry/registry.ts';
import { serves } from '../release/history.ts';
import type { Configuration, Kept, Release } from '../release/record.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import type { Deliver } from './mechanism.ts';
import { planDigest } from './request.ts';

/** The configuration that serves, or served last, beside the one that is requested. */
export interface Compared {
  /** Absent on the first delivery of an endpoint, and when its last config was deleted. */
  readonly before?: Serving;
  /** The last config of an endpoint that is gone, when it was deleted too. */
  readonly deleted?: string;
  /** The settings to keep, for the record. */
  readonly kept: Kept;
  /** The same with their values. */
  readonly source?: NonNullable<DesiredFrom['kept']>;
  /** Protections that would go although the manifest does not give them up. */
  readonly lost: readonly Protection[];
  /** Settings of the serving instance type that the manifest's may not take, and that the manifest neither has nor gives up. */
  readonly unfit: readonly HardwareKey[];
}

/** The config that the endpoint serves; of an endpoint that is gone, the last one of its history. */
export interface Shown extends Pick<Configuration, 'endpointConfig' | 'kept' | 'imageDigest' | 'unpinned'> {
  /** Undefined when the config was deleted. */
  readonly serving: Serving | undefined;
}

/** Decides which settings of the configuration that a delivery replaces are kept. */
export const compare = async (
  world: World,
  request: Deliver,
  shown: Shown | undefined,
  { variant, instanceCount }: { readonly variant: string | undefined; readonly instanceCount: number },
): Promise<Compared> => {
  const before = shown?.serving;
  if (shown === undefined || before === undefined)
    return { kept: { settings: [] }, lost: [], unfit: [], ...withoutUndefined({ deleted: shown?.endpointConfig }) };
  const { requested, registered } = request;
  const { packageVersion } = registered;
  // The same request again: its names are made of what it kept then, and not of its own result.
  const again = madeBefore(request, shown.endpointConfig);
  const then = again && (await keptAgain(world, again, variant));
  if (then !== undefined) return { before, lost: [], unfit: [], ...then };
  const manifest = settingsOfManifest({
    account: world.account,
    registry: registryAccount(world),
    group: requested.group,
    spec: requested.spec,
    packageVersion,
    instanceCount,
  });
  const { givenUp = [] } = requested.spec;
  const { keep, lost, unfit } = merge(before.settings, manifest, shown.kept, givenUp);
  return {
    before,
    kept: { ...(keep.length > 0 ? { from: before.endpointConfig } : {}), settings: keep },
    ...(keep.length > 0 ? { source: { from: before.settings, settings: keep } } : {}),
    lost: [
      ...lost,
      ...(shown.imageDigest !== undefined &&
      !shown.unpinned &&
      registered.unpinned.length > 0 &&
      !requested.spec.unpinned
        ? (['pinning'] as const)
        : []),
    ],
    unfit,
  };
};

/** The releases of the same request that have ended. */
export const endedOf = ({ requested, registered, record }: Deliver): readonly Release[] => {
  const digest = planDigest(requested, registered.packageVersion);
  return record.ended.filter(({ operation, planDigest: its }) => operation === 'deploy-endpoint' && its === digest);
};

/** The configuration that the same request made in an earlier release, if this config is its config. */
export const madeBefore = (request: Deliver, endpointConfig: string): Configuration | undefined =>
  endedOf(request).find(({ candidate }) =>
    [candidate.endpointConfig, candidate.beside?.candidate].includes(endpointConfig),
  )?.candidate;

/**
 * The kept settings of a frozen configuration, with their values: the same in every turn, because configs and models never change.
 * @throws {Refusal} `config-missing`
 */
export const keptBy = async (world: World, kept: Kept | undefined, variant: string): Promise<DesiredFrom['kept']> =>
  kept?.from === undefined
    ? undefined
    : { from: (await servingStill(world, kept.from, variant)).settings, settings: kept.settings };

/** Undefined when the config was deleted that the settings come from: then they are kept from the result. */
const keptAgain = async (
  world: World,
  { kept = { settings: [] } }: Configuration,
  variant: string | undefined,
): Promise<Pick<Compared, 'kept' | 'source'> | undefined> => {
  if (kept.from === undefined) return { kept };
  const from = await servingOf(world, kept.from, variant);
  return from && { kept, source: { from: from.settings, settings: kept.settings } };
};

/**
 * The last configuration of an endpoint that is gone, with its settings and the name of its variant: alarms and scalable targets of the
 * team name it. Of a deleted config the record knows the name.
 */
export const lastServed = async (
  world: World,
  { history, ended }: Deliver['record'],
): Promise<{ readonly shown: Configuration & Shown; readonly variant?: string } | undefined> => {
  const configuration = serves(history);
  if (configuration === undefined) return undefined;
  const { endpointConfig } = configuration;
  const content = await contentOf(world, endpointConfig);
  // The serving variant comes first, before a candidate beside it.
  const described = content.config?.ProductionVariants?.[0]?.VariantName;
  const shown = { ...configuration, serving: servingIn(content, endpointConfig, described) };
  return { shown, ...withoutUndefined({ variant: described ?? variantIn(ended, endpointConfig) }) };
};

/** The variant under which a release published this config, or left it. */
const variantIn = (ended: readonly Release[], endpointConfig: string): string | undefined => {
  const known = ended.find(({ candidate, baseline }) =>
    [candidate.endpointConfig, baseline?.endpointConfig].includes(endpointConfig),
  );
  return known && (known.submission.canonical ?? known.submission.variant);
};
