import { digest } from '../../digest.ts';
import { capacityOf } from '../../endpoint/kind.ts';
import { rollbackPermissions } from '../../endpoint/permissions.ts';
import { servingOf } from '../../endpoint/serving.ts';
import type { Plan } from '../../operation.ts';
import { shortened } from '../../plain-text.ts';
import type { Configuration, NewRelease } from '../../release/record.ts';
import { releaseId } from '../../release/release-id.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import type { World } from '../../world.ts';
import type { Planned, Restore } from '../mechanism.ts';
import { planSwap, type Swap } from '../setting-changes.ts';

/**
 * Plans the way back to a configuration that served before. It publishes nothing and creates no alarms. A protection that the older
 * configuration lacks is a note and no refusal: a way back must not wait for an edit of the manifest.
 */
export const planRestore = async (world: World, request: Restore): Promise<Planned> => ({
  plan: describe(request, await swapOf(world, request)),
  release: restoring(request),
  already: 'already-delivered',
});

const swapOf = async (world: World, { from, to, variant }: Restore): Promise<Swap> => {
  const before = await servingOf(world, from.endpointConfig, variant);
  return planSwap(world, { before, to, variant });
};

/** A release that publishes an existing configuration again: all at once, with the instances that serve, watched by no alarm. */
export const restoring = ({
  record,
  from,
  to,
  variant,
  withdraws,
  because,
  rejected,
  named,
}: Omit<Restore, 'operation' | 'because' | 'notes'> & Partial<Pick<Restore, 'because'>>): NewRelease => {
  const planDigest = digest({
    operation: 'rollback',
    endpoint: record.endpoint,
    from: from.endpointConfig,
    to: to.endpointConfig,
  });
  return {
    id: releaseId(record, to.version ?? 'unversioned', planDigest),
    operation: 'rollback',
    version: to.version ?? to.endpointConfig,
    planDigest,
    attempt: 1,
    baseline: from,
    candidate: to,
    ...withoutUndefined({
      withdraws,
      rejected,
      named,
      why: because === undefined ? undefined : shortened(because, mostOfReason),
    }),
    submission: {
      mechanism: 'replacement',
      kind: 'update',
      variant,
      // The variant that stays keeps its weight beside the other one. Alone it must have all of the traffic.
      exclude: from.beside ? ['DesiredWeight'] : [],
      expectedSeconds: swapSeconds,
    },
  };
};

/** A person writes it, and the record keeps many releases. */
const mostOfReason = 1000;

/** An estimate: AWS does not publish how long SageMaker takes to replace a fleet. */
export const swapSeconds = 300;

const nameOf = ({ version, endpointConfig }: Pick<Configuration, 'version' | 'endpointConfig'>): string =>
  version ?? endpointConfig;

const describe = ({ record: { endpoint }, from, to, because, withdraws, notes = [] }: Restore, swap: Swap): Plan => ({
  title:
    withdraws === undefined
      ? `roll ${endpoint} back from ${nameOf(from)} to ${nameOf(to)}: ${because}`
      : `remove the candidate ${withdraws}, which has no traffic, from ${endpoint}, which goes on serving ${nameOf(to)}: ${because}`,
  changes: [
    {
      verb: 'update',
      object: `endpoint ${endpoint}`,
      details: [`${from.endpointConfig} → ${to.endpointConfig}`, 'all at once, watched by no alarm', ...swap.lines],
    },
  ],
  notes: [
    ...notes,
    ...swap.notes,
    'kept: the model, endpoint config and artifact of the replaced version, and autoscaling policies',
    'the endpoint keeps its current instance count',
  ],
  expectedSeconds: swapSeconds,
  peakInstances: Object.fromEntries(
    Object.entries(
      from.instanceType === to.instanceType
        ? { [to.instanceType]: from.instanceCount * 2 }
        : { [from.instanceType]: from.instanceCount, [to.instanceType]: from.instanceCount },
    ).filter(([instanceType]) => capacityOf({ instanceType }) === 'instances'),
  ),
  permissions: rollbackPermissions({ scales: from.instanceType !== to.instanceType }),
});
