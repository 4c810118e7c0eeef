import { duration, iso } from '../clock.ts';
import { reason } from '../reason-codes.ts';
import { type Renderers, renderers } from './findings/renderers.ts';
import { pageStyle } from './html-style.ts';
import { htmlTable } from './html-table.ts';
import { planAsText } from './plan.ts';
import { type Report, workOf } from './result.ts';
import { escapeXml } from './xml.ts';

/** The report of one run as a page on its own: no script, no font, no network. What the summary has, and the plots of its findings. */
export const runPage = (report: Report, table: Renderers = renderers): string => {
  const { result } = report;
  const title = `${workOf(result)}: ${result.outcome}`;
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${escapeXml(title)}</title>`,
    `<style>${pageStyle}</style></head><body><main>`,
    `<header><h1>${escapeXml(title)}</h1><p class="quiet">${escapeXml(lasted(report))}</p></header>`,
    `<div class="verdict ${result.outcome}"><span class="badge ${result.outcome}">${result.outcome}</span> <code>${result.reason}</code><p>${escapeXml(result.because)}</p></div>`,
    found(report, table),
    '<h3>What to do</h3>',
    `<p>${escapeXml(reason(result.reason).remedy).replace(/`([^`]+)`/g, '<code>$1</code>')}</p>`,
    facts('Result', 'output', result.outputs),
    facts('Inputs', 'input', report.inputs),
    course(report),
    result.plan === undefined
      ? ''
      : `<details><summary>Plan</summary><pre>${escapeXml(planAsText(result.plan))}</pre></details>`,
    ...report.remarks.map((remark) => `<p>${escapeXml(remark)}</p>`),
    '</main></body></html>',
    '',
  ]
    .filter((part, index, parts) => part !== '' || index === parts.length - 1)
    .join('\n');
};

const lasted = ({ result: { startedAt, endedAt } }: Report): string =>
  `Started ${startedAt}, ended ${endedAt}, took ${duration(Date.parse(endedAt) - Date.parse(startedAt))}.`;

const found = ({ result: { findings, because } }: Report, table: Renderers): string =>
  findings === undefined ? '' : (table[findings.is]?.html(findings, { because }) ?? '');

const facts = (title: string, column: string, values: Readonly<Record<string, string>>): string =>
  Object.keys(values).length === 0
    ? ''
    : `<h3>${title}</h3>\n${htmlTable(
        [column, 'value'],
        Object.entries(values).map(([name, value]) => [`<code>${escapeXml(name)}</code>`, escapeXml(value)]),
      )}`;

const course = ({ timeline }: Report): string =>
  timeline.length === 0
    ? ''
    : `<h3>What happened</h3>\n${htmlTable(
        ['UTC', 'done', ''],
        timeline.map(({ at, percent, because }) => [iso(at), `${percent} %`, escapeXml(because)]),
      )}`;
