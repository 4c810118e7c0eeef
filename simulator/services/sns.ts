import { AwsError, type Call, type Instant, type Kernel, type Service, type TopicMessage } from '../contracts.ts';
import { deniedByResource } from '../iam/across.ts';
import { notSimulated } from '../not-simulated.ts';
import { uuidOf } from '../random.ts';

interface Topic {
  readonly arn: string;
  readonly messages: TopicMessage[];
  /** Of a FIFO topic: deduplication id → the message that had it first. */
  readonly first?: Map<string, { readonly at: Instant; readonly id: string }>;
}

/** API reference, Publish: "Message … at most 256 KB"; a topic's own larger limit is not simulated. */
const mostBytes = 262_144;
/** API reference, Publish, MessageDeduplicationId: "within the 5-minute deduplication interval". */
const deduplicationMs = 300_000;

const invalid = (what: string): AwsError => new AwsError('InvalidParameter', `Invalid parameter: ${what}`);

/** SNS, as far as a publisher needs it: topics whose messages lie in a mailbox. Nothing subscribes, and no topic has a policy. */
export const createSns = (
  kernel: Kernel,
): { readonly service: Service; readonly messages: (topic: string) => readonly TopicMessage[] } => {
  /** By name. */
  const topics = new Map<string, Topic>();
  let published = 0;

  const topicOf = (arn: string, { principal }: Call): Topic => {
    const [, , service, region, account = '', name = ''] = arn.split(':');
    if (service !== 'sns' || region !== kernel.region || name === '') throw invalid('TopicArn');
    // Without a policy a topic is open to its own account alone (SNS developer guide, "Overview of managing access").
    if (account !== kernel.accountId) {
      const { message } = deniedByResource(principal, 'SNS:Publish', arn, 'silent');
      throw new AwsError('AuthorizationError', message, 403);
    }
    const topic = topics.get(name);
    if (topic === undefined) throw new AwsError('NotFound', 'Topic does not exist', 404);
    return topic;
  };

  const operations: Service['operations'] = {
    CreateTopic: ({ Name: name, Attributes = {} }: { Name: string; Attributes?: Readonly<Record<string, string>> }) => {
      const other = Object.keys(Attributes).find((attribute) => attribute !== 'FifoTopic');
      if (other !== undefined) throw notSimulated(`sns CreateTopic, attribute ${other}`);
      const fifo = Attributes['FifoTopic'] === 'true';
      // API reference, CreateTopic, Name.
      if (!/^[a-zA-Z0-9_-]{1,256}(\.fifo)?$/.test(name) || name.endsWith('.fifo') !== fifo) throw invalid('Topic Name');
      const arn = kernel.arn('sns', name);
      if (!topics.has(name)) topics.set(name, { arn, messages: [], ...(fifo ? { first: new Map() } : {}) });
      return { TopicArn: arn };
    },
    Publish: (
      input: {
        readonly TopicArn?: string;
        readonly Message: string;
        readonly Subject?: string;
        readonly MessageGroupId?: string;
        readonly MessageDeduplicationId?: string;
      },
      call,
    ) => {
      const { TopicArn: arn, Message: text, Subject: subject, MessageGroupId: group } = input;
      if (arn === undefined) throw notSimulated('sns Publish without TopicArn');
      const topic = topicOf(arn, call);
      if (text === '') throw invalid('Empty message');
      if (Buffer.byteLength(text) > mostBytes) throw invalid('Message too long');
      // API reference, Publish, Subject: less than 100 characters, no line breaks or control characters.
      if (subject !== undefined && (subject === '' || subject.length > 100 || /\p{Cc}/u.test(subject)))
        throw invalid('Subject');
      const { first } = topic;
      if (first === undefined && (group !== undefined || input.MessageDeduplicationId !== undefined))
        throw notSimulated('sns Publish to a standard topic, MessageGroupId');
      if (first !== undefined && group === undefined)
        throw invalid('The MessageGroupId parameter is required for FIFO topics');
      if (first !== undefined && input.MessageDeduplicationId === undefined)
        throw invalid(
          'The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
        );
      const at = kernel.clock.now();
      const key = input.MessageDeduplicationId ?? '';
      const before = first?.get(key);
      if (before !== undefined && at < before.at + deduplicationMs) return { MessageId: before.id };
      const id = uuidOf('sns-message', kernel.accountId, kernel.region, published++);
      first?.set(key, { at, id });
      topic.messages.push({ at, id, text, ...(subject === undefined ? {} : { subject }) });
      return { MessageId: id };
    },
  };
  return { service: { operations }, messages: (name) => topics.get(name)?.messages ?? [] };
};
