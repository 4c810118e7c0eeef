import { lookAt } from '../../endpoint/look.ts';
import { arrivedAsRequested } from '../../endpoint/verify.ts';
import type { Mechanism } from '../mechanism.ts';
import { refusePlan } from '../refuse-plan.ts';
import { createReleaseAlarms, releaseAlarmsOf } from '../release-alarms.ts';
import { freeScaling } from '../replacement/free-scaling.ts';
import { confirmSubmission, submit } from '../submit.ts';
import { whyReturned } from './cause.ts';
import { planClearing } from './clear-candidate.ts';
import { planDelivery } from './plan.ts';
import { stopUpdate } from './stop-update.ts';
import { supervise } from './supervise.ts';

/**
 * SageMaker's deployment guardrails (DESIGN §5): SageMaker moves the traffic by its own timer, alarms take it back, and the suite
 * supervises to the verified end.
 */
export const guardrail: Mechanism = {
  plan: async (world, request) => {
    if (request.operation !== 'deploy-endpoint')
      return refusePlan(request, 'deployment guardrails only deliver a version; shift-traffic needs strategy steps');
    const look = await lookAt(world, request.requested.spec.name);
    return (look && (await planClearing(world, request, look))) ?? planDelivery(world, request, look);
  },
  submit: async (turn, wanted) =>
    (await createReleaseAlarms(turn, releaseAlarmsOf(turn, wanted?.rollout))) ??
    (await freeScaling(turn)) ??
    submit(turn, wanted),
  observe: (turn, wanted) =>
    turn.release.phase === 'submitting'
      ? confirmSubmission(turn)
      : supervise(turn, releaseAlarmsOf(turn, wanted?.rollout), guardrail, wanted),
  stop: stopUpdate,
  verify: arrivedAsRequested,
  cause: whyReturned,
};
