import { Throttled } from '../../aws/retry.ts';
import { type Clock, minutes } from '../../clock.ts';
import type { Env } from '../../env.ts';
import type { AnyOperation } from '../../operations/all.ts';
import { oneLine } from '../../plain-text.ts';
import { keepSecretsOf, redacted } from '../../secrets.ts';
import { type OpenSession, openSession } from '../../session/session.ts';
import { wholeFiles } from '../../whole-files.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import { chooseClock } from '../clock.ts';
import { withinLimit } from '../drive.ts';
import { processTerminal } from '../terminal.ts';
import { turnOfEndpoint } from './endpoint-turn.ts';
import { type EndpointProgress, type EndpointTurn, type FleetEvent, timestamp } from './fleet-event.ts';
import { type FleetStore, fleetStores } from './fleet-store.ts';
import { keptSessions } from './kept-sessions.ts';
import { openRoll, type RedAlarms, type Steered, steer } from './steer.ts';

export interface FleetSeams {
  readonly clock?: Clock;
  readonly openSession?: OpenSession;
  readonly say?: (line: string) => void;
}

/** A Lambda function ends after 15 minutes (AWS: Lambda quotas). A turn of an endpoint has a limit of its own below this one. */
const longestAnswer = minutes(13);

/**
 * One turn of a fleet's state machine: what the function returns is the output of its state. Waiting is the state machine's.
 * @throws {InputError} for files or an input that are wrong: the execution fails with the message
 * @throws {Throttled} when AWS takes no requests for now: the state machine retries
 */
export type FleetWorker = (event: FleetEvent) => Promise<Steered | EndpointProgress>;

/** What one process of the function keeps from turn to turn. @throws {InputError} for wrong variables of the function */
export const openFleetWorker = async (
  env: Env,
  operations: readonly AnyOperation[],
  seams: FleetSeams = {},
): Promise<FleetWorker> => {
  keepSecretsOf(env);
  const clock = seams.clock ?? (await chooseClock(env));
  const say = seams.say ?? ((line: string): void => processTerminal.out(oneLine(redacted(line))));
  let answered = 0;
  const open = keptSessions(seams.openSession ?? openSession, () => answered++);
  const stores = fleetStores(env, clock);
  return (event) =>
    withinLimit(clock, clock.now() + longestAnswer, undefined, async (signal) => {
      const store = stores(executionIn(event), signal);
      switch (event.turn) {
        case 'open':
          return openRoll(event.request, event.execution, store, clock);
        case 'steer':
          return steer(event.state, store, clock, redAlarms(env, clock, signal, open));
        case 'endpoint':
          return unlessThrottled(event, store, clock, {
            openSession: open,
            answered: () => answered,
            env,
            clock,
            operations,
            say,
          });
      }
    });
};

const executionIn = (event: FleetEvent): string =>
  event.turn === 'open' ? event.execution : (event.turn === 'steer' ? event.state.roll : event.roll).execution;

/** DESIGN §7 rule 11: throttling never spends the failure budget. */
const unlessThrottled = async (
  event: EndpointTurn,
  store: FleetStore,
  clock: Clock,
  work: Parameters<typeof turnOfEndpoint>[2],
): Promise<EndpointProgress> => {
  try {
    return await turnOfEndpoint(event, store, work);
  } catch (error) {
    if (!(error instanceof Throttled)) throw error;
    const notBefore = timestamp(Math.max(error.notBefore, clock.now()));
    // Without a token the next turn is a first one, too.
    return {
      is: 'waiting',
      notBefore,
      token: event.token,
      requests: event.requests,
      percent: 0,
      because: error.message,
    };
  }
};

const redAlarms =
  (env: Env, clock: Clock, signal: AbortSignal, open: OpenSession): RedAlarms =>
  async ({ account, region, role }, AlarmNames) => {
    const session = await open({
      target: withoutUndefined({ account, region, role }),
      run: { host: 'step-functions', holder: 'step-functions/alarms' },
      workspace: wholeFiles(async () => Buffer.alloc(0)),
      dryRun: true,
      ...{ env, clock, signal },
    });
    const { cloudwatch } = session.worldFor(signal).read;
    const { MetricAlarms = [], CompositeAlarms = [] } = await cloudwatch.describeAlarms({
      AlarmNames: [...AlarmNames],
      AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
    });
    const known = [...MetricAlarms, ...CompositeAlarms];
    return AlarmNames.flatMap((name) => {
      const found = known.find(({ AlarmName }) => AlarmName === name);
      if (found === undefined) return [`${name} (there is no such alarm)`];
      return found.StateValue === 'ALARM' ? [name] : [];
    });
  };
