import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { approveGate } from '../../src/operations/approve-gate.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { policyFor } from '../../src/permissions.ts';
import { manifestText, rehearsedTeam, rollouts } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { approved, regress, withRegression } from '../support/golden-set.ts';
import { place } from '../support/policy-place.ts';

/** A receiver of webhooks on this machine. */
interface Receiver {
  readonly url: string;
  readonly bodies: string[];
  answer: number | 'never';
  close(): Promise<void>;
}

const openReceiver = async (): Promise<Receiver> => {
  const bodies: string[] = [];
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => {
      body += piece.toString();
    });
    request.on('end', () => {
      bodies.push(body);
      if (receiver.answer === 'never') return;
      response.writeHead(receiver.answer, { location: 'http://127.0.0.1:1/elsewhere' }).end('ok');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/services/T000/B000/${secret}`,
    bodies,
    answer: 200,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
};
const secret = 'XyZsecretXyZsecret';

let account: TestAccount;
let receiver: Receiver;
beforeEach(async () => {
  account = await openAccount();
  receiver = await openReceiver();
});
afterEach(async () => {
  await account.close();
  await receiver.close();
});

const topic = `arn:aws:sns:${rehearsedTeam.region}:${rehearsedTeam.account}:deliveries`;
const everywhere = `\
notify:
  - sns: { topic: ${topic} }
  - event-bridge: { bus: ml }
  - slack: { webhook-from: SLACK_WEBHOOK_URL }
  - teams: { webhook-from: TEAMS_WEBHOOK_URL }
    events: [verdict, ended]
`;
const notifying = (rollout?: string, sinks = everywhere): void =>
  account.writeManifest(() => `${manifestText(rollout === undefined ? {} : { rollout })}${sinks}`);
const webhooks = () => ({ SLACK_WEBHOOK_URL: receiver.url, TEAMS_WEBHOOK_URL: receiver.url });

const createSinks = async (): Promise<void> => {
  await account.simulator.call('sns', 'CreateTopic', { Name: 'deliveries' });
  await account.simulator.call('events', 'CreateEventBus', { Name: 'ml' });
};

const subjects = (): readonly (string | undefined)[] =>
  account.simulator.mailbox.topic('deliveries').map(({ subject }) => subject);
/** `step-taken-1` of every event, in order. */
const keys = (): readonly (string | undefined)[] =>
  account.simulator.mailbox.bus('ml').map(({ detail }) => (detail as { readonly id: string }).id.split('/')[1]);

describe('a delivery tells of itself', () => {
  test('a canary that is promoted, and one that SageMaker takes back: in order, each event once, at every sink', async () => {
    await account.inProduction('1.0.0');
    await createSinks();
    notifying(rollouts.canary);
    await account.prepare('1.1.0');
    const attempt = { environment: webhooks() };
    const delivered = await account.run(deployEndpoint, { version: '1.1.0' }, attempt);
    expect(delivered?.result).toMatchObject({ reason: 'delivered' });
    expect(delivered?.remarks).toEqual([]);
    expect(keys()).toEqual(['begun', 'step-taken-1', 'step-taken-2', 'ended']);
    expect(subjects()).toEqual([
      'iris 1.1.0, production: delivery began',
      'iris 1.1.0, production: about 25 % of the traffic',
      'iris 1.1.0, production: all traffic',
      'iris 1.1.0, production: delivered',
    ]);
    const last = account.simulator.mailbox.bus('ml').at(-1);
    expect(last?.['detail']).toMatchObject({
      'schema-version': 1,
      id: expect.stringMatching(/^iris-1\.1\.0-[0-9a-f]{8}-\d+\/ended$/),
      event: 'ended',
      model: 'iris',
      environment: 'production',
      endpoint: 'iris',
      version: '1.1.0',
      operation: 'deploy-endpoint',
      outcome: 'succeeded',
      reason: 'delivered',
      console: expect.stringContaining('.console.aws.amazon.com/sagemaker/home?region=eu-west-1#/endpoints/iris'),
      run: expect.stringContaining('/actions/runs/'),
    });
    // Slack has all four, Teams the end.
    expect(receiver.bodies).toHaveLength(5);
    expect(receiver.bodies.filter((body) => body.includes('AdaptiveCard'))).toHaveLength(1);
    // A run that finds everything done tells nothing.
    await account.run(deployEndpoint, { version: '1.1.0' }, attempt);
    expect(keys()).toHaveLength(4);

    await account.prepare('1.4.0');
    const back = await account.run(deployEndpoint, { version: '1.4.0' }, { ...attempt, runId: '2' });
    expect(back?.result.outcome).toBe('rolled-back');
    expect(keys().slice(4)).toEqual(['begun', 'step-taken-1', 'verdict-take-back', 'ended']);
    expect(subjects().slice(6)).toEqual([
      'iris 1.4.0, production: is taken back',
      'iris 1.4.0, production: rolled back',
    ]);
    expect(account.simulator.mailbox.topic('deliveries').at(-1)?.text).toContain(back?.result.because.slice(1, 60));

    const rolled = await account.run(rollback, { to: '1.0.0' }, attempt);
    expect(rolled?.result.reason).toBe('restored');
    expect(keys().slice(8)).toEqual(['begun', 'ended']);
    expect(subjects().at(-1)).toBe('iris 1.0.0, production: restored');
  });

  test('steps: each observed share, the verdict that takes the traffic back, and the end', async () => {
    await account.inProduction('1.0.0');
    await createSinks();
    notifying(rollouts.steps);
    await account.prepare('1.4.0');
    await account.run(deployEndpoint, { version: '1.4.0' }, { environment: webhooks() });
    expect(keys()).toEqual(['begun', 'ended']);
    expect(subjects().at(-1)).toBe('iris 1.4.0, production: up without traffic');
    const shifted = await account.run(shiftTraffic, { version: '1.4.0' }, { environment: webhooks() });
    expect(shifted?.result).toMatchObject({ outcome: 'rolled-back', reason: 'convicted' });
    const told = keys().slice(2);
    expect(told[0]).toBe('begun');
    expect(told.slice(-3)).toEqual(['verdict-take-back', expect.stringMatching(/^step-taken-/), 'ended']);
    expect(subjects().at(-2)).toBe('iris 1.4.0, production: no traffic any more');
    expect(new Set(keys().slice(2)).size).toBe(told.length);
  });

  test('a dry run sends nothing, and its plan names sinks, events and permissions', async () => {
    await createSinks();
    notifying();
    await account.prepare('1.0.0');
    const planned = await account.run(
      deployEndpoint,
      { version: '1.0.0', 'dry-run': 'true' },
      { environment: webhooks() },
    );
    const { notes = [], permissions = [] } = planned?.result.plan ?? {};
    expect(notes).toEqual(
      expect.arrayContaining([
        'notifies SNS (deliveries) of begun, step-taken, verdict, ended',
        'notifies EventBridge (ml) of begun, step-taken, verdict, ended',
        'notifies Slack (SLACK_WEBHOOK_URL) of begun, step-taken, verdict, ended',
        'notifies Teams (TEAMS_WEBHOOK_URL) of verdict, ended',
      ]),
    );
    expect(permissions).toEqual(expect.arrayContaining(['events:PutEvents', 'sns:Publish']));
    expect([subjects(), keys(), receiver.bodies]).toEqual([[], [], []]);
  });

  test('a gate that waits tells of it once, and of nothing when the version is decided', async () => {
    await createSinks();
    notifying();
    await account.register('1.0.0');
    account.simulator.clock.at(account.simulator.clock.now() + minutes(5), 'approval', () => void account.approve());
    const gate = await account.run(approveGate, { version: '1.0.0', mode: 'wait' }, { environment: webhooks() });
    expect(gate?.result.reason).toBe('approved');
    expect(subjects()).toEqual(['iris 1.0.0, production: waits for approval']);
    expect(keys()).toEqual(['waiting-for-approval']);
    await account.run(approveGate, { version: '1.0.0', mode: 'wait' }, { environment: webhooks() });
    expect(keys()).toHaveLength(1);
  });
});

describe('a regression test tells of its verdict', () => {
  const tested = async (version: '1.0.0' | '1.2.0'): Promise<void> => {
    await createSinks();
    await approved(account, version);
    withRegression(account, {}, (text) => `${text}${everywhere}`);
  };

  test.each([
    ['1.0.0', 'passes the regression test', 'succeeded', 'regression-passed'],
    ['1.2.0', 'does not pass the regression test', 'rejected', 'regression-failed'],
  ] as const)('%s %s: once, with its reason, and with an id of its own', async (version, title, outcome, reason) => {
    await tested(version);
    const report = await regress(account, version, {}, { environment: webhooks() });
    expect(report?.result).toMatchObject({ outcome, reason });
    expect(report?.remarks).toEqual([]);
    expect(subjects()).toEqual([`iris ${version}, production: ${title}`]);
    expect(account.simulator.mailbox.bus('ml').map(({ detail }) => detail)).toEqual([
      expect.objectContaining({
        id: expect.stringMatching(new RegExp(`^iris-${version}-production-[0-9a-f]{8}-1/verdict-test$`)),
        event: 'verdict',
        operation: 'regression-test',
        endpoint: 'iris',
        outcome,
        reason,
      }),
    ]);
    expect(receiver.bodies).toHaveLength(2);
    expect(report?.result.plan?.notes).toContain('notifies Teams (TEAMS_WEBHOOK_URL) of verdict');
  });

  test('a run that finds a verdict tells nothing, nor does a dry run', async () => {
    await tested('1.0.0');
    await regress(account, '1.0.0', { 'dry-run': 'true' }, { environment: webhooks() });
    expect(keys()).toEqual([]);
    await regress(account, '1.0.0', {}, { environment: webhooks() });
    expect((await regress(account, '1.0.0', {}, { environment: webhooks() }))?.result.reason).toBe('regression-passed');
    expect(keys()).toEqual(['verdict-test']);
  });

  test('a sink that fails is a remark beside the same verdict', async () => {
    await tested('1.2.0');
    receiver.answer = 500;
    const report = await regress(account, '1.2.0', {}, { environment: webhooks() });
    expect(report?.result.reason).toBe('regression-failed');
    expect(report?.remarks).toEqual([
      'no notification went to Slack (SLACK_WEBHOOK_URL): it answered HTTP 500',
      'no notification went to Teams (TEAMS_WEBHOOK_URL): it answered HTTP 500',
    ]);
  });
});

describe('a sink that fails', () => {
  test('every sink fails: the delivery ends the same, with a remark for each, and no address in it', async () => {
    await account.inProduction('1.0.0');
    notifying(rollouts.canary);
    await account.prepare('1.1.0');
    // The topic is absent, the policy has no PutEvents, Slack has no variable, and Teams redirects.
    receiver.answer = 302;
    account.simulator.attachPolicy('model-deployer', {
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: '*', Resource: '*' },
        { Effect: 'Deny', Action: 'events:PutEvents', Resource: '*' },
      ],
    });
    const delivered = await account.run(
      deployEndpoint,
      { version: '1.1.0' },
      { environment: { TEAMS_WEBHOOK_URL: receiver.url } },
    );
    expect(delivered?.result.reason).toBe('delivered');
    const remarks = delivered?.remarks.join('\n') ?? '';
    expect(remarks).toMatch(/no notification went to SNS \(deliveries\): .*Topic does not exist/);
    expect(remarks).toMatch(/no notification went to EventBridge \(ml\): .*events:PutEvents/);
    expect(remarks).toContain(
      'no notification went to Slack (SLACK_WEBHOOK_URL): the run has no environment variable SLACK_WEBHOOK_URL',
    );
    expect(remarks).toContain(
      'no notification went to Teams (TEAMS_WEBHOOK_URL): it redirects (HTTP 302), and no redirection is followed',
    );
    expect(JSON.stringify(delivered)).not.toContain(secret);
    expect(delivered?.remarks).toHaveLength(4);
  });

  test('a webhook that never answers costs seconds, and the delivery ends the same', async () => {
    notifying(undefined, 'notify: [{ slack: { webhook-from: SLACK_WEBHOOK_URL }, events: [ended] }]\n');
    await account.prepare('1.0.0');
    receiver.answer = 'never';
    const delivered = await account.run(deployEndpoint, { version: '1.0.0' }, { environment: webhooks() });
    expect(delivered?.result.reason).toBe('delivered');
    expect(delivered?.remarks).toEqual([
      'no notification went to Slack (SLACK_WEBHOOK_URL): it did not answer within 5 s',
    ]);
    expect(receiver.bodies).toHaveLength(1);
  });

  test('a run that dies after it has sent, and before it has noted that, is followed by one repetition with the same id', async () => {
    await createSinks();
    notifying();
    await account.prepare('1.0.0');
    const calls: string[] = [];
    await account.run(deployEndpoint, { version: '1.0.0' }, { environment: webhooks(), requested: calls });
    const ids = account.simulator.mailbox.bus('ml').map(({ detail }) => (detail as { readonly id: string }).id);
    expect(new Set(ids).size).toBe(ids.length);

    // The same delivery again, in another account, whose run dies at the call after its first events.
    await account.close();
    account = await openAccount();
    await createSinks();
    notifying();
    await account.prepare('1.0.0');
    const atCall = calls.findIndex((name) => /putEvent/i.test(name)) + 2;
    expect(atCall).toBeGreaterThan(1);
    await account.run(
      deployEndpoint,
      { version: '1.0.0' },
      { environment: webhooks(), death: { atCall, received: false } },
    );
    expect(keys()).toEqual(['begun']);
    await account.run(deployEndpoint, { version: '1.0.0' }, { environment: webhooks() });
    expect(keys().filter((key) => key === 'begun')).toHaveLength(2);
    expect(keys().at(-1)).toBe('ended');
    expect(keys().filter((key) => key === 'ended')).toHaveLength(1);
  });
});

test('the policy `notify` lets a role publish to its topic and send to its bus, and nothing else', async () => {
  await createSinks();
  await account.simulator.call('sns', 'CreateTopic', { Name: 'other' });
  const policy = policyFor('notify', { ...place, notify: { topic: 'deliveries', bus: 'ml' } });
  expect(policy.Statement.map(({ Action, Resource }) => [Action, Resource])).toEqual([
    [['sns:Publish'], [topic]],
    [['events:PutEvents'], [`arn:aws:events:${rehearsedTeam.region}:${rehearsedTeam.account}:event-bus/ml`]],
  ]);
  await account.prepare('1.0.0');
  account.simulator.attachPolicy('model-deployer', policy);
  account.simulator.attachPolicy('model-deployer', policyFor('deploy-endpoint', place));
  const other = topic.replace('deliveries', 'other');
  notifying(
    undefined,
    `notify: [{ sns: { topic: ${topic} } }, { event-bridge: { bus: ml } }, { sns: { topic: ${other} } }]\n`,
  );
  const delivered = await account.run(deployEndpoint, { version: '1.0.0' });
  expect(delivered?.result.reason).toBe('delivered');
  expect([keys().at(-1), subjects().length]).toEqual(['ended', keys().length]);
  expect(delivered?.remarks).toEqual([
    expect.stringMatching(/^no notification went to SNS \(other\): sns:Publish was denied: .* on other$/),
  ]);
  expect(account.simulator.mailbox.topic('other')).toEqual([]);
});
