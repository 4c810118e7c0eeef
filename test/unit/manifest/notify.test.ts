import { describe, expect, test } from '@jest/globals';
import { loadManifest, ManifestError } from '../../../src/manifest/load.ts';

const text = (top: string, environment: string): string => `\
version: 1
model: churn
${top}
environments:
  staging:
    endpoint: { name: churn-staging, instance: { type: ml.m5.large, count: 1 } }
    rollout: { strategy: all-at-once, final-bake: 0s, minimum-requests: 0 }
  production:
    ${environment}
    endpoint: { name: churn, instance: { type: ml.m5.large, count: 1 } }
    rollout: { strategy: all-at-once, final-bake: 0s, minimum-requests: 0 }
`;
const sinks = (top: string, environment = ''): readonly unknown[] => {
  const { environments } = loadManifest(text(top, environment), 'delivery.yml');
  return [environments['staging']?.notify, environments['production']?.notify];
};
const problem = (top: string): string => {
  try {
    loadManifest(text(top, ''), 'delivery.yml');
  } catch (error) {
    if (error instanceof ManifestError) return error.message;
    throw error;
  }
  return 'none';
};
const topic = 'arn:aws:sns:eu-west-1:111122223333:deliveries';
const all = ['begun', 'waiting-for-approval', 'step-taken', 'verdict', 'ended'];

