import { countOf, whereItServes } from '../endpoint/count.ts';
import { settingsOfManifest } from '../endpoint/desired.ts';
import { kindRequested, kinds } from '../endpoint/kind.ts';
import { planOfScaling } from '../endpoint/scaling-plan.ts';
import { isWithin } from '../endpoint/settings.ts';
import { merge, overlaid } from '../endpoint/settings-kept.ts';
import { type Difference, differenceLine, differences, keptLine, valuesOf } from '../endpoint/settings-lines.ts';
import type { EndpointSpec } from '../manifest/manifest.ts';
import { serves } from '../release/history.ts';
import type { Account } from '../world.ts';
import type { Found } from './found.ts';

/** A specification against the endpoint that it was read from, as a delivery's plan would compare them. */
export interface Comparison {
  /** One line for each difference; none: the plan is empty. */
  readonly lines: readonly string[];
  /** Settings that the manifest does not have, and that deliveries keep. */
  readonly kept: readonly string[];
}

export interface Against {
  readonly account: Account;
  readonly found: Found;
  /** Model package group. */
  readonly model: string;
}

export const compareWith = ({ account, found, model }: Against, spec: EndpointSpec): Comparison => {
  const { settings, look, scaling, record, tags } = found;
  const count = whereItServes(
    countOf(spec, look.live, scaling !== undefined),
    look.live,
    spec.autoscaling?.min ?? scaling?.minCapacity,
  );
  const home = found.package?.home;
  const manifest = settingsOfManifest({
    account,
    ...(home === undefined ? {} : { registry: home }),
    group: model,
    packageVersion: found.package?.packageVersion ?? 1,
    spec,
    instanceCount: count.inConfig,
  });
  const served = record && serves(record.history);
  const made = served?.endpointConfig === look.live.endpointConfig ? served.kept : undefined;
  const { keep } = merge(settings, manifest, made, spec.givenUp ?? []);
  const changed = differences(settings, overlaid(manifest, settings, keep)).filter((one) => !isContent(one));
  const wantedKind = kindRequested(spec, containersIn(found));
  const live = look.live.variants[0]?.desired;
  const planned =
    spec.autoscaling === undefined ? undefined : planOfScaling(spec, spec.autoscaling, found.variant, scaling);
  return {
    lines: [
      ...(wantedKind === found.kind ? [] : [`kind: ${kinds[found.kind].trait} → ${kinds[wantedKind].trait}`]),
      ...changed.map(differenceLine),
      ...(spec.instance === undefined || live === undefined || live === count.expected
        ? []
        : [`instances: ${live} → ${count.expected}`]),
      ...(planned?.lines ?? []).map((line) => `autoscaling: ${line}`),
      ...(planned?.inTheWay ?? []).map((line) => `autoscaling: in the way: ${line}`),
      ...Object.entries(spec.tags)
        .filter(([key, value]) => tags.get(key) !== value)
        .map(([key, value]) => `tag ${key}: ${tags.get(key) ?? 'none'} → ${value}`),
    ],
    kept: [
      ...valuesOf(settings, keep).map(keptLine),
      ...(planned?.kept ?? []).map((line) => `kept: autoscaling: ${line}`),
    ],
  };
};

/** The number of containers of the version that serves, by the kind of the endpoint. */
const containersIn = ({ kind }: Found): number => (kind === 'serial' || kind === 'asynchronous-serial' ? 2 : 1);

/** The version's content, which each delivery brings with it. Variables belong to the manifest too. */
const isContent = ({ path }: Difference): boolean =>
  path === 'variant.ModelName' ||
  isWithin(path, 'model.InferenceExecutionConfig') ||
  (isWithin(path, 'container') && !isWithin(path, 'container.Environment'));
