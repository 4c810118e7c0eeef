import type { Readings } from './observation.ts';
import type { ProbeWorld } from './world.ts';

/** One question to AWS, and its meaning for the simulator's settings. */
export interface Question<Seen extends object = object> {
  readonly id: string;
  /** One sentence that ends with a question mark. */
  readonly asks: string;
  /** Names of settings of the simulator. */
  readonly decides: readonly string[];
  /** Section of the fact base whose gap it closes. */
  readonly source: string;
  /** IAM actions of its own calls; those of the removal are in `clean.ts`. */
  readonly actions: readonly string[];
  /** Most instances that run at a time, both fleets of an update counted. */
  readonly instances: number;
  /** After so many minutes the question is given up. With `instances` it bounds the cost. */
  readonly minutes: number;
  /** @throws {Undecided} when AWS did not get to the state that the question needs */
  ask(world: ProbeWorld): Promise<Seen>;
  /** Pure: a recording is read again by the same function. */
  read(seen: Seen): Readings;
}

/** Keeps the type of the observation between `ask` and `read`; a table of questions does not know it. */
export const question = <Seen extends object>(one: Question<Seen>): Question => one as Question;
