import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Simulator } from '../../simulator/contracts.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import { signedFetch } from './support/signed-fetch.ts';

let simulator: Simulator;
beforeEach(async () => {
  simulator = await startSimulator();
});
afterEach(() => simulator.close());

const topic = (name: string, account = '111122223333', region = 'eu-west-1') =>
  `arn:aws:sns:${region}:${account}:${name}`;

/** `400 Code: message`, or the members of the answer that have text. */
const sns = async (input: Readonly<Record<string, string>>): Promise<string> => {
  const answer = await signedFetch(
    simulator,
    {
      path: '/',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ Version: '2010-03-31', ...input }).toString(),
    },
    { service: 'sns' },
  );
  const text = await answer.text();
  const of = (element: string): string => new RegExp(`<${element}>([^<]*)<`).exec(text)?.[1] ?? '';
  return answer.ok
    ? of('TopicArn') || of('MessageId')
    : `${answer.status} ${of('Code')}: ${of('Message').replaceAll('&apos;', "'")}`;
};
const publish = (input: Readonly<Record<string, string>>) => sns({ Action: 'Publish', Message: 'hello', ...input });

const events = async (operation: string, input: object): Promise<unknown> => {
  const answer = await signedFetch(
    simulator,
    {
      path: '/',
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `AWSEvents.${operation}` },
      body: JSON.stringify(input),
    },
    { service: 'events' },
  );
  return answer.json();
};
const entry = { Source: 'model-delivery', DetailType: 'Test', Detail: '{"n":1}' };

test('a topic keeps its messages in order, and only its own', async () => {
  expect(await sns({ Action: 'CreateTopic', Name: 'deliveries' })).toBe(topic('deliveries'));
  expect(await sns({ Action: 'CreateTopic', Name: 'deliveries' })).toBe(topic('deliveries'));
  await publish({ TopicArn: topic('deliveries'), Subject: 'first' });
  await publish({ TopicArn: topic('deliveries'), Message: 'zwei: ü' });
  expect(simulator.mailbox.topic('deliveries').map(({ subject, text }) => [subject, text])).toEqual([
    ['first', 'hello'],
    [undefined, 'zwei: ü'],
  ]);
  expect(simulator.mailbox.topic('other')).toEqual([]);
});

test('a FIFO topic drops a repetition for five minutes, and answers it with the first id', async () => {
  const fifo = { Name: 'deliveries.fifo', 'Attributes.entry.1.key': 'FifoTopic', 'Attributes.entry.1.value': 'true' };
  const TopicArn = await sns({ Action: 'CreateTopic', ...fifo });
  const message = { TopicArn, MessageGroupId: 'churn', MessageDeduplicationId: 'begun' };
  const first = await publish(message);
  expect(await publish(message)).toBe(first);
  expect(simulator.mailbox.topic('deliveries.fifo')).toHaveLength(1);
  await simulator.driver.sleepUntil(simulator.clock.now() + 300_000);
  expect(await publish(message)).not.toBe(first);
});

