import type { Rollout } from '../manifest/manifest.ts';
import { environmentPattern, namePattern, regionPattern } from '../manifest/values.ts';
import { outcomes } from '../outcome.ts';
import { choice, durationField, type Field, flag, InputError, optional, text } from '../schema.ts';
import { quoted } from '../secrets.ts';
import { behaviourAllowed, mapped, readBehaviour, readMilliseconds, readShare } from './own/behaviour.ts';
import { readSetting } from './setting.ts';
import { eventsAllowed, readEvent } from './workflow/event.ts';
import { faultNames, faults } from './workflow/fault.ts';

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

/** An option whose empty text would choose another rehearsal: the variable of a script that is not set. */
const named = <Value>(field: Field<Value>) =>
  ({ ...optional(field), refusesEmpty: 'give it a value, or leave it out' }) as const;

/** All texts of an option that may be repeated. */
const several = <Value>(
  description: string,
  allowed: string,
  example: string,
  parse: (written: string) => Value | undefined,
) => {
  const field: Field<readonly Value[]> = {
    kind: 'text',
    required: true,
    description,
    example,
    parse: (value, source) =>
      value.split('\n').map((written) => {
        const found = parse(written);
        if (found === undefined)
          throw new InputError(`${source}: ${plainly(written)} is not allowed; expected ${allowed}`);
        return found;
      }),
  };
  return { ...optional(field), repeatable: true } as const;
};

/** Amounts such as `errors=2` have the form of an assignment, and are no secret. */
const plainly = (value: string): string =>
  /^[a-z0-9=%@.,-]{1,60}$/.test(value) ? JSON.stringify(value) : quoted(value);

const howServed =
  'by `GET /ping` and `POST /invocations`. It finds its port in `SAGEMAKER_BIND_TO_PORT` and as `{port}`, and the unpacked artifact in `SAGEMAKER_BASE_DIR`/model and as `{model}`. One process for each variant.';
