import { duration, seconds } from '../clock.ts';
import type { Plan } from '../operation.ts';
import { oneLine } from '../plain-text.ts';
import { servingSentence } from './findings/evidence-words.ts';
import { metricsLines, metricsSection } from './findings/metrics.ts';
import { sectionMarkdown } from './findings/section.ts';
import { code, prose } from './markdown.ts';

/** For a log or a terminal. Each line of the plan is one line of the log: foreign text cannot begin another. */
export const planAsText = (plan: Plan): string =>
  [
    plan.title,
    ...(plan.changes.length === 0 ? ['  nothing to change'] : []),
    ...plan.changes.flatMap((change) => [
      `  ${change.verb.padEnd(6)} ${change.object}`,
      ...change.details.map((detail) => `           ${detail}`),
    ]),
    ...(plan.metrics === undefined
      ? []
      : [
          `  metrics: ${servingSentence(plan.metrics.serves)}`,
          ...metricsLines(plan.metrics).map((line) => `           ${line}`),
        ]),
    ...plan.notes.map((note) => `  note: ${note}`),
    `  expected: ${expectationOf(plan)}`,
    `  permissions: ${plan.permissions.join(', ') || 'none'}`,
  ]
    .map(oneLine)
    .join('\n');

/** For a job summary. */
export const planAsMarkdown = (plan: Plan): string =>
  [
    `**${prose(plan.title)}**`,
    '',
    ...(plan.changes.length === 0
      ? ['Nothing to change.']
      : [
          '| | object | details |',
          '| --- | --- | --- |',
          ...plan.changes.map(
            (change) => `| ${change.verb} | ${prose(change.object)} | ${change.details.map(prose).join('<br>')} |`,
          ),
        ]),
    '',
    ...plan.notes.map((note) => `- ${prose(note)}`),
    `- Expected: ${prose(expectationOf(plan))}.`,
    '',
    ...(plan.metrics === undefined ? [] : [sectionMarkdown(metricsSection(plan.metrics), 4), '']),
    '<details><summary>Permissions this run needs</summary>',
    '',
    ...(plan.permissions.length === 0 ? ['None.'] : plan.permissions.map((permission) => `- ${code(permission)}`)),
    '',
    '</details>',
  ].join('\n');

/** `20m, at its peak 8 × ml.m5.large`. */
const expectationOf = (plan: Plan): string => {
  const peak = Object.entries(plan.peakInstances).map(([type, count]) => `${count} × ${type}`);
  const time = duration(seconds(plan.expectedSeconds));
  return peak.length === 0 ? time : `${time}, at its peak ${peak.join(', ')}`;
};
