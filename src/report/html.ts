import { duration, type Instant, iso } from '../clock.ts';
import { percent } from '../judge/amounts.ts';
import { reason } from '../reason-codes.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { type Chart, drawChart, niceTop, percentGrid, type Series } from './chart.ts';
import { evidenceChart } from './evidence-chart.ts';
import { type Renderers, renderers } from './findings/renderers.ts';
import { pageStyle } from './html-style.ts';
import { htmlTable } from './html-table.ts';
import type { AlarmRow, ArmMinute, Chapter, Happening, Story, StoryFleet } from './story.ts';
import { escapeXml } from './xml.ts';

/** A page on its own: no script, no font, no network. */
export const storyAsHtml = (story: Story, table: Renderers = renderers): string =>
  [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${escapeXml(story.title)}</title>`,
    `<style>${pageStyle}</style></head><body><main>`,
    `<header><h1>${escapeXml(story.title)}</h1><p>${escapeXml(story.about)}</p>${contents(story)}</header>`,
    ...story.chapters.map((chapter, i) => section(chapter, i, table)),
    '</main></body></html>',
    '',
  ].join('\n');

const minuteMs = 60_000;

const contents = ({ chapters }: Story): string =>
  htmlTable(
    ['Release', 'Verdict', 'Took', 'What serves afterwards'],
    chapters.map((chapter, i) => [
      `<a href="#release-${i + 1}">${escapeXml(chapter.title)}</a>`,
      badge(chapter),
      duration(chapter.endedAt - chapter.startedAt),
      escapeXml(chapter.servesNow),
    ]),
    'contents',
  );

const section = (chapter: Chapter, index: number, table: Renderers): string => {
  const { meaning, remedy } = reason(chapter.verdict.reason);
  const numbers = numbered(chapter.happenings);
  return [
    `<section id="release-${index + 1}">`,
    `<h2>${escapeXml(chapter.title)}</h2>`,
    `<div class="verdict ${chapter.verdict.outcome}">${badge(chapter)}<p>${escapeXml(chapter.verdict.because)}</p></div>`,
    charts(chapter, numbers),
    found(chapter, table),
    '<div class="columns">',
    `<div><h3>What it means</h3><p>${prose(meaning)}</p><h3>What to do</h3><p>${prose(remedy)}</p></div>`,
    `<div><h3>What serves now</h3><p>${escapeXml(chapter.servesNow)}</p><h3>How to undo it</h3><p>${escapeXml(chapter.undo)}</p></div>`,
    '</div>',
    '<h3>What happened</h3>',
    happenings(chapter, numbers, (happening) => happening.weight !== 'fine'),
    `<details><summary>Every step</summary>${happenings(chapter, numbers, () => true)}</details>`,
    '<div class="columns">',
    `<div><h3>Inputs</h3>${definitions(chapter.inputs)}</div>`,
    `<div><h3>Alarms</h3>${alarms(chapter.alarms, chapter.startedAt)}</div>`,
    '</div>',
    minutesTable(chapter),
    '</section>',
  ].join('\n');
};

/** Reason codes are written with Markdown's code marks. */
const prose = (text: string): string => escapeXml(text).replace(/`([^`]+)`/g, '<code>$1</code>');

const badge = ({ verdict }: Chapter): string =>
  `<span class="badge ${verdict.outcome}">${verdict.outcome}</span> <code>${verdict.reason}</code>`;

/** Happening → its number in the charts. */
const numbered = (all: readonly Happening[]): ReadonlyMap<Happening, number> =>
  new Map(all.filter(({ weight }) => weight === 'marked').map((happening, i) => [happening, i + 1]));

const charts = (chapter: Chapter, numbers: ReadonlyMap<Happening, number>): string => {
  if (!chapter.candidate && !chapter.baseline)
    return '<p class="quiet">No traffic was moved, so there is nothing to draw.</p>';
  const legend = `<p class="legend">${legendEntry('candidate', 'candidate', chapter.candidate)}${legendEntry('baseline', 'baseline', chapter.baseline)}</p>`;
  const drawn = [shareChart(chapter, numbers), errorChart(chapter, numbers)].map((chart) => figure(chart, 110));
  const evidence = evidenceChart(chapter.evidence, frame(chapter, numbers));
  return [legend, ...drawn, ...(evidence ? [figure(evidence, 110, evidenceLegend)] : [])].join('\n');
};

const legendEntry = (style: string, name: string, arm: StoryFleet | undefined): string =>
  arm
    ? `<span class="key ${style}"></span><span>${name} <strong>${escapeXml(arm.label)}</strong> <code>${escapeXml(arm.endpointConfig)}</code></span>`
    : '';

const evidenceLegend =
  '<p class="legend"><span class="key worse"></span><span>that the candidate is worse</span><span class="key healthy"></span><span>that it is healthy, anew on every step</span></p>';

/** Drawn twice, for a desk and for a phone: scaling one drawing would shrink its text. */
const figure = (chart: Chart, plotHeight: number, legend = ''): string =>
  `<figure><figcaption>${escapeXml(chart.title)}</figcaption>${legend}<div class="wide">${drawChart(chart, 860, plotHeight)}</div><div class="narrow">${drawChart(chart, 350, plotHeight)}</div></figure>`;

const frame = (chapter: Chapter, numbers: ReadonlyMap<Happening, number>) => {
  const least = chapter.startedAt + 5 * minuteMs;
  return {
    from: chapter.startedAt - 2 * minuteMs,
    to: Math.max(chapter.endedAt, least) + 2 * minuteMs,
    origin: chapter.startedAt,
    bucketMs: minuteMs,
    bands: chapter.bakes,
    marks: [...numbers].map(([happening, number]) => ({ at: happening.at, number })),
  };
};

const shareChart = (chapter: Chapter, numbers: ReadonlyMap<Happening, number>): Chart => {
  const totals = new Map<Instant, number>();
  for (const { minute, requests } of chapter.minutes) totals.set(minute, (totals.get(minute) ?? 0) + requests);
  const shareOf = ({ minute, requests }: ArmMinute): number | undefined => {
    const total = totals.get(minute) ?? 0;
    return total === 0 ? undefined : (100 * requests) / total;
  };
  return {
    title: 'Traffic share: % of requests, by minute',
    ...frame(chapter, numbers),
    ...percentAxis(100),
    form: 'shares',
    series: seriesOf(chapter, shareOf),
    thresholds: [],
  };
};

const errorChart = (chapter: Chapter, numbers: ReadonlyMap<Happening, number>): Chart => {
  const rate = ({ requests, errors }: ArmMinute): number | undefined =>
    requests === 0 ? undefined : (100 * errors) / requests;
  const series = seriesOf(chapter, rate);
  const highest = Math.max(0, ...series.flatMap(({ values }) => values.map(({ value }) => value ?? 0)));
  const threshold = chapter.errorThreshold === undefined ? undefined : 100 * chapter.errorThreshold;
  return {
    title: 'Error rate: % of each version’s requests, by minute',
    ...frame(chapter, numbers),
    ...percentAxis(niceTop(Math.max(highest, (threshold ?? 0) * 1.5, 1))),
    form: 'lines',
    series,
    thresholds: threshold === undefined ? [] : [{ value: threshold, label: `alarm above ${percent(threshold / 100)}` }],
  };
};

const percentAxis = (top: number) => ({ bottom: 0, top, grid: percentGrid(top) });

const seriesOf = (chapter: Chapter, value: (minute: ArmMinute) => number | undefined): Series[] =>
  (['candidate', 'baseline'] as const).flatMap((arm) => {
    const named = chapter[arm];
    if (!named) return [];
    const minutes = chapter.minutes.filter((minute) => minute.arm === arm);
    return [
      {
        style: arm,
        label: `${arm} ${named.label}`,
        values: minutes.map((minute) => ({ at: minute.minute, value: value(minute) })),
      },
    ];
  });

const found = ({ findings, minutes, verdict: { because } }: Chapter, table: Renderers): string =>
  findings === undefined
    ? ''
    : (table[findings.is]?.html(findings, { because, ...withoutUndefined({ minutes }) }) ?? '');

const happenings = (
  chapter: Chapter,
  numbers: ReadonlyMap<Happening, number>,
  wanted: (happening: Happening) => boolean,
): string =>
  `<ol class="happenings">${chapter.happenings
    .filter(wanted)
    .map((happening) => {
      const number = numbers.get(happening);
      const mark = number === undefined ? '<span class="dot"></span>' : `<span class="number">${number}</span>`;
      return `<li>${mark}<time datetime="${iso(happening.at)}" title="${iso(happening.at)}">${sinceStart(happening.at, chapter.startedAt)}</time><span class="who">${happening.who}</span><span><strong>${escapeXml(happening.what)}</strong> ${escapeXml(happening.detail)}</span></li>`;
    })
    .join('')}</ol>`;

/** `+12:30`: minutes and seconds since the release began. */
const sinceStart = (at: Instant, start: Instant): string => {
  const total = Math.round(Math.abs(at - start) / 1000);
  return `${at < start ? '−' : '+'}${Math.floor(total / 60)}:${String(total % 60).padStart(2, '0')}`;
};

const alarms = (rows: readonly AlarmRow[], start: Instant): string =>
  rows.length === 0
    ? '<p class="quiet">None.</p>'
    : `<ul class="alarms">${rows
        .map((row) => {
          const changes = row.changes.map(
            ({ at, state }) =>
              `<li>${sinceStart(at, start)} <strong class="state-${escapeXml(state)}">${escapeXml(state)}</strong></li>`,
          );
          return `<li><code>${escapeXml(row.name)}</code><br>${escapeXml(row.watches)}${changes.length > 0 ? `<ul>${changes.join('')}</ul>` : ''}</li>`;
        })
        .join('')}</ul>`;

const definitions = (entries: readonly (readonly [string, string])[]): string =>
  `<dl>${entries.map(([name, value]) => `<dt>${escapeXml(name)}</dt><dd>${escapeXml(value)}</dd>`).join('')}</dl>`;

const minutesTable = (chapter: Chapter): string => {
  const instants = [...new Set(chapter.minutes.map(({ minute }) => minute))].sort((a, b) => a - b);
  if (instants.length === 0) return '';
  const cells = (minute: Instant, arm: 'baseline' | 'candidate'): string[] => {
    const found = chapter.minutes.find((one) => one.minute === minute && one.arm === arm);
    return [String(found?.requests ?? 0), String(found?.errors ?? 0), String(found?.clientErrors ?? 0)];
  };
  const rows = instants.map((minute) => [
    sinceStart(minute, chapter.startedAt),
    ...cells(minute, 'candidate'),
    ...cells(minute, 'baseline'),
  ]);
  return `<details><summary>The numbers behind the charts</summary>${htmlTable(['Minute from', ...['candidate', 'baseline'].flatMap((arm) => [`${arm} requests`, `${arm} errors`, `${arm} 4xx`])], rows, 'numbers')}</details>`;
};
