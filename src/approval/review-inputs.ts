import { type Field, InputError, optional, text, type ValuesOf } from '../schema.ts';
import { quoted } from '../secrets.ts';

const number = (description: string): Field<number | undefined> => ({
  kind: 'integer',
  required: false,
  description,
  example: '7',
  parse: (value, source) => {
    if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
    throw new InputError(`${source}: ${quoted(value)} is not a number of GitHub's; expected e.g. 7`);
  },
});

/** The inputs of single modes. */
export const reviewInputs = {
  'github-environment': optional(
    text({
      description:
        'With `mode: record`: the GitHub environment whose reviews count. Default: `approval.github-environment` of the manifest, which allows no other; else the name of the environment in the manifest.',
      example: 'production-approval',
      pattern: /^\S(?:.*\S)?$/,
      allowed: 'a name without space at its ends',
    }),
  ),
  'pull-request': number(
    'With `mode: comment`: number of the pull request whose comments count. Default: the one of the event, or of the commit.',
  ),
  issue: number('With `mode: comment`: number of the issue whose comments count, instead of a pull request.'),
  'price-per-minute': {
    kind: 'text',
    required: false,
    description:
      "With `mode: wait`: the price in US dollars of a minute on this runner, for the line with the cost; `0` for none. Default: GitHub's public price for the runner's system.",
    example: '0.006',
    parse: (value, source) => {
      if (/^\d{1,4}(\.\d{1,6})?$/.test(value)) return Number(value);
      throw new InputError(`${source}: ${quoted(value)} is not a price; expected US dollars a minute, e.g. 0.006`);
    },
  } satisfies Field<number | undefined>,
};
export type ReviewInputs = ValuesOf<typeof reviewInputs>;