const serveExample = 'python serve.py --port {port} --model {model}';

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
  processes: flag({
    description:
      'Make every step a process of its own, as a runner does. Otherwise only the scenarios that prove processes do so, and the others run the same bundles in one process; takes several times as long.',
    default: false,
  }),
  settings: flag({
    description:
      'Play once more under each behaviour that AWS leaves open: the report must stay true. Takes minutes; `--scenario` narrows it, `--all` plays every pair.',
    default: false,
  }),
  manifest: named(
    text({
      description:
        'Play a release by this manifest of your own: its account, region, endpoint, fleet, scaling, alarms and rollout, with a stand-in for the model.',
      example: 'delivery.yml',
    }),
  ),
  endpoint: named(
    text({
      description:
        'Play a release to this live endpoint: its settings, fleet, scaling and alarms, and the traffic, errors and latency that CloudWatch has of its last day. It only reads.',
      example: 'churn',
      pattern: namePattern,
      allowed: '1 to 63 letters, digits and inner hyphens',
    }),
  ),
  region: optional(
    text({
      description: 'With `--endpoint`: its AWS region; default: the one of the environment variables.',
      pattern: regionPattern,
      allowed: 'a region such as eu-west-1',
    }),
  ),
  workflow: named(
    text({
      description:
        'Play this workflow of your repository under act, with its actions of this suite and a local AWS made from the manifest. With `--manifest` when it is not `delivery.yml`.',
      example: '.github/workflows/release.yml',
    }),
  ),
  event: several(
    `With \`--workflow\`: the events that start it, one after the other: ${eventsAllowed}. A push is that of the current commit, the later ones with a commit more. Default: \`push\`, with \`--candidate\` two of them.`,
    eventsAllowed,
    'tag:churn_v1.0.0',
    readEvent,
  ),
  approve: flag({
    description: 'With `--workflow`: after each event a reviewer approves the pending versions in the registry.',
    default: false,
  }),
  fault: several(
    `With \`--workflow\`: trouble during the last event. ${faultNames.map((name) => `\`${name}\`: ${faults[name].does}`).join('; ')}.`,
    faultNames.join(', '),
    'throttled',
    (written) => faultNames.find((name) => name === written),
  ),
  map: several(
    "With `--workflow`: a folder in place of other people's action, which act fetches from GitHub otherwise.",
    'OWNER/NAME=FOLDER',
    'aws-actions/configure-aws-credentials=../actions/configure-aws-credentials',
    (written) => {
      const [, name, folder] = /^([\w.-]+\/[\w.-]+)=(.+)$/.exec(written) ?? [];
      return name === undefined || folder === undefined ? undefined : ([name, folder] as const);
    },
  ),
  'own-model': flag({
    description:
      'With `--workflow`: the workflow makes models that the local AWS serves itself, as those of `examples/`. Then they serve, and the regression test asks them.',
    default: false,
  }),
  'expect-red': flag({
    description: 'With `--workflow`: exit code 0 when the workflow ends red for the last event.',
    default: false,
  }),
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
        "With `--manifest` or `--endpoint`: another strategy than the manifest's, in the shape that docs/manifest.md shows, with the manifest's alarms.",
      choices: strategies,
    }),
  ),
  candidate: parsed(
    'With `--manifest`, `--endpoint` or `--workflow`: the new version. `good`; `unhealthy`, which never passes its health check; `wrong`, whose answers are wrong and no errors; or one or more of `errors=2%`, `latency=300ms`, `tail=900ms@3%` of the requests, `leak=5%@3000` (errors after so many requests), joined by commas.',
    'good',
    behaviourAllowed,
    (is) => mapped(readBehaviour(is), (behaviour) => ({ is, behaviour })),
  ),
  'requests-per-second': number(
    'With `--manifest`, `--endpoint` or `--workflow`: requests to the endpoint.',
    '8',
    'a number above 0, up to 1000',
    (value) => value > 0 && value <= 1000,
  ),
  'baseline-errors': parsed(
    'With `--manifest`, `--endpoint` or `--workflow`: share of the requests that fail in both versions.',
    '0%',
    'a share such as 0.1%',
    readShare,
  ),
  'latency-p50': parsed(
    'With `--manifest`, `--endpoint` or `--workflow`: usual time of an answer, in both versions.',
    '12ms',
    'a time up to 60s, such as 40ms',
    readMilliseconds,
  ),
  history: durationField({
    description:
      'With `--manifest` or `--endpoint`: requests before the release begins. The judge of `steps` reads a day; each simulated day takes the machine a while.',
    default: '30m',
    example: '24h',
  }),
  serve: named(
    text({
      description: `With \`--manifest\` or \`--endpoint\`: a command that serves your own models in place of the stand-in, ${howServed}`,
      example: serveExample,
    }),
  ),
  model: named(
    text({
      description: 'With `--serve`: the artifact of the new version, a `model.tar.gz`.',
      example: 'model.tar.gz',
    }),
  ),
  'baseline-model': named(
    text({
      description: 'With `--serve`: the artifact of the version that serves before. Default: that of the new one.',
      example: 'model-1.3.0.tar.gz',
    }),
  ),
  requests: named(
    text({
      description: 'With `--serve`: a file with a request on each line; the callers send them in random order.',
      example: 'requests.csv',
    }),
  ),
  'content-type': optional(
    text({
      description: 'With `--serve`: content type of the requests. Default: `text/csv`.',
      example: 'application/json',
    }),
  ),
  expect: optional(
    choice({
      description: 'With `--manifest` or `--endpoint`: exit code 1 when the release ends otherwise.',
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

const account = /^\d{12}$/;
const bucketName = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

export const simulatorInputs = {
  port: number(
    'Port on 127.0.0.1; 0 takes a free one.',
    '4599',
    'a port from 0 to 65535',
    (value) => Number.isInteger(value) && value <= 65_535,
  ),
  manifest: optional(
    text({
      description:
        'Begin with all that this manifest names: accounts, regions, roles, buckets, alarms, and what its environments share between accounts.',
      example: 'delivery.yml',
    }),
  ),
  environment: optional(
    text({
      description: 'With `--manifest`: this environment alone. Default: all of them.',
      pattern: environmentPattern,
      allowed: '1 to 63 letters, digits, _ and -',
    }),
  ),
  account: several(
    "An account; the first one is that of the printed keys. Default: the manifest's, else 111122223333.",
    'an account of 12 digits',
    '444455556666',
    (written) => (account.test(written) ? written : undefined),
  ),
  region: several(
    "A region of every account; the first one is that of the printed variables. Default: the manifest's, else eu-west-1.",
    'a region, such as eu-central-1',
    'eu-central-1',
    (written) => (/^[a-z]{2}(-[a-z]+)+-\d$/.test(written) ? written : undefined),
  ),
  role: several(
    'A role that may do everything and that every identity may assume: a name, for every account, or an ARN. Default, without `--manifest`: the roles of the rehearsals.',
    'a name of letters, digits and +=,.@_-, or the ARN of a role',
    'churn-execution',
    (written) =>
      /^([\w+=,.@-]{1,64}|arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,512})$/.test(written) ? written : undefined,
  ),
  bucket: several(
    'A bucket of the first account, or of the account behind the equals sign.',
    'NAME or NAME=ACCOUNT',
    'churn-models=444455556666',
    (written) => {
      const [name = '', owner, ...more] = written.split('=');
      const fits = bucketName.test(name) && (owner === undefined || account.test(owner)) && more.length === 0;
      return fits ? { name, owner } : undefined;
    },
  ),
  image: several(
    'An image with a digest made from its name: of the first account and region, or a whole name.',
    'REPOSITORY:TAG, or ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG',
    'churn:1',
    (written) =>
      /^(\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?\/)?(?=[^:]{2,256}:)[a-z0-9]+([._/-]+[a-z0-9]+)*:[\w.-]{1,128}$/.test(
        written,
      )
        ? written
        : undefined,
  ),
  setting: several(
    'Another value of a behaviour that AWS leaves open, such as the time until instances run; docs/simulator.md lists them.',
    'NAME=VALUE',
    'provisionMs=5s',
    readSetting,
  ),
  serve: optional(
    text({
      description: `A command that serves every model, ${howServed}`,
      example: serveExample,
    }),
  ),
  speed: number(
    'Virtual seconds that pass in a second; with 0 time stands still. With another speed than 1, callers with a clock of their own and the simulator drift apart: see docs/simulator.md.',
    '1',
    'a number from 0 to 10000, e.g. 60',
    (value) => value <= 10_000,
  ),
  seed: number('Seed of everything random.', '1', 'a whole number', Number.isSafeInteger),
  state: optional(
    text({
      description:
        'Keep the run in this folder, and take it up again where it ended: docs/simulator.md has what is kept. Only with the options that it was begun with, apart from `--port` and `--wire-file`; not with `--serve`.',
      example: 'simulated',
    }),
  ),
  'wire-file': optional(
    text({ description: 'Write every request and answer to this file, as JSON lines.', example: 'wire.jsonl' }),
  ),
};
