import type { Settings } from '../../simulator/contracts.ts';
import { defaultSettings } from '../../simulator/settings.ts';
import { duration, minutes } from '../clock.ts';
import { isSpan, type Reading } from '../probe/observation.ts';
import type { Question } from '../probe/question.ts';
import { type Recording, readingsOf } from '../probe/recording.ts';

/** A setting that a recording decides. */
export interface Decided {
  readonly setting: keyof Settings;
  readonly question: string;
  readonly reading: Reading;
  /** Whether the simulator's default is what was seen. */
  readonly asDefault: boolean;
}

/** Whether a setting's value is what was seen. */
export const agrees = (value: Settings[keyof Settings], reading: Reading): boolean =>
  isSpan(reading) ? typeof value === 'number' && reading.from <= value && value <= reading.to : value === reading;

export const decidedBy = ({ asked }: Pick<Recording, 'asked'>, questions: readonly Question[]): readonly Decided[] =>
  asked.flatMap((answer) => {
    const question = questions.find(({ id }) => id === answer.id);
    if (question === undefined) return [];
    return Object.entries(readingsOf(answer, question)).flatMap(([name, reading]) => {
      const setting = name as keyof Settings;
      if (reading === undefined || !(setting in defaultSettings)) return [];
      return [{ setting, question: answer.id, reading, asDefault: agrees(defaultSettings[setting], reading) }];
    });
  });

/** The settings of a simulator that behaves as the recording: the default where it agrees, the middle of a span where not. */
export const settingsOf = (decided: readonly Decided[]): Partial<Settings> =>
  Object.fromEntries(
    decided
      .filter(({ asDefault }) => !asDefault)
      .map(({ setting, reading }) => [
        setting,
        isSpan(reading) ? Math.round((reading.from + reading.to) / 2) : reading,
      ]),
  ) as Partial<Settings>;

const shown = (reading: Reading): string => {
  if (!isSpan(reading)) return String(reading);
  const { from, to } = reading;
  return to < 1000 ? `${from} to ${to} ms` : `${duration(from)} to ${duration(to)}`;
};

/** One line for each setting, and for each question that decides none. */
export const decidedLines = ({ asked }: Pick<Recording, 'asked'>, decided: readonly Decided[]): readonly string[] => [
  ...decided.map(
    ({ setting, question, reading, asDefault }) =>
      `${asDefault ? 'as the default ' : 'DIFFERS        '} ${setting}: ${shown(reading)}${asDefault ? '' : `; the default is ${JSON.stringify(defaultSettings[setting])}`} (${question})`,
  ),
  ...asked
    .filter(({ id }) => !decided.some(({ question }) => question === id))
    .map(({ id, seen, undecided = '' }) =>
      seen === undefined ? `not decided     ${id}: ${undecided}` : `recorded        ${id}: ${JSON.stringify(seen)}`,
    ),
];

/** Time and instances of a question at most; the question is given up then. */
export const costOf = (questions: readonly Question[], hourlyPrice: number | undefined): string => {
  const time = questions.reduce((sum, question) => sum + question.minutes, 0);
  const hours = questions.reduce((sum, question) => sum + (question.minutes * question.instances) / 60, 0);
  const price = hourlyPrice === undefined ? '' : `, ${(hours * hourlyPrice).toFixed(2)} at ${hourlyPrice} an hour`;
  return `at most ${duration(minutes(time))} and ${hours.toFixed(1)} instance-hours${price}`;
};
