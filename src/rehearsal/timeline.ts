import { duration, type Instant } from '../clock.ts';
import { type Style, style } from '../hosts/terminal.ts';
import { reason } from '../reason-codes.ts';
import type { Chapter, Happening } from '../report/story.ts';
import { sinceStart } from './tell.ts';
import type { Verdict } from './verdict.ts';

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

export const verdictOfChapter = (chapter: Chapter, verdict: Verdict): string => {
  const { outcome, reason: code, because } = chapter.verdict;
  const good = verdict.problems.length === 0;
  return [
    `  ${style(good ? 'green' : 'red', `${good ? '✔' : '✘'} ${outcome}/${code}`)} after ${duration(chapter.endedAt - chapter.startedAt)}: ${because}`,
    `    meaning: ${reason(code).meaning}`,
    `    serves now: ${chapter.servesNow}`,
    ...verdict.problems.map((problem) => `    ${style('red', problem)}`),
  ].join('\n');
};

/** One line per scenario of `--all`. */
export const scenarioLine = (verdict: Verdict): string => {
  const good = verdict.problems.length === 0;
  const end = `${verdict.outcome}/${verdict.reasonCode}`;
  const facts = `${duration(verdict.virtualSeconds * 1000)} in ${(verdict.wallMs / 1000).toFixed(1)} s, ${verdict.requests} requests, ${verdict.mutations} writes`;
  return [
    `${style(good ? 'green' : 'red', good ? '✔' : '✘')} ${verdict.name.padEnd(28)} ${end.padEnd(32)} ${facts}`,
    ...verdict.problems.map((problem) => `    ${style('red', problem)}`),
  ].join('\n');
};
