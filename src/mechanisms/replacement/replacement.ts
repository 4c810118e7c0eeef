import { arrivedAsRequested } from '../../endpoint/verify.ts';
import { causeOfUpdate, servingNow, whyReturned } from '../guardrail/cause.ts';
import { supervise } from '../guardrail/supervise.ts';
import type { Mechanism } from '../mechanism.ts';
import { refusePlan } from '../refuse-plan.ts';
import { confirmSubmission, submit } from '../submit.ts';
import { bringCount } from './bring-count.ts';
import { freeScaling } from './free-scaling.ts';
import { planRestore } from './plan.ts';

/**
 * Replaces one fleet by another, all at once, watched by no alarm: for the first deployment, for an endpoint without guardrails, and for
 * every way back. An alarm in ALARM must not stop a way back.
 */
export const replacement: Mechanism = {
  plan: async (world, request) =>
    request.operation === 'rollback'
      ? planRestore(world, request)
      : refusePlan(request, "a new version is planned by its manifest's strategy"),
  submit: async (turn, wanted) => (await freeScaling(turn)) ?? (await bringCount(turn)) ?? submit(turn, wanted),
  observe: (turn, wanted) =>
    turn.release.phase === 'submitting' ? confirmSubmission(turn) : supervise(turn, [], replacement, wanted),
  // SageMaker finishes it: no call stops an update, and no alarm watches this one.
  stop: async () => undefined,
  verify: arrivedAsRequested,
  cause: async (turn, live) => {
    if (turn.release.operation !== 'rollback') return whyReturned(turn, live);
    const { because } = await causeOfUpdate(turn);
    return { reason: 'restore-failed', because: `${because}; ${servingNow(turn.release, live)} still serves` };
  },
};
