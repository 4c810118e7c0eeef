import { digest } from '../../digest.ts';
import { capacityOf } from '../../endpoint/kind.ts';
import { rollbackPermissions } from '../../endpoint/permissions.ts';
import type { Plan } from '../../operation.ts';
import type { Configuration, NewRelease } from '../../release/record.ts';
import { releaseId } from '../../release/release-id.ts';
import type { Planned, Restore } from '../mechanism.ts';

/** Plans the way back to a configuration that served before: it publishes nothing and makes no alarms. */
export const planRestore = (request: Restore): Planned => ({
  plan: describe(request),
  release: restoring(request),
  already: 'already-delivered',
});

/** A release that publishes an existing configuration again: all at once, with the instances that serve, watched by no alarm. */
export const restoring = ({ record, from, to, variant }: Omit<Restore, 'operation' | 'because'>): NewRelease => {
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
    submission: {
      mechanism: 'replacement',
      kind: 'update',
      variant,
      // Of two variants the one that stays has what weight it had; alone it must have all of it.
      exclude: from.beside ? ['DesiredWeight'] : [],
      expectedSeconds: swapSeconds,
    },
  };
};

/** Nobody publishes how long SageMaker takes to replace a fleet. */
export const swapSeconds = 300;

const nameOf = ({ version, endpointConfig }: Pick<Configuration, 'version' | 'endpointConfig'>): string =>
  version ?? endpointConfig;

const describe = ({ record: { endpoint }, from, to, because }: Restore): Plan => ({
  title: `roll ${endpoint} back from ${nameOf(from)} to ${nameOf(to)}: ${because}`,
  changes: [
    {
      verb: 'update',
      object: `endpoint ${endpoint}`,
      details: [`${from.endpointConfig} → ${to.endpointConfig}`, 'all at once, watched by no alarm'],
    },
  ],
  notes: [
    'left alone: the model, endpoint config and artifact of the version that is left, its data capture, and autoscaling policies',
    'the instance count that serves now is kept',
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
