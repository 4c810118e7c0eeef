import { type Field, flag, InputError, optional, text } from '../schema.ts';
import { quoted } from '../secrets.ts';

/** Inputs of the commands `rehearse` and `simulator`, apart from their implementation, so that help does not load it. */
export const rehearseInputs = {
  scenario: {
    ...optional(
      text({
        description: 'Play this scenario with its timeline; `--list` names them.',
        example: 'canary-errors-rolled-back',
      }),
    ),
    repeatable: true,
  } as const,
  all: flag({ description: 'Play every scenario, several at a time.', default: false }),
  list: flag({ description: 'Print the names of the scenarios and play none.', default: false }),
  settings: flag({
    description:
      'Play once more under each behaviour that AWS leaves open: the report must stay true. Takes minutes; `--scenario` narrows it, `--all` plays every pair.',
    default: false,
  }),
  json: flag({ description: 'Print verdicts as JSON.', default: false }),
  out: text({
    description:
      'Folder for job summaries, logs, report.html and requests.jsonl; it is cleared first, when it holds a rehearsal.',
    default: 'rehearsal',
  }),
};

const number = (
  description: string,
  given: string,
  allowed: string,
  fits: (value: number) => boolean,
): Field<number> => ({
  kind: 'integer',
  required: false,
  description,
  default: given,
  parse: (value, source) => {
    const found = Number(value);
    if (!/^\d+(\.\d+)?$/.test(value) || !fits(found))
      throw new InputError(`${source}: ${quoted(value)} is not allowed; expected ${allowed}`);
    return found;
  },
});

export const simulatorInputs = {
  port: number(
    'Port on 127.0.0.1; 0 takes a free one.',
    '4599',
    'a port from 0 to 65535',
    (value) => Number.isInteger(value) && value <= 65_535,
  ),
  speed: number(
    'Virtual seconds that pass in a second; with 0 time stands still.',
    '1',
    'a number from 0 to 10000, e.g. 60',
    (value) => value <= 10_000,
  ),
  seed: number('Seed of everything random.', '1', 'a whole number', Number.isSafeInteger),
  'wire-file': optional(
    text({ description: 'Write every request and answer to this file, as JSON lines.', example: 'wire.jsonl' }),
  ),
};
