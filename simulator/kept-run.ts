import { createHash } from 'node:crypto';
import type { Instant } from './contracts.ts';
import { isReading, type WireEntry } from './request-log.ts';
import { type StateFolder, StateRefused } from './state-folder.ts';
import type { WireAnswer, WireRequest } from './wire.ts';

/**
 * Keeps a run in a folder, and takes it up again: the same requests at the same virtual instants, carried out by the same code from the
 * same seed, end in the same state. Each must get the answer that it got before; otherwise the run is refused.
 */
export interface KeptRun {
  /** Resolves when the earlier requests have been carried out again. Nothing is answered before. */
  readonly takenUp: Promise<void>;
  /** Carries out what the folder has; from then on requests are kept. @throws {StateRefused} when an answer differs */
  takeUp(): Promise<void>;
  /** True while earlier requests are carried out again. */
  readonly isRepeating: boolean;
  /** To be called at each move of the time. */
  timeMoved(): void;
  /** Keeps a request that was carried out, before its caller gets the answer. */
  note(entry: WireEntry): void;
  /** Keeps the time before a caller sees it. */
  noteTime(): void;
  /** Requests one after the other: the order of the folder is that of their effects. */
  inTurn<Answer>(carryOut: () => Promise<Answer>): Promise<Answer>;
}

export interface KeptRunParts {
  readonly folder: StateFolder;
  now(): Instant;
  advanceTo(instant: Instant): void;
  carryOut(request: WireRequest, number: number): Promise<WireAnswer | 'lost' | undefined>;
  /** How many accounts and regions there are: a mere look makes one. */
  places(): number;
}

export const keepRun = ({ folder, now, advanceTo, carryOut, places }: KeptRunParts): KeptRun => {
  let isRepeating = true;
  let moved = false;
  let known = 0;
  let begin = (): void => {};
  const takenUp = new Promise<void>((resolve) => {
    begin = resolve;
  });
  let turn: Promise<unknown> = takenUp;
  return {
    takenUp,
    get isRepeating() {
      return isRepeating;
    },
    async takeUp() {
      for (const { at, moved, kept } of folder.entries()) {
        if (moved) advanceTo(at);
        if (kept === undefined) continue;
        const answer = await carryOut(kept.request, kept.number);
        if (digestOf(answer) !== kept.answer)
          throw new StateRefused(
            `cannot be taken up: ${kept.call} is answered otherwise than in the run that is kept, as after a change of the simulator; name an empty folder`,
          );
      }
      known = places();
      isRepeating = false;
      begin();
    },
    timeMoved() {
      moved = true;
    },
    note({ service, operation, answeredBy, number, request, answer }) {
      const before = known;
      known = places();
      if (isRepeating || (known === before && (answeredBy !== 'operation' || isReading(operation)))) return;
      const kept = { number, call: `${service} ${operation}`, request, answer: digestOf(answer) };
      folder.append({ at: now(), moved, kept });
      moved = false;
    },
    noteTime() {
      if (isRepeating || !moved) return;
      moved = false;
      folder.append({ at: now(), moved: true });
    },
    inTurn(carryOut) {
      const answered = turn.then(carryOut);
      turn = answered.catch(() => {});
      return answered;
    },
  };
};

const digestOf = (answer: WireAnswer | 'lost' | undefined): string => {
  if (answer === undefined || answer === 'lost') return String(answer);
  const { status, headers, body } = answer;
  return createHash('sha256')
    .update(JSON.stringify([status, headers]))
    .update(body)
    .digest('hex');
};