test.each<readonly [string, Readonly<Record<string, string>>, string]>([
  ['an absent topic', { TopicArn: topic('absent') }, '404 NotFound: Topic does not exist'],
  [
    'another region',
    { TopicArn: topic('deliveries', undefined, 'us-east-1') },
    '400 InvalidParameter: Invalid parameter: TopicArn',
  ],
  [
    'another account',
    { TopicArn: topic('deliveries', '444455556666') },
    '403 AuthorizationError: User: arn:aws:iam::111122223333:user/delivery is not authorized to perform: SNS:Publish on resource: arn:aws:sns:eu-west-1:444455556666:deliveries because no resource-based policy allows the SNS:Publish action',
  ],
  [
    'an empty message',
    { TopicArn: topic('deliveries'), Message: '' },
    '400 InvalidParameter: Invalid parameter: Empty message',
  ],
  [
    'a long message',
    { TopicArn: topic('deliveries'), Message: 'x'.repeat(262_145) },
    '400 InvalidParameter: Invalid parameter: Message too long',
  ],
  [
    'a subject with a line break',
    { TopicArn: topic('deliveries'), Subject: 'a\nb' },
    '400 InvalidParameter: Invalid parameter: Subject',
  ],
  ['no topic', {}, '400 NotSimulated: not simulated: sns Publish without TopicArn'],
  [
    'a structured message',
    { TopicArn: topic('deliveries'), MessageStructure: 'json' },
    '400 NotSimulated: not simulated: sns Publish, member MessageStructure',
  ],
  [
    'a group of a standard topic',
    { TopicArn: topic('deliveries'), MessageGroupId: 'a' },
    '400 NotSimulated: not simulated: sns Publish to a standard topic, MessageGroupId',
  ],
])('SNS refuses a message for %s', async (_, input, refusal) => {
  await sns({ Action: 'CreateTopic', Name: 'deliveries' });
  expect(await publish(input)).toBe(refusal);
  expect(simulator.mailbox.topic('deliveries')).toEqual([]);
});

test('SNS refuses topics with other names and attributes, and FIFO messages without their ids', async () => {
  const fifo = { Name: 'a.fifo', 'Attributes.entry.1.key': 'FifoTopic', 'Attributes.entry.1.value': 'true' };
  const TopicArn = await sns({ Action: 'CreateTopic', ...fifo });
  expect([
    await sns({ Action: 'CreateTopic', Name: 'a b' }),
    await sns({ Action: 'CreateTopic', ...fifo, Name: 'a' }),
    await sns({ Action: 'CreateTopic', ...fifo, 'Attributes.entry.1.key': 'Policy' }),
    await publish({ TopicArn }),
    await publish({ TopicArn, MessageGroupId: 'a' }),
    await sns({ Action: 'Subscribe', TopicArn }),
  ]).toEqual([
    '400 InvalidParameter: Invalid parameter: Topic Name',
    '400 InvalidParameter: Invalid parameter: Topic Name',
    '400 NotSimulated: not simulated: sns CreateTopic, attribute Policy',
    '400 InvalidParameter: Invalid parameter: The MessageGroupId parameter is required for FIFO topics',
    '400 InvalidParameter: Invalid parameter: The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
    '400 NotSimulated: not simulated: sns Subscribe',
  ]);
});

test('a bus keeps its events, and the default one hands them to its rules', async () => {
  const handed: object[] = [];
  simulator.eventRules.add({ source: ['model-delivery'] }, (event) => handed.push(event));
  expect(await events('CreateEventBus', { Name: 'ml' })).toEqual({
    EventBusArn: 'arn:aws:events:eu-west-1:111122223333:event-bus/ml',
  });
  await events('PutEvents', { Entries: [{ ...entry, Time: 1_767_603_600, Resources: ['churn'] }] });
  const byArn = 'arn:aws:events:eu-west-1:111122223333:event-bus/ml';
  await events('PutEvents', { Entries: [{ ...entry, EventBusName: 'ml' }] });
  await events('PutEvents', { Entries: [{ ...entry, EventBusName: byArn }] });
  const [first] = simulator.mailbox.bus('default');
  expect(first).toEqual({
    version: '0',
    id: expect.any(String),
    'detail-type': 'Test',
    source: 'model-delivery',
    account: '111122223333',
    time: '2026-01-05T09:00:00Z',
    region: 'eu-west-1',
    resources: ['churn'],
    detail: { n: 1 },
  });
  expect(simulator.mailbox.bus('ml')).toHaveLength(2);
  await simulator.driver.sleepUntil(simulator.clock.now() + 600_000);
  expect(handed[0]).toEqual(first);
});

test('an event for a bus that does not exist has an id, and is lost, as at AWS', async () => {
  expect(await events('PutEvents', { Entries: [{ ...entry, EventBusName: 'absent' }] })).toEqual({
    FailedEntryCount: 0,
    Entries: [{ EventId: expect.any(String) }],
  });
  expect(simulator.mailbox.bus('absent')).toEqual([]);
});

