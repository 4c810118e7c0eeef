import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** What the command found about one act. */
export interface ActFigures {
  readonly act: string;
  readonly requests: number;
  readonly changes: number;
  readonly boundaries: number;
  readonly worlds: number;
  readonly points: number;
}

export interface Totals {
  readonly points: number;
  /** How many of both there are; a limit of time may leave some out. */
  readonly allPoints: number;
  readonly allSchedules: number;
  readonly schedules: number;
  readonly seed: number;
  readonly violations: number;
  readonly seconds: number;
  readonly cores: number;
}

const page = resolve(import.meta.dirname, '../../docs/reliability.md');
const [begin, end] = ['<!-- figures: npm run test:crash -- --write -->', '<!-- /figures -->'];

/** @throws when the page has lost the marks between which the figures stand */
export const writeFigures = (acts: readonly ActFigures[], totals: Totals): void => {
  const text = readFileSync(page, 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${page} has no ${begin} … ${end}`);
  writeFileSync(page, `${text.slice(0, from + begin.length)}\n${figuresAsText(acts, totals)}${text.slice(to)}`);
};

const count = (value: number): string => value.toLocaleString('en');

export const figuresAsText = (acts: readonly ActFigures[], totals: Totals): string => {
  const sum = (of: (act: ActFigures) => number): string => count(acts.reduce((total, act) => total + of(act), 0));
  return [
    '',
    '| act | requests | of them changes | boundaries | worlds | points |',
    '| --- | ---: | ---: | ---: | ---: | ---: |',
    ...acts.map((one) =>
      row(
        `\`${one.act}\``,
        count(one.requests),
        count(one.changes),
        count(one.boundaries),
        count(one.worlds),
        count(one.points),
      ),
    ),
    row(
      'all',
      sum(({ requests }) => requests),
      sum(({ changes }) => changes),
      sum(({ boundaries }) => boundaries),
      sum(({ worlds }) => worlds),
      sum(({ points }) => points),
    ),
    '',
    `**Crash points ${of(totals.points, totals.allPoints)}, random schedules ${of(totals.schedules, totals.allSchedules)} (seeds ${totals.seed} to ${totals.seed + totals.allSchedules - 1}), violations ${totals.violations}**, in ${Math.ceil(totals.seconds / 60)} minutes on ${totals.cores} cores.`,
    '',
  ].join('\n');
};

/** `1,344`, or `20 of 1,344` when time was up before. */
const of = (played: number, all: number): string => (played === all ? count(all) : `${count(played)} of ${count(all)}`);

const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
