import * as z from 'zod/mini';
import { withoutUndefined } from '../without-undefined.ts';
import {
  type Asking,
  type BaselineSite,
  type CandidateSite,
  type Predictions,
  type RequestForm,
  type ResponseForm,
  type Selector,
  type Transform,
  versionMark,
} from './asking.ts';
import type { Refuse } from './refuse.ts';
import type { Task } from './regression.ts';
import { bestOfKey } from './regression-best-of.ts';
import { attributionOf, biasOf, clarifyKeys } from './regression-clarify.ts';
import { commandKey, commandOf } from './regression-command.ts';
import { contractKey, contractOf } from './regression-contract.ts';
import { labelsKey } from './regression-labels.ts';
import { loadKeys, loadOf } from './regression-load.ts';
import * as v from './values.ts';

/** The keys of `regression:` that say how the models are asked. */

const about = z.describe;

const predictions = (version: string) =>
  v.mapping({
    predictions: v
      .words('a file of predictions')
      .check(
        about(
          `File of predictions, as \`model-delivery compare\` reads it: a path in the repository, or an S3 location. ${version}`,
        ),
      ),
  });

const transform = () =>
  v.mapping({
    transform: v
      .mapping({
        instance: v.instanceType().check(about('Instance type of the batch transform job.')),
        instances: z.optional(v.whole('a number of instances', 1, 100).check(about('Default: 1.'))),
      })
      .check(about('A batch transform job over all rows, instead of requests to an endpoint.')),
  });

const selector = (what: string) =>
  z.union([v.words(`a selector of ${what}`), v.whole('a column', 0, 9999)], {
    error: `a selector; expected a JSONPath such as $.predictions[0].label, or the number of a CSV column, from 0`,
  });

const label = () =>
  z.union([z.string(), z.number(), z.boolean()], { error: 'a label; expected text, a number or a boolean' });

export const askingKeys = {
  candidate: z.optional(
    z
      .union(
        [
          v.choice('a place', ['temporary', 'dark-variant']),
          v.mapping({
            temporary: v
              .mapping({ instance: v.instanceType().check(about('Instance type of the temporary endpoint.')) })
              .check(about('An endpoint that is made for the test, on an instance type of its own.')),
          }),
          v.mapping({
            environment: v
              .words('an environment')
              .check(about('An environment whose endpoint serves the version already.')),
            role: z.optional(
              v
                .role()
                .check(
                  about(
                    'Role of that environment, which `regression-test` assumes for its endpoint: name or ARN. Needed where it is in another account.',
                  ),
                ),
            ),
          }),
          transform(),
          predictions('It contains `{version}`, which stands for the version under test.'),
        ],
        {
          error:
            'a place; expected temporary, dark-variant, or a mapping with temporary, environment, transform or predictions',
        },
      )
      .check(
        about(
          "Where the candidate answers. `temporary`: an endpoint that is made for the test and removed after it, with one instance of the environment's type. `dark-variant`: the variant without traffic that `deploy-endpoint` made for `shift-traffic`. Default: `temporary`.",
        ),
      ),
  ),
  baseline: z.optional(
    z
      .union(
        [v.choice('a place', ['serving']), transform(), predictions('`{version}` stands for the version that serves.')],
        {
          error: 'a place; expected serving, or a mapping with transform or predictions',
        },
      )
      .check(
        about('Where the baseline answers. `serving`: the version that serves in the environment. Default: `serving`.'),
      ),
  ),
  request: z.optional(
    v
      .mapping({
        'content-type': v.contentType().check(about('Content type of the request, e.g. `text/csv`.')),
        accept: z.optional(v.contentType().check(about('Content type that the answer is to have.'))),
        input: z
          .union([v.listOf('a list of columns', v.words('a column'), 1, 2000), v.words('a selector')], {
            error: 'an input; expected a list of columns, or one column or JSONPath',
          })
          .check(
            about(
              "Columns of the row in the order of the model's inputs: a CSV line, or `$row` of `body`. Or one column or JSONPath whose value is the body itself, or `$row`.",
            ),
          ),
        body: z.optional(
          z.unknown().check(about('JSON body with `$row` where the input belongs, e.g. `{ instances: [$row] }`.')),
        ),
      })
      .check(about('A golden row as a request; one row is one request.')),
  ),
  response: z.optional(
    v
      .mapping({
        prediction: z.optional(
          selector('the prediction').check(
            about(
              'The prediction in the answer: a JSONPath, or the number of a CSV column, from 0. Default of CSV: 0.',
            ),
          ),
        ),
        score: z.optional(
          selector('the score').check(
            about(
              'The score in the answer: the probability of the positive class; of several classes a mapping of them, or a list in the order of `classes`.',
            ),
          ),
        ),
        threshold: z.optional(
          v
            .probability()
            .check(
              about('Binary classification without `prediction`: scores from here on are `positive`. Default: 0.5.'),
            ),
        ),
        classes: z.optional(
          v
            .listOf('a list of classes', label(), 2, 10_000)
            .check(about('The classes in the order of a list of scores. Multiclass classification.')),
        ),
      })
      .check(about('The prediction and the score in an answer.')),
  ),
  also: z.optional(
    v
      .listOf(
        'a list of golden sets',
        v.mapping({
          name: v.words('a name').check(about('Name of the golden set, for reports.')),
          dataset: v.words('a dataset').check(about('Its rows: a path in the repository, or an S3 location.')),
        }),
        1,
        10,
      )
      .check(
        about(
          'Older golden sets, with the same columns. The rules decide about each of them on its own, so that the candidate forgets nothing.',
        ),
      ),
  ),
  labels: labelsKey,
  command: commandKey,
  concurrency: z.optional(
    v.whole('a number of requests', 1, 64).check(about('Requests at a time to each model. Default: 4.')),
  ),
  'valid-for': z.optional(
    v.duration().check(about('How long a passing verdict lets a delivery begin. Default: `168h`.')),
  ),
  ...bestOfKey,
  ...contractKey,
  ...clarifyKeys,
  ...loadKeys,
};

