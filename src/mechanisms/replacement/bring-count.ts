import { classify } from '../../aws/errors.ts';
import { inProgress, observe } from '../../endpoint/observe.ts';
import { setCount } from '../../endpoint/weights.ts';
import { counted } from '../../judge/amounts.ts';
import { grace } from '../submit.ts';
import type { Turn, TurnResult } from '../turn.ts';

/** Sets the manifest's count when the configuration serves already with another one: without autoscaling the manifest wins (rule 4). */
export const bringCount = async (turn: Turn): Promise<TurnResult | undefined> => {
  const { world, endpoint, release } = turn;
  const { submission, candidate, witnessed } = release;
  if (submission.kind !== 'none' || submission.exclude.length === 0) return undefined;
  const live = await observe(world, endpoint);
  const fleet = live?.variants.find(({ name }) => name === submission.variant);
  // `submit` waits for an endpoint in motion, and reports another configuration.
  if (!live || !fleet || inProgress(live.status) || live.endpointConfig !== candidate.endpointConfig) return undefined;
  const count = candidate.instanceCount;
  if (fleet.desired === count && fleet.current === count) return undefined;
  const now = world.clock.now();
  const setAt = witnessed.countSetAt ?? now;
  if (now >= setAt + grace)
    return turn.conclude(
      'verification-mismatch',
      `${endpoint} serves ${release.version} with ${counted(fleet.current, 'instance')}, but the manifest wants ${count}${live.failureReason ? `: ${live.failureReason}` : ''}`,
    );
  const announced = await turn.save({ witnessed: { ...witnessed, countSetAt: setAt } });
  try {
    // The count is absolute, so a second call changes nothing.
    await setCount(announced, submission.variant, count);
  } catch (error) {
    if (classify(error) !== 'in-progress') throw error;
  }
  return { because: `from ${fleet.desired} to ${counted(count, 'instance')}`, percent: 9, notBefore: turn.nextPoll() };
};