test('what is wrong with one event is in its result; the others arrive', async () => {
  const { Detail: _, ...without } = entry;
  expect(
    await events('PutEvents', {
      Entries: [entry, without, { ...entry, Detail: '[]' }, { ...entry, Source: 'aws.sagemaker' }],
    }),
  ).toEqual({
    FailedEntryCount: 3,
    Entries: [
      { EventId: expect.any(String) },
      { ErrorCode: 'InvalidArgument', ErrorMessage: expect.stringContaining('Detail') },
      { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' },
      { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' },
    ],
  });
  expect(simulator.mailbox.bus('default')).toHaveLength(1);
});

test.each<readonly [string, string, object, string]>([
  [
    'several buses',
    'PutEvents',
    { Entries: [entry, { ...entry, EventBusName: 'ml' }] },
    'not simulated: events PutEvents to several buses at once',
  ],
  [
    'too much',
    'PutEvents',
    { Entries: [{ ...entry, Detail: JSON.stringify({ a: 'x'.repeat(262_144) }) }] },
    'not simulated: events PutEvents of more than 256 KB',
  ],
  [
    'another region',
    'PutEvents',
    { Entries: [{ ...entry, EventBusName: 'arn:aws:events:us-east-1:111122223333:event-bus/ml' }] },
    'not simulated: events PutEvents to a bus of another region',
  ],
  [
    'another account',
    'PutEvents',
    { Entries: [{ ...entry, EventBusName: 'arn:aws:events:eu-west-1:444455556666:event-bus/ml' }] },
    'User: arn:aws:iam::111122223333:user/delivery is not authorized to perform: events:PutEvents on resource: arn:aws:events:eu-west-1:444455556666:event-bus/ml because no resource-based policy allows the events:PutEvents action',
  ],
  ['an existing bus', 'CreateEventBus', { Name: 'default' }, 'Event bus default already exists.'],
  [
    'a bus of a partner',
    'CreateEventBus',
    { Name: 'aws.partner/acme' },
    'not simulated: events CreateEventBus of a partner',
  ],
  [
    'a trace',
    'PutEvents',
    { Entries: [{ ...entry, TraceHeader: 'a' }] },
    'not simulated: events PutEvents, member Entries.TraceHeader',
  ],
  ['a rule', 'PutRule', { Name: 'a' }, 'not simulated: events PutRule'],
])('EventBridge refuses %s', async (_, operation, input, message) => {
  const { message: said, Message } = (await events(operation, input)) as Record<string, string>;
  expect(said ?? Message).toBe(message);
});

test('policies decide about topic and bus', async () => {
  await sns({ Action: 'CreateTopic', Name: 'deliveries' });
  simulator.attachPolicy('model-deployer', {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: ['sns:Publish'], Resource: [topic('other')] }],
  });
  const { Credentials } = (await simulator.call('sts', 'AssumeRole', {
    RoleArn: 'arn:aws:iam::111122223333:role/model-deployer',
    RoleSessionName: 'release-7',
  })) as { Credentials: { AccessKeyId: string; SecretAccessKey: string; SessionToken: string } };
  const keys = {
    accessKeyId: Credentials.AccessKeyId,
    secretAccessKey: Credentials.SecretAccessKey,
    sessionToken: Credentials.SessionToken,
  };
  const denied = await signedFetch(
    simulator,
    {
      path: '/',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        Action: 'Publish',
        Version: '2010-03-31',
        TopicArn: topic('deliveries'),
        Message: 'm',
      }).toString(),
    },
    { service: 'sns', keys },
  );
  const text = await denied.text();
  expect(denied.status).toBe(403);
  expect(text).toContain('<Code>AuthorizationError</Code>');
  expect(text).toContain(
    'is not authorized to perform: SNS:Publish on resource: arn:aws:sns:eu-west-1:111122223333:deliveries because no identity-based policy allows the SNS:Publish action',
  );
});
