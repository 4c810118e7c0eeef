import type { Question } from '../probe/question.ts';
import type { Exchange } from '../probe/recorder.ts';
import { type Asked, type Recording, readingsOf } from '../probe/recording.ts';
import { InputError } from '../schema.ts';
import { agrees, decidedBy, decidedLines, settingsOf } from './probe-report.ts';
import { probeSimulator } from './probe-simulator.ts';

export interface Replayed {
  readonly lines: readonly string[];
  /** Whether the simulator, with the settings of the recording, answered the same. */
  readonly same: boolean;
}

/**
 * Asks a simulator with the settings that the recording decides the recorded questions, and compares.
 * @throws {InputError} for an observation that no probe of this version writes
 */
export const replay = async (
  recording: Recording,
  questions: readonly Question[],
  signal: AbortSignal,
): Promise<Replayed> => {
  const decided = readable(() => decidedBy(recording, questions));
  const known = questions.filter(({ id }) => recording.asked.some((one) => one.id === id && one.seen !== undefined));
  const settings = settingsOf(decided);
  const { recording: ours } = await probeSimulator({ questions: known, settings, signal, say: () => {} });
  const differences = known.flatMap((question) => {
    const [theirs, mine] = [recording, ours].map(({ asked }) => asked.find(({ id }) => id === question.id));
    return theirs === undefined || mine === undefined ? [] : compare(question, theirs, mine, settings);
  });
  const unknown = recording.asked.filter(({ id }) => !questions.some((question) => question.id === id));
  return {
    lines: [
      ...decidedLines(recording, decided),
      ...unknown.map(({ id }) => `not known       ${id}: this version has no such question`),
      ...(differences.length === 0
        ? ['A simulator with these settings answers the same.']
        : ['A simulator with these settings answers otherwise:', ...differences.map((line) => `  ${line}`)]),
    ],
    same: differences.length === 0,
  };
};

const readable = <Read>(read: () => Read): Read => {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new InputError('replay: an observation in the recording is not one that this version of `probe` writes');
  }
};

const compare = (
  question: Question,
  theirs: Asked,
  mine: Asked,
  settings: Readonly<Record<string, unknown>>,
): readonly string[] => {
  const { id } = question;
  if (mine.seen === undefined) return [`${id}: the simulator did not decide it: ${mine.undecided ?? ''}`];
  const [wanted, found] = [readingsOf(theirs, question), readingsOf(mine, question)];
  const values = Object.entries(wanted).flatMap(([setting, reading]) => {
    const given = found[setting];
    // A span of the simulator need not be that of AWS: its looks come at other times. Its setting must lie in both.
    const set = settings[setting];
    const same =
      JSON.stringify(given) === JSON.stringify(reading) ||
      (typeof set === 'number' &&
        reading !== undefined &&
        agrees(set, reading) &&
        given !== undefined &&
        agrees(set, given)) ||
      (set === undefined && typeof reading === 'object' && typeof given === 'object');
    return same ? [] : [`${id}: ${setting} is ${JSON.stringify(given)}, not ${JSON.stringify(reading)}`];
  });
  const refusals = ['recorded', 'simulated'].map((_, index) => refusalsOf(index === 0 ? theirs : mine));
  const [recorded = '', simulated = ''] = refusals;
  return recorded === simulated ? values : [...values, `${id}: refusals were ${recorded}, and are ${simulated}`];
};

/** The refused calls with their codes, in their order, each once; a look that finds nothing yet comes any number of times. */
const refusalsOf = ({ exchanges }: { readonly exchanges: readonly Exchange[] }): string => {
  const all = exchanges.flatMap(({ call, refused }) => (refused === undefined ? [] : [`${call} ${refused.code}`]));
  return [...new Set(all)].join(', ') || 'none';
};
