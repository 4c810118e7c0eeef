/**
 * The product's side of `bench:fleet`, in a process of its own so that its processor time and memory are its own: the turns of one
 * execution of a fleet, under the virtual clock of the simulator that the environment names. Prints one line of JSON.
 */
import { chooseClock } from '../../src/hosts/clock.ts';
import { openFleet } from '../../src/rehearsal/fleet.ts';
import { fleetFunction } from '../support/fleet-function.ts';

/** The execution's result, as `fleet.ts` reads it. */
export interface Measured {
  readonly status: string;
  readonly cause?: string;
  readonly processorSeconds: number;
  readonly peakMegabytes: number;
  readonly turns: number;
  /** Milliseconds of virtual time from the instant that a turn was due to its beginning, ascending. */
  readonly late: readonly number[];
}

const clock = await chooseClock(process.env);
const invoke = fleetFunction(process.env, clock.now, () => {});
const due = new Map<string, number>();
const late: number[] = [];
let turns = 0;
// The files are written and read by the other process.
const fleet = openFleet(
  { objects: { put: () => {}, get: () => undefined } },
  { now: clock.now, pass: (until) => clock.sleepUntil(until) },
  async (payload, thread) => {
    const { endpoint = '' } = Object(Object.values(Object(payload))[0]);
    const awaited = due.get(endpoint);
    if (awaited !== undefined) late.push(clock.now() - awaited);
    turns++;
    const answer = await invoke(payload, thread);
    const { is, notBefore } = Object(answer);
    if (is === 'waiting') due.set(endpoint, Date.parse(notBefore));
    else due.delete(endpoint);
    return answer;
  },
);
const before = process.cpuUsage();
const { end } = await fleet.roll('measured');
const { user, system } = process.cpuUsage(before);
const measured: Measured = {
  status: end.status,
  ...('cause' in end ? { cause: String(end.cause) } : {}),
  processorSeconds: (user + system) / 1e6,
  peakMegabytes: process.resourceUsage().maxRSS / 1024,
  turns,
  late: late.sort((a, b) => a - b),
};
process.stdout.write(`${JSON.stringify(measured)}\n`);
process.exit(0);
