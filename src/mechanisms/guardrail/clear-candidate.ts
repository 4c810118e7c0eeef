import { baselineOf } from '../../endpoint/baseline.ts';
import { kindOf } from '../../endpoint/kind.ts';
import type { Look } from '../../endpoint/look.ts';
import { rollbackPermissions } from '../../endpoint/permissions.ts';
import { servingIn } from '../../endpoint/serving.ts';
import { alone, canonicalOf, leftBehind } from '../../endpoint/variants.ts';
import type { World } from '../../world.ts';
import type { Deliver, Planned } from '../mechanism.ts';
import { restoring, swapSeconds } from '../replacement/plan.ts';
import { planSwap } from '../setting-changes.ts';

/** Guardrails need one variant. A release of its own first removes the candidate that an ended stepped release left behind. */
export const planClearing = async (
  world: World,
  { requested: { spec }, record }: Deliver,
  look: Look,
): Promise<Planned | undefined> => {
  const endpoint = spec.name;
  const canonical = canonicalOf(look.live);
  const left = kindOf(look, record) === 'stepped' ? leftBehind(look.live, record) : undefined;
  if (left === undefined || canonical === undefined) return undefined;
  const from = { ...baselineOf(look, record), beside: left.beside };
  const to = alone(from);
  const before = servingIn(look, from.endpointConfig, canonical);
  const swap = await planSwap(world, { before, to, variant: canonical });
  return {
    plan: {
      title: `remove the candidate that an earlier release left on ${endpoint}, then deploy`,
      changes: [
        {
          verb: 'update',
          object: `endpoint ${endpoint}`,
          details: [`${from.endpointConfig} → ${to.endpointConfig}`, ...swap.lines],
        },
      ],
      notes: [...swap.notes, 'the version that serves stays the same; the delivery is planned once it serves alone'],
      expectedSeconds: swapSeconds,
      peakInstances: { [to.instanceType]: 3 * to.instanceCount },
      permissions: rollbackPermissions({ scales: spec.autoscaling !== undefined }),
    },
    release: restoring({ record, from, to, variant: canonical, withdraws: left.version }),
    already: 'already-delivered',
  };
};