describe('notify', () => {
  test('at the top is every environment’s; an environment’s own replaces it as a whole', () => {
    const [staging, production] = sinks(
      `notify: [{ sns: { topic: ${topic} } }, { event-bridge: {}, events: [ended, begun] }]`,
      'notify: [{ slack: { webhook-from: SLACK_WEBHOOK_URL } }, { teams: { webhook-from: TEAMS_WEBHOOK_URL } }]',
    );
    expect(staging).toEqual([
      { to: { is: 'sns', topic, format: 'text' }, events: all },
      // In the order in which they happen.
      { to: { is: 'event-bridge', bus: 'default', source: 'model-delivery' }, events: ['begun', 'ended'] },
    ]);
    expect(production).toEqual([
      { to: { is: 'slack', variable: 'SLACK_WEBHOOK_URL' }, events: all },
      { to: { is: 'teams', variable: 'TEAMS_WEBHOOK_URL' }, events: all },
    ]);
    expect(sinks('')).toEqual([undefined, undefined]);
    expect(sinks('notify: [{ event-bridge: {} }]', 'notify: []')).toEqual([[expect.anything()], undefined]);
  });

  test.each([
    ['notify: [{ sns: { topic: deliveries } }]', '"deliveries" is not a topic; expected its ARN'],
    ['notify: [{ sns: { topic: "arn:aws:sqs:eu-west-1:111122223333:queue" } }]', 'is not a topic; expected its ARN'],
    [`notify: [{ sns: { topic: ${topic}, format: html } }]`, '"html" is not a format; expected text or chat'],
    ['notify: [{ event-bridge: { source: aws.sagemaker } }]', '"aws.sagemaker" is not a source'],
    // The prefix of AWS's own events, in whatever letters, and without a name behind it.
    ['notify: [{ event-bridge: { source: AWS.sagemaker } }]', '"AWS.sagemaker" is not a source'],
    ['notify: [{ event-bridge: { source: aws } }]', '"aws" is not a source'],
    [
      `notify: [{ sns: { topic: ${topic}.fifo, format: chat } }]`,
      'notify.0.sns.format: `chat` needs a standard topic: a FIFO topic delivers to queues alone',
    ],
    [
      'notify: [{ sns: { topic: "arn:aws:sns:cn-north-1:111122223333:deliveries" } }]',
      'notify.0.sns.topic: is in the partition aws, and its region cn-north-1 in aws-cn',
    ],
    [
      'notify: [{ event-bridge: {} }, { event-bridge: { bus: "arn:aws:events:us-gov-west-1:111122223333:event-bus/ml" } }]',
      'notify.1.event-bridge.bus: is in the partition aws, and its region us-gov-west-1 in aws-us-gov',
    ],
    ['notify: [{ event-bridge: { bus: "a b" } }]', '"a b" is not a bus; expected its name or ARN'],
    ['notify: [{ slack: {} }]', 'notify.0.slack.webhook-from: is missing'],
    [
      'notify: [{ slack: { webhook-from: AWS_SECRET_ACCESS_KEY } }]',
      'is not a variable with a webhook; expected the name',
    ],
    ['notify: [{ slack: { webhook: SLACK_WEBHOOK_URL } }]', 'did you mean webhook-from?'],
    ['notify: [{ slak: { webhook-from: SLACK_WEBHOOK_URL } }]', 'did you mean slack?'],
    ['notify: []', 'is not a list of sinks; expected 1 to 10 of them'],
    [
      'notify: [{ event-bridge: {}, events: [begun] }, { event-bridge: { bus: default }, events: [ended] }]',
      'notify.1: is the same place as entry 1',
    ],
    [
      'notify: [{ events: [ended] }]',
      'names no sink; each entry of `notify` has one of sns, event-bridge, slack or teams',
    ],
    [
      `notify: [{ sns: { topic: ${topic} }, event-bridge: {} }]`,
      'notify.0.event-bridge: is a second sink in one entry',
    ],
    [
      'notify: [{ event-bridge: {}, events: [step] }]',
      '"step" is not an event; expected begun, waiting-for-approval, step-taken, verdict or ended; did you mean step-taken?',
    ],
    [
      'notify: [{ event-bridge: {}, events: [ended, ENDED] }]',
      'notify.0.events.1: "ENDED" is not an event; expected begun, waiting-for-approval, step-taken, verdict or ended; did you mean ended?\n',
    ],
    ['notify: [{ sns: { topic: "arn:aws:sns::111122223333:deliveries" } }]', 'is not a topic; expected its ARN'],
    ['notify: [{ event-bridge: {}, events: [] }]', 'is not a list of events'],
  ])('%s', (given, expected) => {
    expect(`${problem(given)}\n`).toContain(expected);
  });

  test.each([
    ['another account, another region, queues', '', `${topic}.fifo`, 'text'],
    ['a source whose name only begins like AWS’s', 'region: eu-west-1', topic, 'chat'],
    ['China, all of it', 'region: cn-north-1', 'arn:aws-cn:sns:cn-northwest-1:111122223333:deliveries', 'text'],
  ])('allows %s', (_name, environment, arn, format) => {
    const given = `notify: [{ sns: { topic: "${arn}", format: ${format} } }, { event-bridge: { source: awsome } }]`;
    expect(sinks(given, environment)[1]).toHaveLength(2);
  });

  test('of another partition than an environment is refused where it stands', () => {
    const china = 'notify: [{ sns: { topic: "arn:aws-cn:sns:cn-north-1:111122223333:deliveries" } }]';
    const message = 'is in the partition aws-cn, and environment production in eu-west-1 in aws: nothing is sent';
    const problemIn = (top: string, environment: string): string => {
      try {
        return String(sinks(top, environment));
      } catch (error) {
        return String(error);
      }
    };
    expect(problemIn(china, 'region: eu-west-1')).toContain(`notify.0.sns.topic: ${message}`);
    expect(problemIn('', `region: eu-west-1\n    ${china}`)).toContain(
      `environments.production.notify.0.sns.topic: ${message}`,
    );
    // Without a region the account of the run decides.
    expect(sinks(china)).toHaveLength(2);
  });

  test.each([
    'https://hooks.slack.com/services/T000/B000/XyZabcdefghijkl',
    'https://prod-12.westeurope.logic.azure.com:443/workflows/0a1b2c/triggers/manual/paths/invoke?sig=XyZabcdefghijkl',
  ])('the address of a webhook in the place of its variable is not repeated: %s', (address) => {
    const message = problem(`notify: [{ slack: { webhook-from: "${address}" } }]`);
    expect(message).toContain('is not a variable with a webhook');
    expect(message).not.toContain('XyZ');
  });
});
