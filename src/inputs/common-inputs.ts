import { rolePattern } from '../manifest/values.ts';
import { readMemory } from '../memory.ts';
import { publicationNames, type Wish } from '../report/publications/publications.ts';
import {
  choice,
  durationField,
  type Field,
  flag,
  InputError,
  type OutputSchema,
  optional,
  text,
  type ValuesOf,
} from '../schema.ts';
import { quoted } from '../secrets.ts';

/** Without any time a run could not even ask for its credentials. */
const someTime = (field: Field<number>): Field<number> => ({
  ...field,
  parse: (value, source) => {
    const found = field.parse(value, source);
    if (found > 0) return found;
    throw new InputError(
      `${source}: ${quoted(value)} leaves the run no time to begin; expected e.g. 30s, 10m or 2h. For one look without a wait there is wait: false`,
    );
  },
});

/** The inputs of every operation on every host, besides its own. */
export const commonInputs = {
  'dry-run': flag({
    description: 'Read, check and print the plan; write nothing.',
    default: false,
  }),
  wait: flag({
    description:
      'Wait for the end. With `false` the run ends as `pending` as soon as it would have to wait, and sets `resume-token`.',
    default: true,
  }),
  'resume-token': optional<string>({
    kind: 'text',
    required: false,
    description:
      'The `resume-token` of an earlier run with `wait: false`. Optional: without it the run finds the release in its record.',
    parse: (value, source) => {
      readMemory(value, source);
      return value;
    },
  }),
  timeout: someTime(
    durationField({
      // Half an hour below the six hours a GitHub-hosted job may last, so that the end is always reported.
      description: 'How long to wait for the end before the run settles the release and ends as `timed-out`.',
      default: '330m',
      example: '2h',
    }),
  ),
};
export type CommonInputs = ValuesOf<typeof commonInputs>;

/** The files that a host on a machine of the user's writes; `hosts/report-files.ts`. */
export const reportFileInputs = {
  junit: optional(
    text({
      description:
        'Write the result to this file as JUnit XML, however it ends: a test case for the run, and for each of its findings.',
      example: 'report.xml',
    }),
  ),
  html: optional(
    text({
      description: 'Write the result to this file as an HTML page, however it ends, with the plots of its findings.',
      example: 'report.html',
    }),
  ),
};

/** @param fallback the wish of users who write none */
const publishInput = (fallback: 'auto' | 'none'): Field<Wish> => ({
  kind: 'text',
  required: false,
  default: fallback,
  example: 'comment check',
  description:
    'Publications at GitHub besides outputs and job summary: one or more of `comment`, `check` and `deployment`, or `none`. `auto`: on a pull request a comment, and for `approve-gate` and `regression-test` also a check. See `docs/github.md`.',
  parse: (value, source) => {
    if (value === 'auto') return value;
    if (value === 'none') return [];
    const names = value.split(/[\s,]+/).filter((name) => name !== '');
    const unknown = names.filter((name) => !publicationNames.some((known) => known === name));
    if (names.length === 0 || unknown.length > 0)
      throw new InputError(
        `${source}: ${quoted(unknown[0] ?? value)} is not a publication; expected auto, none, or names of ${publicationNames.join(', ')}`,
      );
    return publicationNames.filter((name) => names.includes(name));
  },
});

/** On the command line nothing is published unless the user names it: a shell may hold a token for other work. */
export const commandPublishInput = { publish: publishInput('none') };

/** The inputs of a GitHub step only: the command line has its exit code instead. */
export const githubInputs = {
  ...reportFileInputs,
  publish: publishInput('auto'),
  'github-token': {
    kind: 'text',
    required: false,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the runner puts the token in its place.
    default: '${{ github.token }}',
    description: 'Token for GitHub: to publish, and to read the decisions of people there.',
    // A runner without a token, such as a rehearsal, leaves the expression as it is.
    parse: (value) => (value.startsWith('${{') ? undefined : value),
    shown: () => '***',
  } satisfies Field<string | undefined>,
  'on-pending': choice({
    description: 'Whether the outcome `pending` makes the step fail or lets the job continue.',
    choices: ['fail', 'continue'],
    default: 'fail',
  }),
  'on-change': choice({
    description:
      'With `dry-run`: whether a plan that would change something makes the step fail. `fail` turns a dry run into a check that the requested version serves.',
    choices: ['continue', 'fail'],
    default: 'continue',
  }),
  role: optional(
    text({
      description:
        "Role to assume instead of the manifest's role, by its name or ARN; for a job that plans and must not be able to deploy.",
      example: 'model-planner',
      pattern: rolePattern,
      allowed: 'the name or ARN of a role',
    }),
  ),
};

/** CodePipeline ends a custom action after 24 hours, whatever it is doing. The last hour is for settling the release. */
export const longestJobSeconds = 23 * 3600;

/** The inputs of a CodePipeline job instead: it always waits, and CodePipeline keeps its token. */
export const jobInputs = {
  'dry-run': commonInputs['dry-run'],
  timeout: {
    ...durationField({
      description:
        'How long the action may take before the run settles the release and ends as `timed-out`; at most 23h.',
      default: '23h',
      example: '2h',
    }),
    parse: (value: string, source: string) => {
      const found = commonInputs.timeout.parse(value, source);
      if (found <= longestJobSeconds) return found;
      throw new InputError(`${source}: ${quoted(value)} is too long; CodePipeline gives an action 24h, so 23h at most`);
    },
  },
};
export type JobInputs = ValuesOf<typeof jobInputs>;

export interface CommonOutputs {
  readonly outcome: string;
  readonly 'reason-code': string;
  readonly result: string;
  readonly 'resume-token': string;
  readonly 'endpoint-key': string;
  readonly 'endpoint-url': string;
  readonly 'regression-test': string;
  readonly 'would-change': string;
}

/** The first three are always set, the others when their values are known. */
export const commonOutputs: OutputSchema<CommonOutputs> = {
  outcome: {
    description:
      'Outcome of the run: `succeeded`, `pending`, `rolled-back`, `rejected`, `inconclusive`, `timed-out`, `cancelled` or `failed`.',
    example: 'succeeded',
  },
  'reason-code': {
    description: 'Reason of the outcome, one of the codes in `docs/reason-codes.md`.',
    example: 'delivered',
  },
  result: {
    description:
      'The whole result as JSON with `schema-version`; it contains no ARN and no account id, so GitHub does not drop it.',
    example: '{"schema-version":1,"outcome":"succeeded",…}',
  },
  'resume-token': {
    description: 'With `wait: false`: the `resume-token` for a later run.',
  },
  'endpoint-key': {
    description: 'Names the endpoint, its account and its region for a `concurrency` group; the account is hashed.',
    example: 'churn-1a2b3c4d',
  },
  'endpoint-url': {
    description:
      'Page of the endpoint in the console of its partition, for the `url` of a GitHub environment; it has no account id.',
    example: 'https://eu-west-1.console.aws.amazon.com/sagemaker/home?region=eu-west-1#/endpoints/churn',
  },
  'regression-test': {
    description:
      'When the manifest has `regression:`: `before-deploy` or `before-shift`, the action before which `regression-test` has to pass; empty where no verdict is needed.',
    example: 'before-deploy',
  },
  'would-change': {
    description: 'With `dry-run`: `true` when there is something to change, `false` when there is not.',
    example: 'true',
  },
};
