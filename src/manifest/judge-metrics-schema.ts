import * as z from 'zod/mini';
import { withoutUndefined } from '../without-undefined.ts';
import type { OwnMetric, OwnSeries, OwnSources } from './manifest.ts';
import type { Refuse } from './refuse.ts';
import * as v from './values.ts';

/** `metrics` of `judge:`: counts of the user's own, in CloudWatch. */

const about = z.describe;

/** GetMetricData takes 500 queries, and one call reads both versions (AWS: "GetMetricData"). */
const mostQueries = 500;

/** Keys of a line of buckets (`commands/bucket-lines.ts`): it has the metrics beside these. */
export const keysOfLines: readonly string[] = [
  't',
  'arm',
  'n',
  'err',
  'err4xx',
  'cells',
  'edges',
  'p99',
  'sum',
  'max',
  'seconds',
  'share',
  'moved',
];

const placeholders = ['{endpoint}', '{variant}', '{endpoint-config}', '{version}'] as const;
const placeholderPattern = /\{[^{}]*\}/g;

const namespace = () =>
  v.text(
    'a namespace; expected 1 to 255 letters, digits and . - _ / # :, e.g. Acme/Churn',
    /^[A-Za-z0-9._/#][A-Za-z0-9._/#:-]*$/,
    255,
  );

/** PutMetricData, Dimension: at most 30, ASCII, names of 255 and values of 1,024 characters, and no name begins with a colon. */
const dimensions = () =>
  z.record(
    v.text('a name of a dimension; expected e.g. VariantName', /^(?!:)[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/, 255),
    v
      .text('a value; expected text', /^[\x20-\x7e]*[\x21-\x7e][\x20-\x7e]*$/)
      .check(
        z.refine(
          (value) =>
            (value.match(placeholderPattern) ?? []).every((found) => placeholders.some((known) => known === found)),
          { error: `has an unknown placeholder; allowed here: ${placeholders.join(', ')}` },
        ),
      ),
    { error: 'a mapping; expected names of dimensions and their values' },
  );

const dimensionsKey = z.optional(
  dimensions().check(
    z.refine((found) => Object.keys(found).length <= 30, { error: 'has more than 30 dimensions' }),
    about(
      `Dimensions of the metric. Placeholders in a value: \`{variant}\`, \`{version}\` (the registered version, which a container can have in its environment), \`{endpoint-config}\` and \`{endpoint}\`.`,
    ),
  ),
);
const namespaceKey = z.optional(namespace().check(about('Namespace of the metric in CloudWatch.')));

const series = () =>
  v.mapping({
    metric: v.words('a metric').check(z.maxLength(255), about('Name of the metric in CloudWatch.')),
    statistic: z.optional(
      v
        .text(
          'a statistic that counts; expected Sum, SampleCount or a trimmed count, e.g. TC(0.1:0.2)',
          /^(Sum|SampleCount|TC\((-?[0-9.]+)?:(-?[0-9.]+)?\))$/,
        )
        .check(
          about(
            'Default: `Sum`. `SampleCount` counts values; `TC(0.1:0.2)` counts the values above 0.1 and up to 0.2: a decile of a score.',
          ),
        ),
    ),
    namespace: namespaceKey,
    dimensions: dimensionsKey,
  });

const cellName = () => v.text('a name of a cell; expected 1 to 100 characters on one line', /^\S(.*\S)?$/, 100);

const events = {
  bad: z.optional(series().check(about('The count of bad events, e.g. empty answers.'))),
  good: z.optional(series().check(about('Instead of `bad`: the count of good events; too few of them convict.'))),
  cells: z.optional(
    z
      .record(cellName(), series(), { error: 'a mapping; expected names of cells, and a metric for each' })
      .check(
        about(
          'Instead of `bad`: a distribution, one count for each class or each part of a score. The event is a change of the shares.',
        ),
      ),
  ),
  of: z.optional(
    series().check(
      about('The count of which the events are a part. Default: requests; with `cells` the sum of the cells.'),
    ),
  ),
};
const source = { namespace: namespaceKey, dimensions: dimensionsKey, ...events };

const ownMetric = v.mapping({
  name: v
    .text(
      'a name; expected lower-case letters, digits and hyphens, e.g. empty-answers',
      /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
      60,
    )
    .check(
      z.refine((name) => !/^(errors|client-errors|latency-.*)$/.test(name), {
        error: 'is the name of a metric that the judge has already',
      }),
      // A count is a member of an object by this name, and every object has one of these already.
      z.refine((name) => !(name in {}), { error: 'is taken; expected another name' }),
      z.refine((name) => !keysOfLines.includes(name), {
        error: 'is the name of a key in files of buckets; expected another name',
      }),
      about('Its name in plans, reports and files of buckets.'),
    ),
  ...source,
  candidate: z.optional(
    v
      .mapping(source)
      .check(
        about(
          'Where no dimension distinguishes the versions: the metric of the new version; the keys are those of the metric.',
        ),
      ),
  ),
  baseline: z.optional(
    v.mapping(source).check(about('With `candidate`: the metric of the version that serves, with the same cells.')),
  ),
  verdict: z.optional(
    v
      .choice('a choice', ['convict', 'hold'])
      .check(
        about(
          'The effect of a difference. `convict` takes the traffic back; `hold` keeps the weight where it is until a person gives the command `promote-now`, or `max-step` ends the rollout. Default: `convict`; with `cells` `hold`, because a new model may differ on purpose.',
        ),
      ),
  ),
  'worse-than': z.optional(
    v
      .ratio()
      .check(
        about(
          "Only a difference by more than this factor counts. Default: the judge's `worse-than`; with `cells` `2x`.",
        ),
      ),
  ),
  weight: z.optional(
    z
      .number({ error: 'a weight; expected a number above 0 and up to 100' })
      .check(
        z.gt(0, { error: 'a weight; expected a number above 0 and up to 100' }),
        z.lte(100, { error: 'a weight; expected a number above 0 and up to 100' }),
        about(
          'Parts of the budget `false-rollback` that the metric gets. Errors have two, latency has two. Default: 1. Not with `verdict: hold`, which convicts nothing.',
        ),
      ),
  ),
  'excess-below': z.optional(
    v
      .share()
      .check(about('Health must also be proven by this metric: its excess is below this share. Only with `bad`.')),
  ),
  absent: z.optional(
    v
      .choice('a choice', ['zero', 'unknown'])
      .check(
        about(
          'The meaning of a minute with requests and without a data point of an event. Default `zero`: no such event. `unknown`: the publisher sends zeros, so it is missing.',
        ),
      ),
  ),
});
type Written = z.output<typeof ownMetric>;
type WrittenSource = NonNullable<Written['candidate']>;

export const judgeMetrics = v
  .listOf('a list of metrics', ownMetric, 1, 50)
  .check(
    about('Counts of your own that both versions publish to CloudWatch; the judge compares them as it does errors.'),
  );

/** @param refuse is called for each problem */
export const ownMetricsOf = (written: readonly Written[], refuse: Refuse): readonly OwnMetric[] => {
  const found = written.flatMap((one, index): OwnMetric | readonly OwnMetric[] => {
    const refuseHere: Refuse = (problem, ...path) => refuse(problem, index, ...path);
    if (written.findIndex(({ name }) => name === one.name) < index)
      refuseHere('is a second metric of this name', 'name');
    return metricOf(one, refuseHere) ?? [];
  });
  const queries = found.reduce((sum, { candidate, baseline }) => sum + queriesOf(candidate) + queriesOf(baseline), 0);
  if (queries > mostQueries)
    refuse(`have ${queries} counts for both versions together; CloudWatch answers at most ${mostQueries} in one call`);
  return found;
};

const queriesOf = ({ events: counted, of }: OwnSources): number => counted.length + (of ? 1 : 0);

const metricOf = (written: Written, refuse: Refuse): OwnMetric | undefined => {
  const { name, candidate, baseline, weight, absent = 'zero', ...rest } = written;
  if ((candidate === undefined) !== (baseline === undefined)) {
    refuse(`needs \`${candidate ? 'baseline' : 'candidate'}\` too`, candidate ? 'candidate' : 'baseline');
    return undefined;
  }
  const own: readonly (keyof typeof events)[] = ['bad', 'good', 'cells', 'of'];
  const both = candidate && own.find((key) => rest[key] !== undefined);
  if (both !== undefined) refuse('stands in `candidate` and `baseline` where these are given', both);
  const one = sourcesOf(candidate ? within(rest, candidate) : rest, (problem, ...path) =>
    refuse(problem, ...(candidate ? ['candidate'] : []), ...path),
  );
  const other = baseline
    ? sourcesOf(within(rest, baseline), (problem, ...path) => refuse(problem, 'baseline', ...path))
    : one;
  if (one === undefined || other === undefined) return undefined;
  if (one.counts !== other.counts || one.cells?.join('\n') !== other.cells?.join('\n'))
    refuse('counts other events than `candidate`', 'baseline');
  if ((one.sources.of === undefined) !== (other.sources.of === undefined))
    refuse('has `of` for one version only', 'baseline');
  const { counts, cells } = one;
  const verdict = rest.verdict ?? (counts === 'cells' ? 'hold' : 'convict');
  if (verdict === 'hold' && weight !== undefined)
    refuse(`is a part of the budget for rollbacks, and a metric with the verdict hold takes nothing back`, 'weight');
  if (rest['excess-below'] !== undefined && counts !== 'bad')
    refuse('needs `bad`: an excess is one of bad events', 'excess-below');
  return {
    name,
    counts,
    verdict,
    absent,
    candidate: one.sources,
    baseline: other.sources,
    ...withoutUndefined({
      cells,
      weight,
      worseThan: rest['worse-than'],
      excessBelow: rest['excess-below'],
    }),
  };
};

/** An arm's own keys, and those of the metric around it. */
const within = ({ namespace: common, dimensions: shared }: WrittenSource, arm: WrittenSource): WrittenSource => ({
  ...arm,
  namespace: arm.namespace ?? common,
  dimensions: { ...shared, ...arm.dimensions },
});

interface Sourced extends Pick<OwnMetric, 'counts' | 'cells'> {
  readonly sources: OwnSources;
}

const sourcesOf = (written: WrittenSource, refuse: Refuse): Sourced | undefined => {
  const { bad, good, cells, of } = written;
  const given = Object.entries({ bad, good, cells }).filter(([, one]) => one !== undefined);
  const [first, second] = given;
  if (first === undefined) {
    refuse('has no count; expected `bad`, `good` or `cells`');
    return undefined;
  }
  if (second !== undefined) {
    refuse(`stands beside \`${first[0]}\`; expected one of \`bad\`, \`good\` and \`cells\``, second[0]);
    return undefined;
  }
  if (good !== undefined && of === undefined) refuse('needs `of`, the count of which the good ones are a part', 'good');
  const names = cells && Object.keys(cells);
  if (names !== undefined && names.length < 2 && of === undefined)
    refuse('has one cell, which is all of its own sum; expected two or more cells, or `of`', 'cells');
  const seriesAt = (one: z.output<ReturnType<typeof series>>, ...path: readonly string[]): OwnSeries => {
    const found = one.namespace ?? written.namespace;
    if (found === undefined) refuse('has no namespace; expected `namespace` here or at the metric', ...path);
    return {
      namespace: found ?? '',
      metric: one.metric,
      statistic: one.statistic ?? 'Sum',
      dimensions: { ...written.dimensions, ...one.dimensions },
    };
  };
  const single = bad ?? good;
  return {
    counts: bad ? 'bad' : good ? 'good' : 'cells',
    sources: {
      events: single
        ? [seriesAt(single, bad ? 'bad' : 'good')]
        : Object.entries(cells ?? {}).map(([cell, one]) => seriesAt(one, 'cells', cell)),
      ...(of ? { of: seriesAt(of, 'of') } : {}),
    },
    ...(names ? { cells: names } : {}),
  };
};

/** @returns the reason why the metric would have no effect: SageMaker moves the traffic by its own timer, and no verdict holds it */
export const holdsNothing = ({ verdict }: OwnMetric, bySteps: boolean): string | undefined =>
  verdict === 'hold' && !bySteps
    ? 'has the verdict hold (the default for cells), and under this strategy SageMaker moves the traffic by its own timer: nothing can be held; expected `verdict: convict`, or strategy: steps'
    : undefined;

/** @returns the reason why the series of both versions would be the same under a rollout; undefined when they differ */
export const notApart = ({ candidate, baseline }: OwnMetric, bySteps: boolean): string | undefined => {
  const all = (sources: OwnSources): readonly OwnSeries[] => [...sources.events, ...(sources.of ? [sources.of] : [])];
  const apart = bySteps ? '{variant}' : '{endpoint-config}';
  if (bySteps && JSON.stringify([candidate, baseline]).includes('{endpoint-config}'))
    return 'has {endpoint-config} in a dimension: with steps both variants belong to one endpoint configuration, which begins with the release; expected {variant} or {version}';
  const distinct = all(candidate).every((one, index) => {
    const other = all(baseline)[index];
    const tells = Object.values(one.dimensions).some((value) => value.includes(apart) || value.includes('{version}'));
    return tells || JSON.stringify(one) !== JSON.stringify(other);
  });
  if (distinct) return undefined;
  const why = bySteps ? '' : ' (under this strategy both fleets have the name of one variant)';
  return `has the same data for both versions${why}; expected ${apart} or {version} in the dimensions of each count, or \`candidate\` and \`baseline\``;
};
