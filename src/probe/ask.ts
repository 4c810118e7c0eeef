import type { AnyCall } from '../aws/any-call.ts';
import { type Clock, iso, minutes } from '../clock.ts';
import { redacted } from '../secrets.ts';
import { clean } from './clean.ts';
import { Undecided } from './observation.ts';
import type { Question } from './question.ts';
import { createRecorder } from './recorder.ts';
import { type Asked, masked, type Recording } from './recording.ts';
import { isOfOneCall } from './refusal.ts';
import { createProbeWorld, type Given } from './world.ts';

export interface AskParts {
  readonly questions: readonly Question[];
  readonly given: Given;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Tries again after throttling and lost connections; ends with the signal. */
  readonly patient: AnyCall;
  /** Sends once, and waits for the answer. */
  readonly once: AnyCall;
  /** As `patient`, and outlives the signal: what was made is removed. */
  readonly removing: AnyCall;
  readonly run: string;
  readonly about: Pick<Recording, 'by' | 'suite' | 'region'>;
  readonly say: (line: string) => void;
  /** Gets the recording after every question: a run of hours may be killed. */
  readonly kept?: (soFar: Recording) => void;
}

export interface Probed {
  readonly recording: Recording;
  /** Why it ended before the last question, or left something behind. */
  readonly trouble?: string;
}

/** Asks one question after the other, and removes after each what it has made. */
export const ask = async (parts: AskParts): Promise<Probed> => {
  const { questions, given, clock, signal, run, about, say, kept = () => {} } = parts;
  const asked: Asked[] = [];
  let trouble: string | undefined;
  const at = iso(clock.now());
  const recordingOf = (): Recording => ({ version: 1, ...about, at, instance: given.instance, asked: [...asked] });
  for (const question of questions) {
    say(`${question.id}: ${question.asks}`);
    const { answer, ends } = await askOne(question, parts);
    asked.push(masked(answer, given, run));
    if (answer.undecided !== undefined) say(`  not decided: ${redacted(answer.undecided)}`);
    trouble = ends ?? (await removed(parts));
    kept(recordingOf());
    if (trouble === undefined && signal.aborted && asked.length < questions.length) trouble = 'interrupted';
    if (trouble !== undefined) break;
  }
  const recording = recordingOf();
  return trouble === undefined ? { recording } : { recording, trouble };
};

const askOne = async (
  question: Question,
  parts: AskParts,
): Promise<{ readonly answer: Asked; readonly ends?: string }> => {
  const { clock, signal } = parts;
  const recorder = createRecorder(clock);
  const began = clock.now();
  const world = createProbeWorld({ ...parts, recorder, deadline: began + minutes(question.minutes) });
  const answer = (rest: Pick<Asked, 'seen'> | Pick<Asked, 'undecided'>): Asked => ({
    id: question.id,
    seconds: Math.round((clock.now() - began) / 1000),
    ...rest,
    exchanges: recorder.take(),
  });
  try {
    return { answer: answer({ seen: await question.ask(world) }) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (signal.aborted) {
      const left = await removed(parts);
      return { answer: answer({ undecided: 'interrupted' }), ends: left ?? 'interrupted' };
    }
    if (error instanceof Undecided) return { answer: answer({ undecided: why }) };
    if (isOfOneCall(error)) return { answer: answer({ undecided: why }) };
    const left = await removed(parts);
    return { answer: answer({ undecided: why }), ends: left === undefined ? why : `${why}; ${left}` };
  }
};

/** @returns why something may be left */
const removed = async ({ removing, clock, given, run, say }: AskParts): Promise<string | undefined> => {
  try {
    await clean({ aws: removing, clock, bucket: given.bucket, run, say: (line) => say(`  ${line}`) });
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `something may be left (${why}): run \`probe --clean\` with working credentials`;
  }
};
