import type { Context } from './context.ts';
import { epochSeconds } from './context.ts';
import type { Endpoint, Transitions } from './endpoint.ts';
import type { Fleets, FleetVariant } from './fleets.ts';
import { invalid } from './refusals.ts';
import { Setback, type Timeline } from './timeline.ts';

export interface DesiredWeightAndCapacity {
  readonly VariantName: string;
  readonly DesiredWeight?: number;
  readonly DesiredInstanceCount?: number;
}

interface Change {
  readonly variant: FleetVariant;
  readonly weight: number;
  readonly instances: number;
}

/**
 * Weights and counts of the variants that run, by UpdateEndpointWeightsAndCapacities or by the autoscaler: no new config, no
 * PendingDeploymentSummary, and on failure RollingBack, the one place where that status is documented (§2.5, §2.7).
 */
export const createCapacityChanges = (context: Context, fleets: Fleets, { note, become, fail }: Transitions) => {
  const { kernel } = context;

  /** All names are checked before anything changes (§10, row 24). @throws ValidationException */
  const resolve = (endpoint: Endpoint, wanted: readonly DesiredWeightAndCapacity[]): readonly Change[] => {
    const { config, variants } = endpoint.live;
    const queued = config.input.AsyncInferenceConfig !== undefined;
    const names = wanted.map((change) => change.VariantName);
    const unknown = names.filter((name) => !variants.some((variant) => variant.name === name));
    if (unknown.length > 0)
      throw invalid(
        `The variant name(s) "${unknown.join(', ')}" is/are not present within endpoint configuration "${config.name}".`,
      );
    if (new Set(names).size !== names.length)
      throw invalid(`Variant names must be unique within a request: ${names.join(', ')}.`);
    const changes = wanted.flatMap(({ VariantName, DesiredWeight, DesiredInstanceCount }) =>
      variants
        .filter((variant) => variant.name === VariantName)
        .map((variant) => ({
          variant,
          weight: DesiredWeight ?? variant.weight,
          instances: DesiredInstanceCount ?? variant.instances,
        })),
    );
    // "Unlike other hosted models … with Asynchronous Inference you can also scale down your … instances to zero" (AWS: "Autoscale an
    // asynchronous endpoint"). Wording ours.
    const emptied = changes.find(({ variant, instances }) => instances === 0 && variant.instances > 0 && !queued);
    if (emptied)
      throw invalid(
        `DesiredInstanceCount of variant ${emptied.variant.name} of a real-time endpoint must be at least 1.`,
      );
    // "…or capacity of one existing variant" (AWS: UpdateEndpointWeightsAndCapacities). Wording ours.
    if (changes.filter(({ variant, instances }) => instances !== variant.instances).length > 1)
      throw invalid('The capacity of only one variant can be changed in a request.');
    return changes;
  };

  function* apply(endpoint: Endpoint, changes: readonly Change[]): Timeline {
    const { settings, clock } = kernel;
    const before = changes.map(({ variant }) => ({ variant, instances: variant.instances, weight: variant.weight }));
    const resized = changes.find(({ variant, instances }) => instances !== variant.instances);
    for (const { variant, weight, instances } of changes) {
      variant.desiredWeight = weight;
      variant.desired = instances;
    }
    become(endpoint, 'Updating');
    note(
      endpoint,
      'rescaling',
      changes
        .map(({ variant, weight, instances }) => `${variant.name}: weight ${weight}, ${instances} instance(s)`)
        .join('; '),
    );
    try {
      if (!resized) yield { label: 'weights', milliseconds: settings.weightUpdateMs };
      else {
        const { variant, instances } = resized;
        const out = instances > variant.instances;
        const StatusMessage = `Scaling ${out ? 'out' : 'in'} desired instance count to ${instances}.`;
        variant.status = { Status: 'Updating', StatusMessage, StartTime: epochSeconds(clock.now()) };
        if (out) {
          // New instances count against the quota from the start, and launch the model as it is now.
          variant.instances = instances;
          yield* fleets.launch({ config: endpoint.live.config, variants: [variant] });
        } else {
          variant.active = instances;
          yield { label: 'scale in', milliseconds: settings.terminateMs };
          variant.instances = instances;
        }
      }
    } catch (error) {
      if (!(error instanceof Setback)) throw error;
      note(endpoint, error.what, error.reason ?? 'no reason given');
      become(endpoint, 'RollingBack');
      yield { label: 'roll back', milliseconds: settings.weightUpdateMs };
      for (const { variant, instances, weight } of before) {
        variant.instances = variant.desired = instances;
        variant.desiredWeight = weight;
      }
      fail(endpoint, error.reason);
    }
    for (const { variant } of changes) {
      variant.weight = variant.desiredWeight;
      variant.active = variant.instances;
      delete variant.status;
    }
    become(endpoint, 'InService');
    note(endpoint, 'in-service', endpoint.live.config.name);
  }

  return { resolve, apply };
};
