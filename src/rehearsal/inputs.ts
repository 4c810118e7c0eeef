import type { Rollout } from '../manifest/manifest.ts';
import { environmentPattern } from '../manifest/values.ts';
import { outcomes } from '../outcome.ts';
import { choice, durationField, type Field, flag, InputError, optional, text } from '../schema.ts';
import { quoted } from '../secrets.ts';
import { behaviourAllowed, mapped, readBehaviour, readMilliseconds, readShare } from './own/behaviour.ts';

const strategies = [
  'all-at-once',
  'canary',
  'linear',
  'rolling',
  'steps',
] as const satisfies readonly Rollout['strategy'][];

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

const parsed = <Value>(
  description: string,
  given: string,
  allowed: string,
  parse: (written: string) => Value | undefined,
): Field<Value> => ({
  kind: 'text',
  required: false,
  description,
  default: given,
  parse: (value, source) => {
    const found = parse(value);
    if (found === undefined) throw new InputError(`${source}: ${plainly(value)} is not allowed; expected ${allowed}`);
    return found;
  },
});

/** Amounts such as `errors=2` have the form of an assignment, and are no secret. */
const plainly = (value: string): string =>
  /^[a-z0-9=%@.,-]{1,60}$/.test(value) ? JSON.stringify(value) : quoted(value);

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
  manifest: optional(
    text({
      description:
        'Play a release by this manifest of your own: its account, region, endpoint, fleet, scaling, alarms and rollout, with a stand-in for the model.',
      example: 'delivery.yml',
    }),
  ),
  environment: optional(
    text({
      description: 'With `--manifest`: its environment. Default: `production`, or the only one.',
      pattern: environmentPattern,
      allowed: '1 to 63 letters, digits, _ and -',
    }),
  ),
  strategy: optional(
    choice({
      description:
        "With `--manifest`: another strategy than the manifest's, in the shape that docs/manifest.md shows, with the manifest's alarms.",
      choices: strategies,
    }),
  ),
  candidate: parsed(
    'With `--manifest`: the new version. `good`; `unhealthy`, which never passes its health check; `wrong`, whose answers are wrong and no errors; or one or more of `errors=2%`, `latency=300ms`, `tail=900ms@3%` of the requests, `leak=5%@3000` (errors after so many requests), joined by commas.',
    'good',
    behaviourAllowed,
    (is) => mapped(readBehaviour(is), (behaviour) => ({ is, behaviour })),
  ),
  'requests-per-second': number(
    'With `--manifest`: requests to the endpoint.',
    '8',
    'a number above 0, up to 1000',
    (value) => value > 0 && value <= 1000,
  ),
  'baseline-errors': parsed(
    'With `--manifest`: share of the requests that fail in both versions.',
    '0%',
    'a share such as 0.1%',
    readShare,
  ),
  'latency-p50': parsed(
    'With `--manifest`: usual time of an answer, in both versions.',
    '12ms',
    'a time up to 60s, such as 40ms',
    readMilliseconds,
  ),
  history: durationField({
    description:
      'With `--manifest`: requests before the release begins. The judge of `steps` reads a day; each simulated day takes the machine a while.',
    default: '30m',
    example: '24h',
  }),
  expect: optional(
    choice({
      description: 'With `--manifest`: exit code 1 when the release ends otherwise.',
      choices: outcomes,
    }),
  ),
  json: flag({ description: 'Print verdicts as JSON.', default: false }),
  out: text({
    description:
      'Folder for job summaries, logs, report.html and requests.jsonl; it is cleared first, when it holds a rehearsal.',
    default: 'rehearsal',
  }),
};

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
