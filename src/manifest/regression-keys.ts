import * as z from 'zod/mini';
import { type Criterion, type Margin, normalizations, tasks, usualConfidence } from './regression.ts';
import { askingKeys } from './regression-asking.ts';
import * as v from './values.ts';

/** `regression:` as it is written; `regression-policy.ts` gives it its meaning. */

const about = z.describe;

/** Above one half: a bound below it would be on the wrong side of the value. */
const confidence = () => {
  const error = 'a confidence; expected a number from 0.5 to 1, both excluded, e.g. 0.95';
  return z
    .number({ error })
    .check(z.gt(0.5, { error }), z.lt(1, { error }), about('One-sided confidence of the decision. Default: 0.95.'));
};

const marginError = 'a margin; expected a number above 0, e.g. 0.02, or a share of the baseline, e.g. 5% of baseline';

const aboveZero = (error: string) => z.number({ error }).check(z.gt(0, { error }));

/** `0.02`, or `5% of baseline`. */
const margin = () =>
  z.pipe(
    z.union(
      [
        z.number().check(z.gt(0, { error: marginError, abort: true })),
        z.string().check(z.regex(/^(?!0+(\.0+)?%)\d{1,4}(\.\d+)?% of baseline$/, { error: marginError, abort: true })),
      ],
      { error: marginError },
    ),
    z.transform(
      (written): Margin =>
        typeof written === 'number'
          ? { value: written, of: 'metric' }
          : { value: Number((Number.parseFloat(written) / 100).toPrecision(12)), of: 'baseline' },
    ),
  );

/** `0.02`, or `{ margin: 0.02, confidence: 0.99 }`. */
const withMargin = <const Is extends 'non-inferior' | 'equivalent' | 'max-drop' | 'must-improve-by'>(is: Is) =>
  z.pipe(
    z.union(
      [
        margin(),
        v.mapping({
          margin: margin().check(about('The margin, in the unit of the metric, or e.g. `5% of baseline`.')),
          confidence: z.optional(confidence()),
        }),
      ],
      { error: marginError },
    ),
    z.transform(
      (written): Decided =>
        'margin' in written
          ? { criterion: { is, margin: written.margin }, confidence: written.confidence ?? usualConfidence }
          : { criterion: { is, margin: written }, confidence: usualConfidence },
    ),
  );

/** `0.9`, or `{ value: 0.9, confidence: 0.99 }`. */
const limit = <const Is extends 'floor' | 'ceiling'>(is: Is) =>
  z.pipe(
    z.union(
      [
        v.quantity(`a ${is}`),
        v.mapping({ value: v.quantity(`a ${is}`).check(about('The limit.')), confidence: z.optional(confidence()) }),
      ],
      {
        error: `a ${is}; expected a number`,
      },
    ),
    z.transform(
      (written): Decided =>
        typeof written === 'number'
          ? { criterion: { is, value: written }, confidence: usualConfidence }
          : { criterion: { is, value: written.value }, confidence: written.confidence ?? usualConfidence },
    ),
  );

/** A criterion, and how sure its decision must be. */
export interface Decided {
  readonly criterion: Criterion;
  readonly confidence: number;
}

const parameters = {
  average: z.optional(
    v
      .choice('an average', ['macro', 'micro', 'weighted'])
      .check(about('Mean over classes: of classes, of rows, or of classes by their rows. Default: `macro`.')),
  ),
  beta: z.optional(
    aboveZero('a beta; expected a number above 0, e.g. 2').check(about('Of `f-beta`: the importance of recall.')),
  ),
  k: z.optional(v.whole('a k', 1, 1_000_000).check(about('Of `top-k`, `ndcg` and `hit-rate`: how many count.'))),
  quantile: z.optional(
    v.probability().check(about('Of `pinball` and `quantile-coverage`: the quantile that the model predicts.')),
  ),
  pairs: z.optional(
    v
      .choice('a way to pair classes', ['one-vs-rest', 'one-vs-one'])
      .check(about('Of `roc-auc` with several classes. Default: `one-vs-rest`.')),
  ),
};
const metricName = () =>
  v
    .words('a metric')
    .check(about('Name of a metric of the task, e.g. `accuracy`; of one class, e.g. `recall[versicolor]`.'));

const metric = z.union([metricName(), v.mapping({ metric: metricName(), ...parameters })], {
  error: 'a metric; expected its name, or a mapping with its name and parameters',
});

