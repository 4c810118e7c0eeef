import { expect, test } from '@jest/globals';
import { notifyWarnings } from '../../../../src/commands/lint/notify-warnings.ts';
import type { Environment, Manifest } from '../../../../src/manifest/manifest.ts';

const own = 'arn:aws:sns:eu-west-1:111122223333:deliveries';
const other = 'arn:aws:sns:eu-west-1:444455556666:deliveries';
const sns = (topic: string) => ({ to: { is: 'sns', topic, format: 'text' }, events: ['ended'] }) as const;
const bus = (name: string) => ({ to: { is: 'event-bridge', bus: name, source: 'ml' }, events: ['ended'] }) as const;
const warnings = (production: Partial<Environment>): readonly string[] =>
  notifyWarnings({ environments: { production } } as unknown as Manifest);

test('a sink of another account needs the policy of its owner, and two of one name are told apart', () => {
  const account = '111122223333';
  expect(warnings({ account, notify: [sns(own), sns(other)] })).toEqual([
    'production: SNS (deliveries), entry 2 of `notify` is in another account: its topic policy has to allow sns:Publish to the role of production',
  ]);
  expect(warnings({ account, notify: [bus('arn:aws:events:eu-west-1:444455556666:event-bus/ml')] })).toEqual([
    'production: EventBridge (ml) is in another account: its bus policy has to allow events:PutEvents to the role of production',
  ]);
  expect(JSON.stringify(warnings({ account, notify: [sns(other)] }))).not.toMatch(/\d{12}/);
});

test.each<[string, Partial<Environment>]>([
  ['its own topic and its own bus', { account: '111122223333', notify: [sns(own), bus('default')] }],
  ['an account that the manifest does not name', { notify: [sns(other)] }],
  ['no sink', { account: '111122223333' }],
])('%s is no warning', (_name, production) => {
  expect(warnings(production)).toEqual([]);
});
