import { iso } from '../clock.ts';
import { outputsOf, type ReleaseOutputs } from '../delivery/release-outputs.ts';
import type { Opening } from '../delivery/run-release.ts';
import { isHeldFrom } from '../release/lifecycle.ts';
import type { ReleaseRecord } from '../release/record.ts';
import type { World } from '../world.ts';

/**
 * The watchdog follows a release without a run to its own end. It takes steps back, since they have no end without a judge. It skips a
 * release that has a run, a release that has ended, and a release that its run left to AWS until that is overdue or a command stops it.
 * @param found an earlier turn of this run found a release and took it over. The record must agree: memory may be another run's
 */
export const tidied = (
  world: World,
  { live, ended, endpoint }: ReleaseRecord,
  found: boolean,
): Opening<ReleaseOutputs> => {
  const now = world.clock.now();
  // A command needs a run to carry it out; the run that gave it may have died.
  const isLeft = live?.leftUntil !== undefined && live.leftUntil > now && live.commands.length === 0;
  if (live !== undefined && !isLeft && !isHeldFrom(live, world.run.holder, now))
    return { is: 'stop-first', release: live, mayWait: true };
  const [last] = ended;
  const done =
    found && live === undefined && last?.lease.holder === world.run.holder
      ? ({
          reason: 'brought-to-rest',
          outputs: outputsOf(endpoint, last),
          because: `${last.id}, which its run had left behind, ended ${last.outcome}/${last.reason}: ${last.because}`,
        } as const)
      : ({
          reason: 'nothing-expired',
          outputs: {},
          because: isLeft
            ? `${live.id} goes on without a run, under its alarms; it is settled here when no run has ended it by ${iso(live.leftUntil)}`
            : `no release of ${endpoint} was left behind`,
        } as const);
  return { is: 'done', progress: { is: 'done', outcome: 'succeeded', ...done } };
};
