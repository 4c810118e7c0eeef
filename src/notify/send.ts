import { describe } from '../aws/errors.ts';
import { limitAt } from '../clock.ts';
import { digest } from '../digest.ts';
import type { Sink, SinkTarget } from '../manifest/notify.ts';
import { withoutAccount } from '../report/result.ts';
import { redacted } from '../secrets.ts';
import { type World, writesOf } from '../world.ts';
import type { Notice } from './notice.ts';
import { chatMessage, eventDetail, plainText, slackMessage, subjectOf, teamsMessage } from './words.ts';

/** How a kind of sink gets a notice, and how a sentence names it. */
interface SinkKind<Target extends SinkTarget> {
  name(target: Target): string;
  send(world: World, target: Target, notice: Notice): Promise<void>;
}

const kinds: { readonly [Is in SinkTarget['is']]: SinkKind<Extract<SinkTarget, { readonly is: Is }>> } = {
  sns: {
    name: ({ topic }) => `SNS (${topic.split(':').at(-1)})`,
    send: (world, { topic, format }, notice) =>
      writesOf(world).sns.publish(topic.split(':')[3] ?? world.account.region, {
        TopicArn: topic,
        ...(format === 'chat'
          ? { Message: JSON.stringify(chatMessage(notice)) }
          : { Message: plainText(notice), Subject: subjectOf(notice) }),
        // A FIFO topic drops a repetition within five minutes.
        ...(topic.endsWith('.fifo')
          ? { MessageGroupId: digest(notice.thread ?? notice.id), MessageDeduplicationId: digest(notice.id) }
          : {}),
      }),
  },
  'event-bridge': {
    name: ({ bus }) => `EventBridge (${bus.split('/').at(-1)})`,
    send: (world, { bus, source }, notice) =>
      writesOf(world).eventbridge.putEvent(bus.startsWith('arn:') ? (bus.split(':')[3] ?? '') : world.account.region, {
        EventBusName: bus,
        Source: source,
        DetailType: 'Model Delivery Notification',
        Detail: JSON.stringify(eventDetail(notice)),
        Time: notice.at / 1000,
      }),
  },
  slack: {
    name: ({ variable }) => `Slack (${variable})`,
    send: (world, { variable }, notice) => post(world, variable, slackMessage(notice)),
  },
  teams: {
    name: ({ variable }) => `Teams (${variable})`,
    send: (world, { variable }, notice) => post(world, variable, teamsMessage(notice)),
  },
};

const post = async ({ webhooks }: World, variable: string, body: object): Promise<void> => {
  if (webhooks === undefined) throw new Error('a dry run reached a webhook');
  await webhooks.post(variable, body);
};

/**
 * `SNS (deliveries)`: for plans, lint and remarks. Two topics of one name differ in their place in the list: their region or account would not
 * always tell them apart, and an account is named nowhere.
 * @param among all sinks of the environment
 */
export const nameOfSink = (sink: Sink, among: readonly Sink[]): string => {
  const name = shortName(sink);
  return among.some((other) => other !== sink && shortName(other) === name)
    ? `${name}, entry ${among.indexOf(sink) + 1} of \`notify\``
    : name;
};

const shortName = ({ to }: Sink): string => kindOf(to).name(to);

// The table is complete, and each entry gets its own kind of target.
const kindOf = (target: SinkTarget): SinkKind<SinkTarget> => kinds[target.is] as SinkKind<SinkTarget>;

/**
 * Sends each notice to the sinks that want its event; sinks side by side, the notices of one sink one after the other. A sink that fails gets no
 * other notice of this turn, so that one that hangs costs one wait.
 * @param limitMs after which a sink that has not answered is left alone
 * @returns a sentence for each sink that failed. Never throws: rule 13
 */
export const send = async (
  world: World,
  sinks: readonly Sink[],
  notices: readonly Notice[],
  limitMs: number,
): Promise<readonly string[]> => {
  const limit = limitAt(world.clock, world.clock.now() + limitMs);
  const late = new Promise<never>((_, reject) => {
    limit.signal.addEventListener('abort', () => reject(new Error('it did not answer in time')), { once: true });
  });
  // Without a sink that is slower, nobody reads it.
  late.catch(() => undefined);
  try {
    const failures = sinks.map(async (sink) => {
      for (const notice of notices.filter(({ event }) => sink.events.includes(event)))
        try {
          await Promise.race([kindOf(sink.to).send(world, sink.to, clean(notice, world)), late]);
        } catch (error) {
          return [`no notification went to ${nameOfSink(sink, sinks)}: ${causeOf(error)}`];
        }
      return [];
    });
    return (await Promise.all(failures)).flat();
  } finally {
    limit.release();
  }
};

/** Without the id of the request: the same failure at the next event is the same remark. */
const causeOf = (error: unknown): string => describe(error).replace(/ \(request [^()]*\)/g, '');

/** More people read a channel than an account, and it may lie outside of it. */
const clean = (notice: Notice, { account }: World): Notice => {
  const scrubbed = (text: string): string => withoutAccount(redacted(text), account.id);
  return { ...notice, title: scrubbed(notice.title), text: scrubbed(notice.text) };
};
