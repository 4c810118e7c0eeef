import type { Worker } from '../../src/hosts/codepipeline/answer-jobs.ts';
import { answerEvent, openWorker } from '../../src/hosts/codepipeline/job-worker.ts';
import { answerFleet } from '../../src/hosts/step-functions/answer-fleet.ts';
import { isFleetEvent } from '../../src/hosts/step-functions/fleet-event.ts';
import { operations } from '../../src/operations/all.ts';

let opened: Promise<Worker> | undefined;

/**
 * Invoked by the state machine of a fleet with a turn, which it answers. Woken by a Lambda invoke action with its job; by the start event of a custom
 * action; and by a one-minute schedule.
 */
export const handler = (event: unknown): Promise<unknown> =>
  isFleetEvent(event)
    ? answerFleet(event, process.env, Object.values(operations))
    : answerEvent(event, process.env, () => {
        opened ??= openWorker(process.env, Object.values(operations));
        return opened;
      });
