import { expect, test } from '@jest/globals';
import type { Simulator } from '../../../../simulator/contracts.ts';
import { environmentOf, loadManifest } from '../../../../src/manifest/load.ts';
import { openWorld } from '../../../../src/rehearsal/own/world.ts';
import { openLocalAws } from '../../../../src/rehearsal/workflow/local-aws.ts';

const text = `
version: 1
model: churn
notify:
  - sns: { topic: "arn:aws:sns:eu-west-1:111122223333:deliveries" }
  - sns: { topic: "arn:aws:sns:us-east-1:111122223333:far.fifo" }
  - sns: { topic: "arn:aws:sns:eu-west-1:444455556666:theirs" }
  - event-bridge: { bus: ml }
  - event-bridge: { bus: ml, source: acme.delivery }
  - event-bridge: {}
environments:
  production:
    account: "111122223333"
    region: eu-west-1
    endpoint: { name: churn, execution-role: churn-serving, instance: { type: ml.m5.large, count: 1 } }
    rollout: { strategy: all-at-once, final-bake: 0s, minimum-requests: 0 }
`;
const manifest = loadManifest(text, 'delivery.yml');
const environment = environmentOf(manifest, 'production');

const none = { roles: [], buckets: [], images: [], artifacts: [], trainingJobs: [] };
const opened: readonly (readonly [string, () => Promise<Simulator>])[] = [
  ['a rehearsal', () => openWorld({ model: 'churn', name: 'production', environment, manifest: text, leftOut: [] })],
  ['a simulator by hand', async () => (await openLocalAws(manifest, none, {})).simulator],
];

/** An account opens a topic to another one by a policy, which is not simulated. */
test.each(opened)('%s has the topics and buses of its manifest, where their ARNs say', async (_, open) => {
  const simulator = await open();
  try {
    const far = simulator.account('111122223333', 'us-east-1');
    const Message = 'hello';
    await simulator.call('sns', 'Publish', { TopicArn: 'arn:aws:sns:eu-west-1:111122223333:deliveries', Message });
    await far.call('sns', 'Publish', {
      ...{ TopicArn: 'arn:aws:sns:us-east-1:111122223333:far.fifo', Message },
      ...{ MessageGroupId: 'one', MessageDeduplicationId: 'one' },
    });
    await simulator.call('events', 'PutEvents', {
      Entries: [{ EventBusName: 'ml', Source: 'me', DetailType: 'it', Detail: '{}' }],
    });
    expect(simulator.mailbox.topic('deliveries')).toHaveLength(1);
    expect(far.mailbox.topic('far.fifo')).toHaveLength(1);
    expect(simulator.mailbox.bus('ml')).toHaveLength(1);
    const theirs = simulator.account('444455556666', 'eu-west-1');
    const TopicArn = 'arn:aws:sns:eu-west-1:444455556666:theirs';
    await expect(theirs.call('sns', 'Publish', { TopicArn, Message })).rejects.toThrow('Topic does not exist');
  } finally {
    await simulator.close();
  }
});
