import { baselineOf } from '../../endpoint/baseline.ts';
import { kindOf } from '../../endpoint/kind.ts';
import { lookAt } from '../../endpoint/look.ts';
import { rollbackPermissions } from '../../endpoint/permissions.ts';
import { alone, besideOf, canonicalOf } from '../../endpoint/variants.ts';
import type { World } from '../../world.ts';
import type { Deliver, Planned } from '../mechanism.ts';
import { restoring, swapSeconds } from '../replacement/plan.ts';
import { planSwap } from '../setting-changes.ts';

/** Guardrails need one variant. A release of its own first removes the candidate that an ended stepped release left behind. */
export const planClearing = async (
  world: World,
  { requested: { spec }, record }: Deliver,
): Promise<Planned | undefined> => {
  const endpoint = spec.name;
  const look = await lookAt(world, endpoint);
  const canonical = look && canonicalOf(look.live);
  const left = look && kindOf(look, record) === 'stepped' ? besideOf(look.live, record) : undefined;
  if (look === undefined || left === undefined || canonical === undefined) return undefined;
  const from = { ...baselineOf(look, record), beside: left };
  const to = alone(from);
  const swap = await planSwap(world, { from, to, variant: canonical });
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
    release: restoring({ record, from, to, variant: canonical }),
    already: 'already-delivered',
  };
};