const rule = v.mapping({
  metric: metricName(),
  ...parameters,
  'non-inferior': z.optional(
    withMargin('non-inferior').check(about('The candidate is not worse than the baseline by the margin or more.')),
  ),
  equivalent: z.optional(withMargin('equivalent').check(about('Neither worse nor better by the margin or more.'))),
  superior: z.optional(
    z
      .pipe(
        v.mapping({ confidence: z.optional(confidence()) }),
        z.transform(
          (written): Decided => ({
            criterion: { is: 'superior' },
            confidence: written.confidence ?? usualConfidence,
          }),
        ),
      )
      .check(about('The candidate is better; write `{}` for the usual confidence.')),
  ),
  floor: z.optional(limit('floor').check(about("Smallest value of the candidate's metric."))),
  ceiling: z.optional(limit('ceiling').check(about("Largest value of the candidate's metric."))),
  'max-drop': z.optional(withMargin('max-drop').check(about('The candidate is worse by less than this.'))),
  'must-improve-by': z.optional(
    withMargin('must-improve-by').check(about('The candidate is better by more than this.')),
  ),
  slice: z.optional(
    v
      .words('a slice')
      .check(
        about(
          'The one slice of the rule: a condition of `slices`, or a value of a column, e.g. `country = DE`. Default: all rows, and each slice.',
        ),
      ),
  ),
  level: z.optional(
    v
      .choice('a level', ['fail', 'warn'])
      .check(about('`warn`: the decision is reported and changes no verdict. Default: `fail`.')),
  ),
});

export type RawRule = z.output<typeof rule>;
export type RawMetric = z.output<typeof metric>;

const label = z.union([z.string(), z.number(), z.boolean()], {
  error: 'a label; expected text, a number or a boolean',
});

const digest = () =>
  z
    .string({ error: 'a digest; expected sha256: and 64 hexadecimal digits' })
    .check(z.regex(/^sha256:[0-9a-f]{64}$/, { error: 'a digest; expected sha256: and 64 hexadecimal digits' }));

export const regressionKeys = v.mapping({
  task: v.choice('a task', tasks).check(about("The kind of the model's answers.")),
  dataset: z.optional(
    z
      .union(
        [
          v.words('a dataset'),
          v.mapping({
            path: v.words('a dataset').check(about('Path in the repository, or S3 location.')),
            digest: z.optional(
              digest().check(
                about('Digest of ids, labels and weights, as the report prints it; other rows are refused.'),
              ),
            ),
            version: z.optional(v.words('a version').check(about('Name of this state of the rows, for reports.'))),
            expires: z.optional(
              v
                .day('the last day of a dataset')
                .check(
                  about(
                    'Last day (UTC) on which the rows decide, e.g. `2026-12-31`; then the verdict is inconclusive.',
                  ),
                ),
            ),
          }),
        ],
        { error: 'a dataset; expected a path, or a mapping with path, digest, version and expires' },
      )
      .check(about('The golden rows: a path in the repository, or an S3 location.')),
  ),
  positive: z.optional(
    label.check(
      about(
        'Label of the positive class, as the rows have it: the number `1` and the text `"1"` differ. Binary classification.',
      ),
    ),
  ),
  metrics: z.optional(
    v
      .listOf('a list of metrics', metric, 1, 50)
      .check(about("Metrics to compare. One without a rule must be non-inferior by the task's default margin.")),
  ),
  rules: z.optional(
    v.listOf('a list of rules', rule, 1, 100).check(about('What a candidate must keep, each with one criterion.')),
  ),
  slices: z.optional(
    v
      .listOf('a list of slices', v.words('a slice'), 0, 50)
      .check(about('Parts of the data that must not get worse: a column, or a condition such as `age >= 65`.')),
  ),
  cluster: z.optional(
    v
      .words('a column')
      .check(about('Column whose rows belong together, such as a customer; they are resampled together.')),
  ),
  group: z.optional(v.words('a column').check(about('Column of the query. Ranking.'))),
  seed: z.optional(
    v
      .whole('a seed', 0, 4_294_967_295)
      .check(
        about('Of the resampling. Default: from the digest of the rows, so that the same rows give the same answer.'),
      ),
  ),
  'minimum-support': z.optional(
    v
      .mapping({
        rows: z.optional(
          v
            .whole('a number of rows', 1)
            .check(about('Rows of a slice; also its clusters, or the queries of a ranking. Default: 30.')),
        ),
        'rows-of-class': z.optional(
          v.whole('a number of rows', 1).check(about('Rows of each class that the metric needs. Default: 10.')),
        ),
      })
      .check(about('Below it a decision is inconclusive.')),
  ),
  missing: z.optional(
    v.share().check(about('Tolerated share of rows without an answer of either model, e.g. `1%`. Default: `0%`.')),
  ),
  ...askingKeys,
  normalization: z.optional(
    v
      .choice('a normalization', normalizations)
      .check(
        about(
          'Before texts are compared: `none`; `nfkc-casefold`: Unicode NFKC, lower case, single spaces; `squad`: also without punctuation and English articles. Default: `none`. Text.',
        ),
      ),
  ),
});

export type RawPolicy = z.output<typeof regressionKeys>;
