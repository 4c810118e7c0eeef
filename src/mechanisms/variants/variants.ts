import { arrivedAsRequested } from '../../endpoint/verify.ts';
import { causeOfUpdate, whyReturned } from '../guardrail/cause.ts';
import { supervise } from '../guardrail/supervise.ts';
import type { Mechanism, WantedRelease } from '../mechanism.ts';
import { publishDark } from '../publish.ts';
import { refusePlan } from '../refuse-plan.ts';
import { createReleaseAlarms } from '../release-alarms.ts';
import { confirmSubmission, submit } from '../submit.ts';
import type { Turn, TurnResult } from '../turn.ts';
import { holdScaling } from './hold-scaling.ts';
import { lastLook } from './last-look.ts';
import { planDark } from './plan-dark.ts';
import { planSteps } from './plan-steps.ts';
import { releaseAlarmsOfSteps } from './step-alarms.ts';
import { abortSteps, beginSteps, publishing, walk } from './walk.ts';

/**
 * A stepped rollout on two variants (DESIGN §5), in two releases. The first release brings the candidate up dark. The second release
 * shifts the traffic to it and publishes it alone. Both swaps replace the fleet; in between this suite moves the weights itself.
 */
export const variants: Mechanism = {
  plan: async (world, request) => {
    switch (request.operation) {
      case 'deploy-endpoint':
        return planDark(world, request);
      case 'shift-traffic':
        return planSteps(world, request);
      case 'rollback':
        return refusePlan(request, 'a rollback is not a stepped rollout');
    }
  },
  submit: async (turn, wanted) =>
    turn.release.stepping === undefined
      ? ((await publishedDark(turn, wanted)) ??
        submit(turn, { ...wanted, prepare: (again) => prepareDark(again, wanted) }))
      : ((await holdScaling(turn)) ??
        (await createReleaseAlarms(turn, releaseAlarmsOfSteps(turn, wanted?.rollout))) ??
        beginSteps(turn)),
  observe: async (turn, wanted) => {
    if (turn.release.phase === 'stepping')
      return (await lastLook(turn, wanted)) ?? walk(turn, releaseAlarmsOfSteps(turn, wanted?.rollout));
    const step = await (turn.release.phase === 'submitting'
      ? confirmSubmission(turn)
      : supervise(turn, [], variants, wanted));
    return turn.release.stepping === undefined ? step : publishing(step);
  },
  stop: abortSteps,
  verify: arrivedAsRequested,
  cause: async (turn, live) => {
    if (turn.release.stepping === undefined) return whyReturned(turn, live);
    const { because } = await causeOfUpdate(turn);
    return {
      reason: 'retire-failed',
      because: `${because}; ${turn.release.candidate.version} keeps all traffic beside the old variant`,
    };
  },
};

const publishedDark = async (turn: Turn, wanted: WantedRelease | undefined): Promise<TurnResult | undefined> =>
  wanted?.published && publishDark(turn, await wanted.published());

const prepareDark = async (turn: Turn, wanted: WantedRelease | undefined): Promise<TurnResult | undefined> =>
  (await wanted?.prepare?.(turn)) ?? publishedDark(turn, wanted);
