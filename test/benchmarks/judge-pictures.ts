import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { needsBurstGuard } from '../../src/judge/burst-guard.ts';
import { beginJudging, observeBucket, verdictOf } from '../../src/judge/judge.ts';
import type { Verdict } from '../../src/judge/verdict.ts';
import { streamOf } from './cell.ts';
import { percent, sameSetting, spares } from './judge-promises.ts';
import type { CellSummary } from './judge-summary.ts';
import { bucketOf, policyFor } from './judges/ours.ts';
import { scenarios } from './scenarios.ts';
import type { Setting } from './stream.ts';
import { area, bar, colours, dot, type Frame, line, mark, type Point, path, picture, text } from './svg.ts';

const setting: Setting = { requestsPerSecond: 50, bucketSeconds: 60, plan: 'fixed' };
const shown = [
  { name: 'judge', short: 'judge' },
  { name: 'alarm 3 of 3 x 1 min', short: 'alarm' },
  { name: 'ratio alarm', short: 'ratio alarm' },
  { name: 'Argo counters', short: 'Argo' },
  { name: 'Flagger loop', short: 'Flagger' },
  { name: 'Kayenta, six looks', short: 'Kayenta' },
];

/** The pictures of docs/judge.md: two single runs, and what all runs of the results came to. */
export const drawPictures = (cells: readonly CellSummary[], folder: string): void => {
  mkdirSync(folder, { recursive: true });
  const usual = cells.filter((cell) => sameSetting(cell.setting, setting));
  const write = (name: string, content: string): void => writeFileSync(join(folder, name), content);
  write('judge-evidence.svg', evidencePicture());
  write('judge-proof.svg', proofPicture());
  write('judge-healthy-models.svg', nullsPicture(usual));
  write('judge-harm.svg', harmPicture(usual));
};

const verdictsOf = (scenario: string, run: number): readonly Verdict[] => {
  const stream = streamOf({ scenario, setting }, run);
  let judging = beginJudging(policyFor(stream, needsBurstGuard(stream.history).needed));
  return stream.rows.map((row) => {
    judging = observeBucket(judging, bucketOf(row));
    return verdictOf(judging);
  });
};

const frame: Frame = { width: 760, height: 360, left: 64, right: 24, top: 56, bottom: 48 };
const xOf = (minute: number, minutes: number): number =>
  frame.left + ((frame.width - frame.left - frame.right) * minute) / minutes;
const yOf = (share: number): number => frame.height - frame.bottom - share * (frame.height - frame.top - frame.bottom);

const minuteAxis = (minutes: number): readonly string[] => [
  line([frame.left, yOf(0)], [frame.width - frame.right, yOf(0)], '#999'),
  ...[0, 1, 2, 3, 4, 5, 6].map((tick) =>
    text(xOf((tick * minutes) / 6, minutes), yOf(0) + 18, String((tick * minutes) / 6), {
      anchor: 'middle',
      fill: '#666',
    }),
  ),
  text(frame.width - frame.right, yOf(0) + 36, 'minutes since the candidate got its first requests', {
    anchor: 'end',
    fill: '#666',
  }),
];

const legendAt = [70, 150, 400];

const evidencePicture = (): string => {
  const curves = [
    { name: 'healthy', scenario: 'clean', colour: colours[0] },
    { name: 'ten times the errors from minute 30', scenario: 'onset', colour: colours[1] },
    { name: 'healthy, outages in both arms', scenario: 'shared-outages', colour: colours[4] },
  ];
  // From one ten-thousandth to a million.
  const at = (log: number): number => yOf(Math.min(1, Math.max(0, (log / Math.LN10 + 4) / 10)));
  const body = curves.flatMap(({ scenario, colour }) => {
    const verdicts = verdictsOf(scenario, 1);
    const end = verdicts.findIndex(({ decision }) => decision === 'rollback');
    const points = verdicts
      .slice(0, end < 0 ? undefined : end + 1)
      .map(({ logEvidence }, minute): Point => [xOf(minute + 1, 60), at(logEvidence)]);
    const last = points.at(-1);
    return [
      path(points, colour),
      ...(end >= 0 && last ? [dot(last, colour), text(last[0] + 10, last[1] + 4, 'rolled back')] : []),
    ];
  });
  return picture('Evidence that the candidate is worse, minute by minute', frame, [
    ...minuteAxis(60),
    ...[-4, -2, 0, 2, 4, 6].map((power) =>
      text(
        frame.left - 8,
        at(power * Math.LN10) + 4,
        power === 0 ? '1' : power < 0 ? `1/${10 ** -power}` : String(10 ** power),
        {
          anchor: 'end',
          fill: '#666',
        },
      ),
    ),
    line(
      [frame.left, at(Math.log(100))],
      [frame.width - frame.right, at(Math.log(100))],
      '#d1495b',
      'stroke-dasharray="6 4"',
    ),
    text(frame.left + 6, at(Math.log(100)) - 6, '100 convicts (false-rollback 0.01)', { fill: '#d1495b' }),
    ...curves.flatMap(({ name, colour }, index) => [
      bar(legendAt[index] ?? 0, 33, 10, 10, colour),
      text((legendAt[index] ?? 0) + 14, 42, name),
    ]),
    ...body,
  ]);
};

