import type { Worker } from '../../src/hosts/codepipeline/answer-jobs.ts';
import { answerEvent, openWorker } from '../../src/hosts/codepipeline/job-worker.ts';
import { type FleetWorker, openFleetWorker } from '../../src/hosts/step-functions/answer-fleet.ts';
import { isFleetEvent, readFleetEvent } from '../../src/hosts/step-functions/fleet-event.ts';
import { operations } from '../../src/operations/all.ts';

let opened: Promise<Worker> | undefined;
let fleets: Promise<FleetWorker> | undefined;

/**
 * Invoked by the state machine of a fleet with a turn, which it answers. Woken by a Lambda invoke action with its job; by the start event of a custom
 * action; and by a one-minute schedule.
 */
export const handler = async (event: unknown): Promise<unknown> => {
  if (!isFleetEvent(event))
    return answerEvent(event, process.env, () => {
      opened ??= openWorker(process.env, Object.values(operations));
      return opened;
    });
  fleets ??= openFleetWorker(process.env, Object.values(operations));
  return (await fleets)(readFleetEvent(event));
};
