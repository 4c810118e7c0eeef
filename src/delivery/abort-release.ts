import { seconds } from '../clock.ts';
import { mechanismOf } from '../mechanisms/all.ts';
import { type AbortReason, type Progress, reasonOfAbort } from '../operation.ts';
import { reason as reasonNamed } from '../reason-codes.ts';
import { advance } from '../release/lifecycle.ts';
import type { World } from '../world.ts';
import { announce } from './announce.ts';
import { endedHere, type ReleaseMemory, type ReleaseOperation, report } from './run-release.ts';
import { settlingTasks } from './settle.ts';
import { runNextTask } from './task.ts';
import { turnOf } from './turn.ts';

/**
 * Ends a run that is cancelled or out of time. A release without a submission is undone. A submitted update belongs to SageMaker, which
 * finishes it or rolls it back by its alarms without this run (DESIGN §2). The run gives up its lease, so that the next run goes on at
 * once. A run that does not wait gives up its lease and does nothing else.
 */
export const abortRelease = async <Outputs>(
  world: World,
  memory: ReleaseMemory | undefined,
  why: AbortReason,
  operation: ReleaseOperation<Outputs>,
): Promise<Progress<ReleaseMemory, Outputs>> => {
  const progress = await abort(world, memory, why, operation);
  await operation.store.keepJournal();
  await announce(world, operation, memory?.release ?? '', ...(why === 'cancelled' ? [cancelledMs] : []));
  const { remarks } = operation.store;
  return remarks.length === 0 ? progress : { ...progress, remarks };
};

/** GitHub kills the process of a cancelled run within seconds, and the run has to report yet. */
const cancelledMs = seconds(2);

const abort = async <Outputs>(
  world: World,
  memory: ReleaseMemory | undefined,
  why: AbortReason,
  operation: ReleaseOperation<Outputs>,
): Promise<Progress<ReleaseMemory, Outputs>> => {
  const reason = reasonOfAbort[why];
  const { outcome } = reasonNamed(reason);
  const stored = memory && (await operation.store.read());
  const over = stored && endedHere(world, stored.record, memory, operation);
  if (over !== undefined) return report(over, operation);
  const live = stored?.record.live;
  if (!stored || live?.id !== memory?.release || live === undefined || live.lease.holder !== world.run.holder)
    return { is: 'done', outcome, reason, outputs: {}, because: 'the run ended before it had begun a release' };

  const lease = { holder: world.run.holder, until: world.clock.now() };
  const ended = { is: 'done', outcome, reason, outputs: operation.outputs(live) } as const;
  if (why === 'handed-over') {
    // Not by `save`: nothing happened that belongs in the journal.
    await operation.store.write(advance(stored.record, { lease }), stored.etag);
    return { ...ended, because: `${live.id} waits for the run that goes on with it` };
  }
  const turn = turnOf(world, operation.store, stored, operation.approval);
  if (live.phase === 'preparing' && live.takenBack === undefined) {
    await turn.conclude(reason, 'the run ended before anything was submitted to the endpoint');
    return settle(world, memory, operation);
  }
  if (live.phase === 'settling') return settle(world, memory, operation);
  // In this phase the run itself moves the traffic. No traffic moves without it.
  const step = live.phase === 'stepping' ? await mechanismOf(live).stop(turn, reason, 'the run ended') : undefined;
  if (step !== undefined)
    return {
      is: 'waiting',
      memory: { v: 1, release: live.id },
      notBefore: step.notBefore ?? world.clock.now(),
      percent: step.percent,
      because: step.because,
    };
  await turn.save({ lease });
  return {
    ...ended,
    because: live.takenBack
      ? `${live.candidate.version} is being taken back (${live.takenBack.because}); run again to finish it`
      : `the update to ${live.candidate.endpointConfig} goes on without this run, under its alarms; run again to follow it`,
  };
};

/** The few calls that are left once the record has the outcome. */
const settle = async <Outputs>(
  world: World,
  memory: ReleaseMemory | undefined,
  operation: ReleaseOperation<Outputs>,
): Promise<Progress<ReleaseMemory, Outputs>> => {
  const stored = await operation.store.read();
  const over = stored?.record.ended.find(({ id }) => id === memory?.release);
  if (over !== undefined) return report(over, operation);
  if (!stored) throw new Error('the release record disappeared while the release settled');
  const step = await runNextTask(turnOf(world, operation.store, stored, operation.approval), {
    settling: settlingTasks,
  });
  return step.ended ? report(step.ended, operation) : settle(world, memory, operation);
};