const proofPicture = (): string => {
  const minutes = 18;
  const verdicts = verdictsOf('half-percent', 2).slice(0, minutes);
  const most = 0.02;
  const at = (excess: number): number => yOf(Math.min(1, Math.max(0, (excess + most / 2) / (1.5 * most))));
  const bounds = (which: 0 | 1): readonly Point[] =>
    verdicts.map(({ evidence }, minute) => [xOf(minute + 1, minutes), at(evidence['errors']?.interval[which] ?? 0)]);
  const first = verdicts.findIndex(({ decision }) => decision === 'promote');
  return picture('How much worse can it still be? The bound closes on a healthy candidate', frame, [
    ...minuteAxis(minutes),
    ...[-0.01, 0, 0.01, 0.02].map((excess) =>
      text(frame.left - 8, at(excess) + 4, `${(100 * excess).toFixed(0)} %`, { anchor: 'end', fill: '#666' }),
    ),
    area(bounds(1), bounds(0), colours[0]),
    path(
      verdicts.map(({ evidence }, minute): Point => [xOf(minute + 1, minutes), at(evidence['errors']?.excess ?? 0)]),
      colours[0],
    ),
    line([frame.left, at(0.005)], [frame.width - frame.right, at(0.005)], '#4062bb', 'stroke-dasharray="6 4"'),
    text(frame.width - frame.right, at(0.005) - 6, 'excess-below: 0.5 %', { anchor: 'end', fill: '#4062bb' }),
    ...(first < 0
      ? []
      : [
          line([xOf(first + 1, minutes), yOf(0)], [xOf(first + 1, minutes), yOf(1)], '#999', 'stroke-dasharray="2 4"'),
          text(
            xOf(first + 1, minutes) + 6,
            yOf(1) + 12,
            `proven after ${verdicts[first]?.candidateRequests} candidate requests`,
          ),
        ]),
    text(
      frame.left + 6,
      42,
      "candidate's error rate minus the baseline's, and what is not excluded with 95 % confidence",
    ),
  ]);
};

const labelled = (cells: readonly CellSummary[], kind: 'null' | 'regression') =>
  scenarios
    .filter((scenario) => scenario.kind === kind && !scenario.starved)
    .flatMap((scenario) => {
      const cell = cells.find((found) => found.scenario === scenario.name);
      return cell ? [{ scenario, cell }] : [];
    });

const rowHeight = 20;
const labels = 400;

/** A column for each judge: the bar is the share of its runs, to the full width of the column. */
const nullsPicture = (cells: readonly CellSummary[]): string => {
  const rows = labelled(cells, 'null');
  const column = 96;
  const bars = column - 44;
  const tall: Frame = { ...frame, width: labels + shown.length * column + 10, height: 76 + rows.length * rowHeight };
  return picture('Healthy models that were rolled back', tall, [
    ...shown.map(({ short }, place) =>
      text(labels + place * column, 50, short, { weight: 600, fill: colours[place] ?? '#000' }),
    ),
    ...rows.flatMap(({ scenario, cell }, index) => {
      const y = 62 + index * rowHeight;
      return [
        ...(index % 2 === 0 ? [bar(8, y, tall.width - 16, rowHeight, '#f5f5f5')] : []),
        text(16, y + 14, scenario.says),
        ...shown.flatMap(({ name }, place) => {
          const found = cell.contestants.find((one) => one.name === name);
          if (!found) return [];
          const share = found.rolledBack / cell.runs;
          const x = labels + place * column;
          const length = Math.max(1, share * bars);
          return [
            bar(x, y + 5, length, 10, colours[place] ?? '#000'),
            text(x + length + 4, y + 14, percent(share), { size: 10, fill: '#666' }),
          ];
        }),
      ];
    }),
  ]);
};

/** Powers of ten. */
const mostHarmed = 5;

const harmPicture = (cells: readonly CellSummary[]): string => {
  const rows = labelled(cells, 'regression');
  const tall: Frame = { ...frame, width: 960, left: labels + 60, height: 130 + rows.length * rowHeight };
  const bottom = tall.height - 40;
  const at = (harmed: number): number =>
    tall.left + ((tall.width - tall.left - 40) * Math.min(mostHarmed, Math.log10(Math.max(1, harmed)))) / mostHarmed;
  return picture('Requests harmed by a bad model before it was taken back (mean of all runs)', tall, [
    ...shown.flatMap(({ name, short }, place) => [
      mark([24 + place * 110, 42], colours[place] ?? '#000', spares(cells, setting, name)),
      text(36 + place * 110, 46, short),
    ]),
    text(16, 68, 'Hollow: rolls back 5 % of the healthy models or more, all scenarios together.', { fill: '#666' }),
    ...Array.from({ length: mostHarmed + 1 }, (_, power) => 10 ** power).flatMap((harmed) => [
      line([at(harmed), 80], [at(harmed), bottom], '#e3e3e3'),
      text(at(harmed), bottom + 16, harmed.toLocaleString('en'), { anchor: 'middle', fill: '#666' }),
    ]),
    ...rows.flatMap(({ scenario, cell }, index) => {
      const y = 92 + index * rowHeight;
      return [
        text(16, y + 4, scenario.says),
        ...[...shown.entries()].reverse().flatMap(([place, { name }]) => {
          const found = cell.contestants.find((one) => one.name === name);
          return found ? [mark([at(found.harmedMean), y], colours[place] ?? '#000', spares(cells, setting, name))] : [];
        }),
      ];
    }),
  ]);
};
