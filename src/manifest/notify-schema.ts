import * as z from 'zod/mini';
import { partitionOf } from '../aws/partition.ts';
import { type NotifyEvent, notifyEvents, type Sink, type SinkTarget } from './notify.ts';
import { either } from './suggest.ts';
import * as v from './values.ts';

const about = z.describe;

const event = v.choice('an event', notifyEvents);

/** A variable with another purpose is no address: a manifest must not make a run send requests wherever a variable points. */
const webhookVariable = () =>
  v
    .text(
      'a variable with a webhook; expected the name of an environment variable with WEBHOOK in it, e.g. SLACK_WEBHOOK_URL',
      /^(?=[A-Z0-9_]*WEBHOOK)[A-Z_][A-Z0-9_]*$/,
      128,
    )
    .check(
      about(
        'Environment variable of the run that has the address, e.g. `SLACK_WEBHOOK_URL`. The address is a secret, so it never stands in the manifest.',
      ),
    );

const webhook = () => v.mapping({ 'webhook-from': webhookVariable() });

const targets = {
  sns: v.mapping({
    topic: v
      .topic()
      .check(
        about(
          'ARN of the topic. It may lie in another region or account. A FIFO topic drops repetitions within five minutes.',
        ),
      ),
    format: z.optional(
      v
        .choice('a format', ['text', 'chat'])
        .check(
          about(
            '`text`: a subject and plain text, for mail. `chat`: the custom notification of Amazon Q Developer in chat applications, which shows nothing else. Default: `text`.',
          ),
        ),
    ),
  }),
  'event-bridge': v.mapping({
    bus: z.optional(
      v
        .text(
          'a bus; expected its name or ARN, e.g. default',
          /^(arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus\/)?[a-zA-Z0-9_.-]{1,256}$/,
          1600,
        )
        .check(
          about(
            'Name or ARN of the event bus. EventBridge takes an event for a bus that does not exist, and drops it. Default: `default`.',
          ),
        ),
    ),
    source: z.optional(
      v
        .text(
          'a source; expected letters, digits, dots, hyphens and slashes, not beginning with aws., e.g. model-delivery',
          /^(?![aA][wW][sS](\.|$))[a-zA-Z0-9._/-]{1,256}$/,
          256,
        )
        .check(about('`source` of the events. Default: `model-delivery`.')),
    ),
  }),
  slack: webhook(),
  teams: webhook(),
};
const names = Object.keys(targets);

const sink = z.pipe(
  v
    .mapping({
      sns: z.optional(targets.sns.check(about('A topic of Amazon SNS. Needs `sns:Publish`.'))),
      'event-bridge': z.optional(
        targets['event-bridge'].check(about('A bus of Amazon EventBridge. Needs `events:PutEvents`.')),
      ),
      slack: z.optional(targets.slack.check(about('An incoming webhook of Slack.'))),
      teams: z.optional(targets.teams.check(about('A webhook of a workflow of Microsoft Teams.'))),
      events: z.optional(
        v
          .listOf('a list of events', event, 1, notifyEvents.length)
          .check(about('The events that are sent there. Default: all.')),
      ),
    })
    .check((checked) => {
      if (checked.issues.length > 0) return;
      const { topic, format } = checked.value.sns ?? {};
      // Amazon SNS developer guide, "Message delivery for FIFO topics": to queues alone, and to no HTTPS endpoint; Amazon Q Developer subscribes by one.
      if (format === 'chat' && topic?.endsWith('.fifo'))
        checked.issues.push({
          code: 'custom',
          input: checked.value,
          path: ['sns', 'format'],
          message: '`chat` needs a standard topic: a FIFO topic delivers to queues alone, and to no chat',
        });
      const given = names.filter((name) => checked.value[name as keyof typeof targets] !== undefined);
      if (given.length !== 1)
        checked.issues.push({
          code: 'custom',
          input: checked.value,
          path: given.slice(1, 2),
          message: `${given.length === 0 ? 'names no sink' : 'is a second sink in one entry'}; each entry of \`notify\` has one of ${either(names)}`,
        });
    }),
  z.transform(({ events = notifyEvents, ...raw }): Sink => ({ to: targetOf(raw), events: inOrder(events) })),
);