type RawAsking = { readonly [Key in keyof typeof askingKeys]?: z.output<(typeof askingKeys)[Key]> };
const usualConcurrency = 4;
const usualValidity = 7 * 24 * 3600;
const usualThreshold = 0.5;

/** The meaning of the keys, and their defaults. @param refuse is called for each problem */
export const askingOf = (task: Task, written: RawAsking, refuse: Refuse): Asking => {
  const { request, response, also = [], concurrency = usualConcurrency } = written;
  for (const [at, { name }] of also.entries())
    if (also.findIndex((one) => one.name === name) < at) refuse('is there twice', 'also', at, 'name');
  const candidate = candidateOf(written.candidate, refuse);
  return {
    candidate,
    baseline: baselineOf(written.baseline),
    also,
    concurrency,
    validForSeconds: written['valid-for'] ?? usualValidity,
    ...withoutUndefined({
      command: commandOf(written.command, candidate, refuse),
      load: loadOf(written.load, candidate, refuse),
      request: request && requestOf(request, refuse),
      response: responseOf(task, request?.accept ?? request?.['content-type'], response, refuse),
      // Absent by default, so that a policy that does not name it keeps its digest.
      changedLabels: written.labels?.['changed-with-model'] === 'allow' ? ('allowed' as const) : undefined,
      bestOf: written['best-of'],
      contract: written.contract && contractOf(written.contract, request?.input, refuse),
      bias: written.bias && biasOf(written.bias, refuse),
      attribution: written.attribution && attributionOf(written.attribution),
    }),
  };
};

const candidateOf = (written: RawAsking['candidate'] = 'temporary', refuse: Refuse): CandidateSite => {
  if (written === 'temporary' || written === 'dark-variant') return { is: written };
  if ('temporary' in written) return { is: 'temporary', instance: written.temporary.instance };
  if ('predictions' in written && !written.predictions.includes(versionMark))
    refuse(
      `has no ${versionMark}, so a file about one version would let every later one pass; expected e.g. ${JSON.stringify(written.predictions.replace(/(\.[^./]*)?$/, `-${versionMark}$1`))}`,
      'candidate',
      'predictions',
    );
  if (!('environment' in written)) return elsewhereOf(written);
  return {
    is: 'environment',
    environment: written.environment,
    ...withoutUndefined({ role: written.role }),
  };
};

const elsewhereOf = (
  written: z.output<ReturnType<typeof transform>> | z.output<ReturnType<typeof predictions>>,
): Transform | Predictions =>
  'transform' in written
    ? { is: 'transform', instance: written.transform.instance, instances: written.transform.instances ?? 1 }
    : { is: 'predictions', path: written.predictions };

const baselineOf = (written: RawAsking['baseline'] = 'serving'): BaselineSite =>
  written === 'serving' ? { is: 'serving' } : elsewhereOf(written);

export const isJson = (contentType: string): boolean => /^application\/(.*\+)?json(lines)?$/i.test(contentType);

const requestOf = (
  { 'content-type': contentType, accept, input, body }: NonNullable<RawAsking['request']>,
  refuse: Refuse,
): RequestForm => {
  if (body !== undefined && !isJson(contentType))
    refuse(`belongs to a JSON request, and the content type is ${contentType}`, 'request', 'body');
  if (body !== undefined && !hasRow(body)) refuse('has no $row: every request would be the same', 'request', 'body');
  if (typeof input !== 'string' && body === undefined && contentType !== 'text/csv')
    refuse(
      isJson(contentType)
        ? 'a list of columns needs a body, e.g. body: { instances: [$row] }'
        : `a list of columns is a CSV line, and the content type is ${contentType}; name one column whose value is the body`,
      'request',
      'input',
    );
  return { contentType, input, ...withoutUndefined({ accept, body }) };
};

/** Whether `$row` is somewhere in a JSON body. */
const hasRow = (value: unknown): boolean =>
  value === '$row' || (typeof value === 'object' && value !== null && Object.values(value).some(hasRow));

/** @param answers content type of the answers, as far as it is known */
const responseOf = (
  task: Task,
  answers: string | undefined,
  written: NonNullable<RawAsking['response']> | undefined,
  refuse: Refuse,
): ResponseForm | undefined => {
  if (written === undefined && answers === undefined) return undefined;
  const { prediction, score, threshold, classes } = written ?? {};
  if (threshold !== undefined && (task !== 'binary-classification' || prediction !== undefined))
    refuse('belongs to binary classification without prediction', 'response', 'threshold');
  if (classes !== undefined && task !== 'multiclass-classification')
    refuse(`belongs to multiclass-classification, and the task is ${task}`, 'response', 'classes');
  // A ranking has scores alone.
  if (task === 'ranking' && score === undefined) {
    refuse(
      'response needs score: a JSONPath such as $.scores[0], or the number of a CSV column',
      ...(written === undefined ? [] : ['response']),
    );
    return undefined;
  }
  const fromScore = score !== undefined && task !== 'regression' && task !== 'text';
  const first: Selector | undefined = answers === 'text/csv' && !fromScore ? 0 : undefined;
  const chosen = prediction ?? first;
  if (chosen === undefined && !fromScore)
    refuse(
      'response needs prediction: a JSONPath such as $.predictions[0].label, or the number of a CSV column',
      ...(written === undefined ? [] : ['response']),
    );
  return { threshold: threshold ?? usualThreshold, ...withoutUndefined({ prediction: chosen, score, classes }) };
};
