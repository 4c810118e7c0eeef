import { duration, type Instant } from '../clock.ts';
import { type Style, style } from '../hosts/terminal.ts';
import { counted } from '../judge/amounts.ts';
import { reason } from '../reason-codes.ts';
import type { Chapter, Happening } from '../report/story.ts';
import { sinceStart } from './chapter.ts';
import type { ScenarioVerdict } from './verdict.ts';

const styles: Readonly<Record<Happening['who'], Style>> = {
  workflow: 'cyan',
  person: 'magenta',
  endpoint: 'blue',
  alarm: 'red',
  registry: 'gray',
  autoscaling: 'gray',
};

/** One release on a terminal: virtual time, actor, event; then the verdict. Colours only where the terminal has them. */
export const timelineOf = (chapter: Chapter, start: Instant): string =>
  [
    '',
    style('bold', chapter.title),
    ...chapter.happenings.map((happening) => `  ${sinceStart(happening.at, start)}  ${line(happening)}`),
  ].join('\n');

const line = ({ who, what, detail }: Happening): string =>
  who === 'workflow'
    ? `${style(styles[who], what.padEnd(15))}  ${detail}`
    : `${style(styles[who], who.padEnd(15))}  ${what}${detail === '' ? '' : `: ${detail}`}`;

/** Shapes and words tell them apart; colour only repeats it. A rollback that had to come is neither a success nor a fault. */
const endings = {
  success: { mark: '✔', how: 'green', suffix: '' },
  expected: { mark: '○', how: 'cyan', suffix: ', as expected' },
  wrong: { mark: '✘', how: 'red', suffix: ', NOT as expected' },
} as const satisfies Readonly<Record<string, { readonly mark: string; readonly how: Style; readonly suffix: string }>>;

const endingOf = ({ outcome, problems }: Pick<ScenarioVerdict, 'outcome' | 'problems'>): keyof typeof endings => {
  if (problems.length > 0) return 'wrong';
  return outcome === 'succeeded' ? 'success' : 'expected';
};

/** Under a list of scenarios. */
export const legend = `${endings.success.mark} succeeded, as expected   ${endings.expected.mark} ended otherwise, as expected   ${endings.wrong.mark} not as expected`;

/** @param expects whether an end other than a success was expected, and is called so */
export const verdictOfChapter = (chapter: Chapter, verdict: ScenarioVerdict, expects = true): string => {
  const { outcome, reason: code, because } = chapter.verdict;
  const ending = endingOf(verdict);
  const { mark, how } = endings[ending];
  const suffix = ending === 'expected' && !expects ? '' : endings[ending].suffix;
  return [
    `  ${style(how, `${mark} ${outcome}/${code}`)}${suffix}, after ${duration(chapter.endedAt - chapter.startedAt)}: ${because}`,
    `    meaning: ${reason(code).meaning}`,
    `    serves now: ${chapter.servesNow}`,
    ...verdict.problems.map((problem) => `    ${style('red', problem)}`),
  ].join('\n');
};

/** One line per scenario of `--all`. */
export const scenarioLine = (verdict: ScenarioVerdict): string => {
  const { mark, how } = endings[endingOf(verdict)];
  const end = `${verdict.outcome}/${verdict.reasonCode}`;
  const facts = `${duration(verdict.virtualSeconds * 1000)} in ${(verdict.wallMs / 1000).toFixed(1)} s, ${counted(verdict.requests, 'request')}, ${counted(verdict.mutations, 'write')}`;
  return [
    `${style(how, mark)} ${verdict.name.padEnd(28)} ${end.padEnd(32)} ${facts}`,
    ...verdict.problems.map((problem) => `    ${style('red', problem)}`),
  ].join('\n');
};