const inOrder = (events: readonly NotifyEvent[]): readonly NotifyEvent[] =>
  notifyEvents.filter((event) => events.includes(event));

const targetOf = ({
  sns,
  'event-bridge': bridge,
  slack,
  teams,
}: {
  readonly sns?: { readonly topic: string; readonly format?: 'text' | 'chat' | undefined } | undefined;
  readonly 'event-bridge'?: { readonly bus?: string | undefined; readonly source?: string | undefined } | undefined;
  readonly slack?: { readonly 'webhook-from': string } | undefined;
  readonly teams?: { readonly 'webhook-from': string } | undefined;
}): SinkTarget => {
  if (sns !== undefined) return { is: 'sns', topic: sns.topic, format: sns.format ?? 'text' };
  if (bridge !== undefined)
    return { is: 'event-bridge', bus: bridge.bus ?? 'default', source: bridge.source ?? 'model-delivery' };
  if (slack !== undefined) return { is: 'slack', variable: slack['webhook-from'] };
  // The check above refuses an entry without a sink.
  return { is: 'teams', variable: teams?.['webhook-from'] ?? '' };
};

/** Where the ARN of a sink stands, for an error. */
const arnIn = ({ to }: Sink): { readonly arn: string; readonly path: readonly string[] } | undefined => {
  if (to.is === 'sns') return { arn: to.topic, path: ['sns', 'topic'] };
  return to.is === 'event-bridge' && to.bus.startsWith('arn:')
    ? { arn: to.bus, path: ['event-bridge', 'bus'] }
    : undefined;
};

/** A role has no access to another partition (IAM user guide, "Partitions"). Another region or account may be right. */
export const notifyFaults = ({
  notify: forAll = [],
  environments,
}: {
  readonly notify?: readonly Sink[] | undefined;
  readonly environments: Readonly<
    Record<string, { readonly notify?: readonly Sink[] | undefined; readonly region?: string | undefined }>
  >;
}): { path: (string | number)[]; message: string }[] => {
  const faultsOf = (sinks: readonly Sink[], path: readonly string[], place?: { name: string; region: string }) =>
    sinks.flatMap((sink, index) => {
      const found = arnIn(sink);
      if (found === undefined) return [];
      const [, partition = '', , region = ''] = found.arn.split(':');
      const [where, expected] =
        place === undefined
          ? [`its region ${region}`, partitionOf(region)]
          : [`environment ${place.name} in ${place.region}`, partitionOf(place.region)];
      return partition === expected
        ? []
        : [
            {
              path: [...path, index, ...found.path],
              message: `is in the partition ${partition}, and ${where} in ${expected}: nothing is sent from one partition to another`,
            },
          ];
    });
  const own = faultsOf(forAll, ['notify']);
  const found = Object.entries(environments).flatMap(([name, one]) => {
    const path = one.notify === undefined ? ['notify'] : ['environments', name, 'notify'];
    const wrong = one.notify === undefined ? [] : faultsOf(one.notify, path);
    return wrong.length > 0 || one.region === undefined || (one.notify === undefined && own.length > 0)
      ? wrong
      : faultsOf(one.notify ?? forAll, path, { name, region: one.region });
  });
  return [...own, ...found];
};

/** `notify` of the manifest, and of one environment. @param fewest 0 for an environment: the manifest's sinks are not for it */
export const notify = (fewest: 0 | 1 = 1) =>
  v.listOf('a list of sinks', sink, fewest, 10).check(({ value, issues }) => {
    const places = value.map(({ to }) => JSON.stringify(to));
    places.forEach((place, index) => {
      const first = places.indexOf(place);
      if (first < index)
        issues.push({
          code: 'custom',
          input: value,
          path: [index],
          message: `is the same place as entry ${first + 1}, which would get each message twice; put all events into one entry`,
        });
    });
  }, about(
    'Where a delivery reports that it begins, waits, takes a step, has a verdict, and ends. A notification that fails is a remark, and fails no delivery. See `docs/notifications.md`.',
  ));
