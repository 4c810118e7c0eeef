import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadRegression } from '../src/manifest/load.ts';
import { tasks } from '../src/manifest/regression.ts';
import { type MetricFacts, metricsOf } from '../src/manifest/regression-metrics.ts';
import { compare } from '../src/regression/compare.ts';
import { regressionFindings } from '../src/regression/findings.ts';
import { measureOf } from '../src/regression/metrics/measure-of.ts';
import { scoredRows } from '../src/regression/scoring/scored-rows.ts';
import { fileSource } from '../src/regression/scoring/source.ts';
import { marginText } from '../src/regression/units.ts';
import { regressionText } from '../src/report/regression/text.ts';

/** The metrics of every task: parameters, and the margin that a metric without a rule gets. */
export const metricTables = (): string =>
  [...tasks.map((task) => ({ title: task, facts: own(task) })), { title: 'every task', facts: shared() }]
    .map(({ title, facts }) =>
      [
        `**${title}**`,
        '',
        '| metric | | parameters | default margin |',
        '| --- | --- | --- | --- |',
        ...facts.map(
          ([name, { does, parameters, defaultMargin }]) =>
            `| \`${name}\` | ${does} | ${parameters.map((parameter) => `\`${parameter}\``).join(' ')} | ${defaultMargin === undefined ? 'none: it needs a rule' : marginText(name, defaultMargin)} |`,
        ),
      ].join('\n'),
    )
    .join('\n\n');

type Facts = readonly (readonly [string, MetricFacts])[];
const factsOf = (task: keyof typeof metricsOf): Facts => Object.entries<MetricFacts>(metricsOf[task]);
const isShared = (name: string): boolean => tasks.every((task) => name in metricsOf[task]);
const own = (task: keyof typeof metricsOf): Facts => factsOf(task).filter(([name]) => !isShared(name));
const shared = (): Facts => factsOf('text').filter(([name]) => isShared(name));

/**
 * The command's output for two files of `examples/regression`.
 * @param root of the repository
 */
export const exampleOutput = async (root: string, candidate: string, baseline: string): Promise<string> => {
  const folder = join(root, 'examples/regression');
  const policy = loadRegression(readFileSync(join(folder, 'policy.yml'), 'utf8'), 'policy.yml');
  const scored = await scoredRows(policy, {
    candidate: fileSource(join(folder, candidate)),
    baseline: fileSource(join(folder, baseline)),
  });
  const comparison = compare(policy, scored, measureOf);
  const found = regressionFindings(comparison, scored, { candidate, baseline, redacted: false });
  return [
    '```console',
    `$ model-delivery compare --candidate ${candidate} --baseline ${baseline} --policy policy.yml`,
    regressionText(found),
    '```',
  ].join('\n');
};

/** An example's file. @param path below `examples` */
export const exampleFile = (root: string, path: string): string =>
  ['```yaml', readFileSync(join(root, 'examples', path), 'utf8').trimEnd(), '```'].join('\n');
