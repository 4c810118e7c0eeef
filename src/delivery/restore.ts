import { digest } from '../digest.ts';
import { supervise } from '../mechanisms/guardrail/supervise.ts';
import { confirmSubmission, submit } from '../mechanisms/submit.ts';
import type { Configuration, NewRelease, ReleaseRecord } from '../release/record.ts';
import { releaseId } from '../release/release-id.ts';
import { candidateIsOurs } from './provenance.ts';
import { freeScaling } from './scaling-tasks.ts';
import { settlingTasks } from './settle.ts';
import type { Tasks } from './task.ts';

/** Going back publishes nothing and arms nothing: the configuration exists, and red alarms must not stop it. */
export const restoreTasks: Tasks = {
  preparing: [candidateIsOurs, freeScaling, (turn) => submit(turn, {})],
  submitting: [confirmSubmission],
  supervising: [supervise],
  settling: settlingTasks,
};

/** A release that publishes an existing configuration again: all at once, with the instances that serve, watched by no alarm. */
export const restoring = (
  record: ReleaseRecord,
  from: Configuration,
  to: Configuration,
  variant: string,
): NewRelease => {
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
      kind: 'update',
      variant,
      // Of two variants the one that stays has what weight it had; alone it must have all of it.
      exclude: from.beside ? ['DesiredWeight'] : [],
      bakeSeconds: 0,
      finalBakeSeconds: 0,
      timeoutSeconds: 3600,
      expectedSeconds: 300,
      minimumRequests: 0,
    },
  };
};
