import { baselineOf } from '../../endpoint/baseline.ts';
import { kindOf } from '../../endpoint/kind.ts';
import { contentOf, type Look, type PackagedContent, withPackages } from '../../endpoint/look.ts';
import { rollbackPermissions } from '../../endpoint/permissions.ts';
import { servingIn } from '../../endpoint/serving.ts';
import { alone, canonicalOf, leftBehind } from '../../endpoint/variants.ts';
import { type Plan, Refusal } from '../../operation.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import type { World } from '../../world.ts';
import { endedOf } from '../compared.ts';
import type { Deliver, Planned } from '../mechanism.ts';
import { restoring, swapSeconds } from '../replacement/plan.ts';
import { swapBetween } from '../setting-changes.ts';
import { planDelivery } from './plan.ts';

/**
 * Guardrails need one variant. A release of its own first removes the candidate that an ended stepped release left behind. The plan has
 * both: the delivery is compared and refused before the candidate is gone.
 */
export const planClearing = async (world: World, request: Deliver, look: Look): Promise<Planned | undefined> => {
  const {
    requested: { spec },
    record,
  } = request;
  const endpoint = spec.name;
  const canonical = canonicalOf(look.live);
  const left = kindOf(look, record) === 'stepped' ? leftBehind(look.live, record) : undefined;
  if (left === undefined || canonical === undefined) return undefined;
  const from = { ...baselineOf(look, record), beside: left.beside };
  const to = alone(from);
  const before = servingIn(look, from.endpointConfig, canonical);
  const content = await withPackages(world, await contentOf(world, to.endpointConfig));
  if (content.config === undefined)
    throw new Refusal(
      'config-missing',
      `endpoint config ${to.endpointConfig}, which ${endpoint} serves without its candidate ${left.version}, was deleted: create it again under the same name, or use strategy steps`,
    );
  const swap = swapBetween(before, servingIn(content, to.endpointConfig, canonical));
  // The request that made the version that serves is delivered then, under the same name.
  const made = endedOf(request).find(({ candidate }) => candidate.endpointConfig === to.endpointConfig);
  const history = [{ ...to, from: world.clock.now(), good: true }, ...record.history];
  const { plan, refused } = await planDelivery(
    world,
    { ...request, record: { ...record, history }, attempt: made?.attempt ?? request.attempt },
    cleared(look, content, to.endpointConfig, canonical),
  );
  return {
    plan: {
      title: `remove the candidate ${left.version}, which has no traffic, from ${endpoint}; then: ${plan.title}`,
      changes: [
        {
          verb: 'update',
          object: `endpoint ${endpoint}`,
          details: [`${from.endpointConfig} → ${to.endpointConfig}`, ...swap.lines],
        },
        ...plan.changes,
      ],
      notes: [...swap.notes, 'the version that serves stays the same while the candidate goes', ...plan.notes],
      expectedSeconds: swapSeconds + plan.expectedSeconds,
      peakInstances: atPeak({ [to.instanceType]: 3 * to.instanceCount }, plan.peakInstances),
      permissions: [
        ...new Set([...rollbackPermissions({ scales: spec.autoscaling !== undefined }), ...plan.permissions]),
      ].sort(),
    },
    look,
    ...withoutUndefined({ refused }),
    release: restoring({ record, from, to, variant: canonical, withdraws: left.version }),
    already: 'already-delivered',
  };
};

/** The look at the endpoint once the version that serves is alone. */
const cleared = (look: Look, content: PackagedContent, endpointConfig: string, canonical: string): Look => ({
  ...look,
  ...content,
  live: { ...look.live, endpointConfig, variants: look.live.variants.filter(({ name }) => name === canonical) },
});

const atPeak = (one: Plan['peakInstances'], other: Plan['peakInstances']): Plan['peakInstances'] => ({
  ...one,
  ...Object.fromEntries(Object.entries(other).map(([type, count]) => [type, Math.max(count, one[type] ?? 0)])),
});
