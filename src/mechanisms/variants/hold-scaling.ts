import { putScaling, scalingOf } from '../../endpoint/scaling.ts';
import type { Turn, TurnResult } from '../turn.ts';

/** Suspends scale-in while the traffic is shifted: the baseline variant must be able to take all of it back (DESIGN §5). */
export const holdScaling = async (turn: Turn): Promise<TurnResult | undefined> => {
  const { world, endpoint, release } = turn;
  // The call below would overwrite what others changed since the plan.
  world.lookAgain?.();
  const existing = await scalingOf(world, endpoint, release.submission.variant);
  if (existing === undefined || existing.suspended.scaleIn) return undefined;
  await turn.save({ scaling: release.scaling ?? existing });
  const suspended = { ...existing.suspended, scaleIn: true };
  await putScaling(world, { ...existing, suspended, policies: [], scheduledActions: [] });
  return { because: `scale-in of ${existing.resourceId} is suspended`, percent: 9 };
};
