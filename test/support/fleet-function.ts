import type { Json } from '../../simulator/services/stepfunctions/definition.ts';
import { StatesError } from '../../simulator/services/stepfunctions/play.ts';
import type { Thread } from '../../simulator/services/stepfunctions/threads.ts';
import type { Instant } from '../../src/clock.ts';
import type { Env } from '../../src/env.ts';
import { type FleetWorker, openFleetWorker } from '../../src/hosts/step-functions/answer-fleet.ts';
import { isFleetEvent, readFleetEvent } from '../../src/hosts/step-functions/fleet-event.ts';
import { operations } from '../../src/operations/all.ts';

/** A process of the function: it takes one event after the other. */
interface Container {
  readonly work: FleetWorker;
  thread: Thread | undefined;
}

/** The Lambda function of a fleet, with as many processes as events at a time. @returns its invocation */
export const fleetFunction = (env: Env, now: () => Instant, say: (line: string) => void) => {
  const idle: Container[] = [];
  const openContainer = async (): Promise<Container> => {
    const container: { work?: FleetWorker; thread: Thread | undefined } = { thread: undefined };
    const work = await openFleetWorker(env, Object.values(operations), {
      clock: { now, sleepUntil: async (until, signal) => container.thread?.sleepUntil(until, signal) },
      say,
    });
    return Object.assign(container, { work });
  };
  return async (payload: Json, thread: Thread): Promise<Json> => {
    if (!isFleetEvent(payload)) throw new Error('the function got no turn of a fleet');
    const free = idle.pop() ?? (await openContainer());
    free.thread = thread;
    try {
      return JSON.parse(JSON.stringify(await free.work(readFleetEvent(payload))));
    } catch (error) {
      // As Lambda's runtime reports a rejection of the handler.
      throw error instanceof Error ? new StatesError(error.name, error.message) : error;
    } finally {
      idle.push(free);
    }
  };
};
