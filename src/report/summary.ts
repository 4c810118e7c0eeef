import { duration, iso } from '../clock.ts';
import { type Offer, offers } from '../offers.ts';
import type { Plan } from '../operation.ts';
import type { Outcome } from '../outcome.ts';
import { shellOption } from '../plain-text.ts';
import { reason } from '../reason-codes.ts';
import { courseMarkdown } from './course.ts';
import { type Renderers, renderers } from './findings/renderers.ts';
import { code, link, prose } from './markdown.ts';
import { planAsMarkdown } from './plan.ts';
import { type Report, type Result, type TimelineEntry, workOf } from './result.ts';

/** GitHub refuses a larger summary for one step, whole (runner FileCommandManager). */
const largestSummaryBytes = 1024 * 1024;

const marks: Readonly<Record<Outcome, string>> = {
  succeeded: '✅',
  pending: '⏳',
  'rolled-back': '↩️',
  rejected: '⛔',
  inconclusive: '❔',
  'timed-out': '⌛',
  cancelled: '🛑',
  failed: '❌',
};

/** The job summary: first the outcome, then the inputs, the plan, the timeline and the remedy. Markdown. */
export const summaryOf = (report: Report, table: Renderers = renderers): string => {
  const sections = [
    verdict(report),
    serving(report),
    found(report, table),
    report.course === undefined ? '' : courseMarkdown(report.course),
    inputs(report),
    plan(report.result.plan),
    timeline(report.timeline),
    outputs(report),
    whereToLook(report),
    next(report),
    remarks(report),
  ];
  return withinLimit(`${sections.filter((section) => section !== '').join('\n\n')}\n`);
};

/** The part of a summary for a pull request, where readers see the outcome first and open the rest: no inputs, timeline or outputs. */
export const digestOf = (report: Report, table: Renderers = renderers): string =>
  [
    verdict(report),
    about(report),
    serving(report),
    found(report, table),
    collapsed('Plan', report.result.plan && planAsMarkdown(report.result.plan)),
    next(report),
    remarks(report),
  ]
    .filter((section) => section !== '')
    .join('\n\n');

/** A comment stands far from its run's inputs. */
const about = ({ inputs }: Report): string =>
  ['environment', 'version', 'to']
    .flatMap((name) => (inputs[name] ? [`${name} ${code(inputs[name])}`] : []))
    .join(', ');

const collapsed = (title: string, markdown: string | undefined): string =>
  markdown === undefined ? '' : `<details><summary>${title}</summary>\n\n${markdown}\n\n</details>`;

const verdict = ({ result }: Report): string => {
  const took = duration(Date.parse(result.endedAt) - Date.parse(result.startedAt));
  return [
    `## ${marks[result.outcome]} ${workOf(result)}: ${result.outcome}`,
    '',
    `\`${result.reason}\`: ${prose(result.because)}`,
    '',
    `${reason(result.reason).meaning} Started ${result.startedAt}, ended ${result.endedAt}, took ${took}.`,
  ].join('\n');
};

const inputs = (report: Report): string => table('Inputs', 'input', report.inputs);

const plan = (planned: Plan | undefined): string => (planned ? `### Plan\n\n${planAsMarkdown(planned)}` : '');

const timeline = (entries: readonly TimelineEntry[]): string =>
  entries.length === 0
    ? ''
    : [
        '### What happened',
        '',
        '| UTC | done | |',
        '| --- | ---: | --- |',
        ...entries.map((entry) => `| ${iso(entry.at)} | ${entry.percent} % | ${prose(entry.because)} |`),
      ].join('\n');

const outputs = ({ result }: Report): string => table('Result', 'output', result.outputs);

/** A place without a page has its name alone. */
const whereToLook = ({ places = [], result: { dryRun } }: Report): string =>
  dryRun || places.length === 0
    ? ''
    : [
        '### Where to look',
        '',
        ...places.map(({ title, name, url }) => `- ${url === undefined ? title : link(title, url)}: ${code(name)}`),
      ].join('\n');

/** After a failure, people look for this first. Absent where the operation moves no endpoint, or did not observe it. */
const serving = ({ result }: Report): string => {
  const config = result.outputs['serving-endpoint-config'];
  if (!config) return '';
  const version = result.outputs['serving-version'];
  return `### What serves now\n\n${version ? `**${prose(version)}** (${code(config)})` : code(config)}`;
};

/** The findings alone; empty without any. */
export const found = ({ result: { findings } }: Pick<Report, 'result'>, table: Renderers = renderers): string =>
  findings === undefined ? '' : (table[findings.is]?.summary(findings) ?? '');

/** The findings in a few sentences, where their kind has such a form. @param most characters */
export const inBrief = (
  { findings }: Pick<Result, 'findings'>,
  most: number,
  table: Renderers = renderers,
): string | undefined => (findings === undefined ? undefined : table[findings.is]?.brief?.(findings, most));

const next = (report: Report): string => {
  const { result, url } = report;
  const undo = undoOf(report);
  return [
    '### What to do',
    '',
    `${reason(result.reason).remedy}`,
    ...(undo === undefined ? [] : ['', undo]),
    ...(url ? ['', link('The run', url)] : []),
  ].join('\n');
};

/** By the operation's offer; undefined when the run changed nothing, or when there is no earlier state. */
const undoOf = ({ result: { operation, reason, outputs }, inputs }: Report): string | undefined => {
  const { undo }: Offer = offers[operation];
  if (!undo?.after.includes(reason) || !outputs[undo.needs]) return undefined;
  const values = [
    ...undo.keeps.map((name) => [name, inputs[name]] as const),
    ...Object.entries(undo.sets).map(
      ([name, from]) => [name, from.map((output) => outputs[output]).find(Boolean)] as const,
    ),
  ];
  const options = values.map(([name, value]) => (value === undefined ? '' : shellOption(name, value))).join('');
  return `To undo it: ${code(`model-delivery ${undo.by}${options}`)}, or the \`${undo.by}\` action with the same inputs.`;
};

const remarks = (report: Report): string => report.remarks.map((remark) => `> ${prose(remark)}`).join('\n>\n');

const table = (title: string, column: string, rows: Readonly<Record<string, string>>): string =>
  Object.keys(rows).length === 0
    ? ''
    : [
        `### ${title}`,
        '',
        `| ${column} | value |`,
        '| --- | --- |',
        ...Object.entries(rows).map(([name, value]) => `| ${code(name)} | ${prose(value) || '–'} |`),
      ].join('\n');

const withinLimit = (markdown: string): string => {
  const note = '\n\n> The summary ends here: GitHub accepts at most 1 MiB. The log is complete.\n';
  const bytes = Buffer.from(markdown, 'utf8');
  if (bytes.length <= largestSummaryBytes) return markdown;
  const kept = bytes.subarray(0, largestSummaryBytes - Buffer.byteLength(note, 'utf8')).toString('utf8');
  // Cut at a line: half a table row or half a character would spoil the page.
  return kept.slice(0, kept.lastIndexOf('\n')) + note;
};
