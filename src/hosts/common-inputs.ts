import { rolePattern } from '../manifest/values.ts';
import {
  choice,
  durationField,
  flag,
  InputError,
  type OutputSchema,
  optional,
  text,
  type ValuesOf,
} from '../schema.ts';
import { quoted } from '../secrets.ts';
import { readMemory } from './memory.ts';

/** What every operation takes on every host, besides its own inputs. */
export const commonInputs = {
  'dry-run': flag({
    description: 'Read, check and print the plan; write nothing.',
    default: false,
  }),
  wait: flag({
    description:
      'Wait for the end. With `false` the run ends, `pending`, as soon as it would have to wait, and sets `resume-token`.',
    default: true,
  }),
  'resume-token': optional<string>({
    kind: 'text',
    required: false,
    description:
      'The `resume-token` of an earlier run with `wait: false`. Not needed: without it the release record is found.',
    parse: (value, source) => {
      readMemory(value, source);
      return value;
    },
  }),
  timeout: durationField({
    // Half an hour below the six hours a GitHub-hosted job may last, so that the end is always reported.
    description: 'How long to wait for the end before the run brings the far side to rest and ends as `timed-out`.',
    default: '330m',
    example: '2h',
  }),
};
export type CommonInputs = ValuesOf<typeof commonInputs>;

/** What only a GitHub step needs: the command line says it by its exit code. */
export const githubInputs = {
  'on-pending': choice({
    description: 'Whether the outcome `pending` makes the step fail or lets the job continue.',
    choices: ['fail', 'continue'],
    default: 'fail',
  }),
  'on-change': choice({
    description:
      'With `dry-run`: whether a plan that would change something makes the step fail. `fail` turns a dry run into a check that what serves is what was asked.',
    choices: ['continue', 'fail'],
    default: 'continue',
  }),
  role: optional(
    text({
      description:
        'Role to assume instead of the one the manifest names, by its name or ARN; for a job that plans and must not be able to deploy.',
      example: 'model-planner',
      pattern: rolePattern,
      allowed: 'the name or ARN of a role',
    }),
  ),
};
export type GithubInputs = ValuesOf<typeof githubInputs>;

/** CodePipeline ends a custom action after 24 hours, whatever it is doing; the last hour is for coming to rest. */
export const longestJobSeconds = 23 * 3600;

/** What a CodePipeline job takes instead: it always waits, and its token is CodePipeline's business. */
export const jobInputs = {
  'dry-run': commonInputs['dry-run'],
  timeout: {
    ...durationField({
      description: 'How long the action may take before the far side is brought to rest; at most 23h.',
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
  readonly 'would-change': string;
}

/** The first three are set whatever happened, the others when what they say is known. */
export const commonOutputs: OutputSchema<CommonOutputs> = {
  outcome: {
    description:
      'How it ended: `succeeded`, `pending`, `rolled-back`, `rejected`, `inconclusive`, `timed-out`, `cancelled` or `failed`.',
    example: 'succeeded',
  },
  'reason-code': {
    description: 'Why, as one of the codes in `docs/reason-codes.md`.',
    example: 'delivered',
  },
  result: {
    description:
      'Everything as JSON with `schema-version`; it contains no ARN and no account id, so GitHub does not drop it.',
    example: '{"schema-version":1,"outcome":"succeeded",…}',
  },
  'resume-token': {
    description: 'With `wait: false`: what a later run may be given as `resume-token`.',
  },
  'endpoint-key': {
    description: 'Names the endpoint, its account and its region for a `concurrency` group; the account is hashed.',
    example: 'churn-1a2b3c4d',
  },
  'would-change': {
    description: 'With `dry-run`: `true` when there is something to change, `false` when there is not.',
    example: 'true',
  },
};
