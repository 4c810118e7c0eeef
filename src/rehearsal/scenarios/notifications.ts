import { rehearsedTeam } from '../manifest.ts';
import { deliver, inProduction, isEnd, type Scenario } from './scenario.ts';
import { runnerKilled } from './survival.ts';

const topic = `arn:aws:sns:${rehearsedTeam.region}:${rehearsedTeam.account}:deliveries`;
const sinks = [`notify: [{ sns: { topic: "${topic}" } }, { event-bridge: { bus: ml } }]`];

export const notificationsOnce: Scenario = {
  name: 'notifications-once',
  about:
    'A topic and a bus get every event of two deliveries once, in order. The runner of the first is killed; an alarm takes the second back.',
  expected: { outcome: 'rolled-back', reasonCode: 'alarm' },
  processes: 'the runner disappears',
  play: async (stage, require) => {
    await inProduction(stage, require);
    await stage.simulator.call('sns', 'CreateTopic', { Name: 'deliveries' });
    await stage.simulator.call('events', 'CreateEventBus', { Name: 'ml' });
    stage.writeManifest({ environment: sinks });
    /** `1.1.0 step-taken-1` of every event that came, in order. */
    const onBus = (): readonly string[] =>
      stage.simulator.mailbox
        .bus('ml')
        .map(({ detail }) => detail as { readonly id: string; readonly version: string })
        .map(({ id, version }) => `${version} ${id.slice(id.lastIndexOf('/') + 1)}`);
    const onTopic = (): readonly string[] =>
      stage.simulator.mailbox.topic('deliveries').map(({ text }) => /\/([a-z0-9-]+)$/.exec(text)?.[1] ?? text);
    const killed = await runnerKilled(stage, 'A runner killed mid-canary and re-run', '1.1.0');
    require(isEnd(killed, { outcome: 'succeeded', reasonCode: 'delivered' }), 'the first delivery ends well');
    const first = ['begun', 'step-taken-1', 'step-taken-2', 'ended'];
    require(onTopic().join() === first.join(), 'the topic has begun, both steps and ended, each once');
    const back = await deliver(stage, 'A version that fails', '1.4.0');
    const second = ['begun', 'step-taken-1', 'verdict-take-back', 'ended'];
    require(onTopic().join() ===
      [...first, ...second].join(), 'the topic has begun, the step, the verdict and ended of the second one');
    require(onBus().join() ===
      [...first.map((key) => `1.1.0 ${key}`), ...second.map((key) => `1.4.0 ${key}`)].join(), 'the bus has the same');
    return back;
  },
};
