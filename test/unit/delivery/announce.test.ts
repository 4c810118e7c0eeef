import { describe, expect, test } from '@jest/globals';
import { minutes, seconds } from '../../../src/clock.ts';
import { announce } from '../../../src/delivery/announce.ts';
import type { NotifyTerms } from '../../../src/notify/notice.ts';
import { advance, newRecord } from '../../../src/release/lifecycle.ts';
import type { Release, ReleaseRecord } from '../../../src/release/record.ts';
import { configuration, release, subject } from '../../support/release.ts';
import { storedRelease, worldAt } from '../../support/stored.ts';
import { waitingClock } from '../../support/waiting-clock.ts';

const id = release().id;
const terms = (...events: NotifyTerms['sinks'][number]['events']): NotifyTerms => ({
  model: 'churn',
  environment: 'production',
  sinks: [{ to: { is: 'slack', variable: 'SLACK_WEBHOOK_URL' }, events }],
});
const notify = terms('begun', 'step-taken', 'verdict', 'ended');
const recordWith = (live: Release | undefined, ...ended: readonly Release[]): ReleaseRecord => ({
  ...newRecord(subject),
  ...(live ? { live } : {}),
  ended,
});

/** A run after a turn. @param post what the webhook does with each message */
const runAfter = (record: ReleaseRecord, post: () => Promise<void> = async () => {}, now = minutes(3)) => {
  const stored = storedRelease(record);
  const sent: string[] = [];
  const bodies: string[] = [];
  const stop = new AbortController();
  const world = {
    ...worldAt(now, undefined),
    signal: stop.signal,
    webhooks: {
      post: async (_variable: string, body: object) => {
        sent.push(/churn-[^"\s]*\/([a-z-]+\d*)/.exec(JSON.stringify(body))?.[1] ?? 'without an id');
        bodies.push(JSON.stringify(body));
        await post();
      },
    },
  };
  const tell = (given: NotifyTerms | undefined = notify, limitMs?: number) =>
    announce(world, { store: stored.store, notify: given }, id, limitMs);
  return { stored, sent, bodies, world, stop, tell };
};
const baseline = configuration('1.0.0');
const ended = { outcome: 'succeeded', reason: 'delivered', because: 'it serves', endedAt: minutes(2) } as const;

describe('the events of a release', () => {
  test('are told once, by whatever run, and remembered in the record', async () => {
    const { sent, tell, stored } = runAfter(recordWith(release({ baseline })));
    await tell();
    await tell();
    expect(sent).toEqual(['begun']);
    expect(stored.record().live?.notified).toEqual(['begun']);
    stored.overwrite(advance(stored.record(), { takenBack: { because: 'alice rejected it' } }));
    await tell();
    expect(sent).toEqual(['begun', 'verdict-take-back']);
    expect(stored.record().live?.notified).toEqual(['begun', 'verdict-take-back']);
  });

  test('are told after the end too, and of a release that another run left', async () => {
    const own = runAfter(recordWith(undefined, { ...release(ended), notified: ['begun'] }));
    await own.tell();
    expect(own.sent).toEqual(['ended']);
    expect(own.stored.record().ended[0]?.notified).toEqual(['begun', 'ended']);

    const other = { ...release(ended), id: 'churn-1.0.0-bbbbbbbb-1' };
    const left = runAfter(recordWith(release({ notified: ['begun'] }), { ...other, notified: ['begun'] }));
    await left.tell();
    expect(left.sent).toEqual(['ended']);
    const untold = runAfter(recordWith(release({ notified: ['begun'] }), other));
    await untold.tell();
    expect(untold.sent).toEqual([]);
    const told = recordWith(release({ notified: ['begun'] }), { ...other, notified: ['begun'] });
    const [inTime, late] = [61, 62].map((now) => runAfter(told, undefined, minutes(now)));
    await inTime?.tell();
    await late?.tell();
    expect([inTime?.sent, late?.sent]).toEqual([['ended'], []]);
  });

  test('name no account: more people read a channel', async () => {
    const because = `arn:aws:iam::${subject.account}:role/alice rejected it`;
    const { bodies, tell } = runAfter(recordWith(release({ baseline, takenBack: { because } })));
    await tell();
    expect(bodies.join()).toContain('alice rejected it');
    expect(bodies.join()).not.toContain(subject.account);
  });

  test('are not sent by a run that may write nothing', async () => {
    const { sent, world, stored } = runAfter(recordWith(release()));
    await announce({ ...world, write: undefined } as never, { store: stored.store, notify }, id);
    expect(sent).toEqual([]);
  });

  test('are sent to the sinks that want them; without one nothing is read, sent or written', async () => {
    const { sent, tell, stored } = runAfter(recordWith(release()));
    await tell(terms('ended'));
    expect([sent, stored.record().live?.notified]).toEqual([[], undefined]);
    await announce({} as never, { store: stored.store, notify: undefined }, id);
  });

  test('of a run whose turn was cut off are left to its abort', async () => {
    const before = runAfter(recordWith(release()));
    before.stop.abort();
    await before.tell();
    expect([before.sent, before.stored.record().live?.notified]).toEqual([[], undefined]);
    // Cut off while it sends: they are told again, with the same ids.
    const meanwhile = runAfter(recordWith(release()), async () => meanwhile.stop.abort());
    await meanwhile.tell();
    expect([meanwhile.sent, meanwhile.stored.record().live?.notified]).toEqual([['begun'], undefined]);
  });

  test('are not remembered where other runs always write first: that is a remark, and the delivery goes on', async () => {
    const { stored, tell } = runAfter(recordWith(release()));
    let races = 0;
    const race = (): void => {
      stored.overwrite(stored.record());
      // A fourth try would succeed.
      if (++races < 3) stored.beforeWrite(race);
    };
    stored.beforeWrite(race);
    await tell();
    expect(races).toBe(3);
    expect(stored.record().live?.notified).toBeUndefined();
    expect(stored.store.remarks).toEqual([
      expect.stringMatching(/^the notifications could not be noted in the release record: .*changed by another writer/),
    ]);
  });

  test('are remembered in the record that another run wrote meanwhile', async () => {
    const { stored, tell } = runAfter(recordWith(release()));
    stored.beforeWrite(() => {
      const command = { command: 'pause', by: 'mina', why: 'lunch', at: 0 } as const;
      stored.overwrite(advance(stored.record(), { commands: [command] }));
    });
    await tell();
    expect(stored.record().live).toMatchObject({ notified: ['begun'], commands: [{ command: 'pause' }] });
    expect(stored.store.remarks).toEqual([]);
  });
});

describe('the thread of a release', () => {
  const dark = {
    ...release({ ...ended, operation: 'deploy-endpoint', reason: 'candidate-dark' }),
    id: 'churn-1.1.0-dddddddd-4',
    startedAt: minutes(30),
  } as const;
  const shift = release({ operation: 'shift-traffic', startedAt: minutes(40) });
  const chat: NotifyTerms = {
    ...notify,
    sinks: [
      { to: { is: 'sns', topic: 'arn:aws:sns:eu-west-1:111122223333:deliveries', format: 'chat' }, events: ['begun'] },
    ],
  };
  const threadIn = async (record: ReleaseRecord): Promise<unknown> => {
    const { stored, world } = runAfter(record);
    const messages: string[] = [];
    const sns = {
      publish: async (_region: string, { Message }: { readonly Message: string }) => void messages.push(Message),
    };
    await announce({ ...world, write: { ...world.write, sns } } as never, { store: stored.store, notify: chat }, id);
    expect(stored.store.remarks).toEqual([]);
    return (JSON.parse(messages[0] ?? '{}') as { readonly metadata?: { readonly threadId?: string } }).metadata
      ?.threadId;
  };

  test('of a shift of the traffic is that of the delivery which brought its candidate up', async () => {
    const older = { ...dark, id: 'churn-1.1.0-dddddddd-1', startedAt: minutes(1) };
    const { version } = shift;
    expect(await threadIn(recordWith(shift, { ...dark, version }, { ...older, version }))).toBe(dark.id);
  });

  test.each<[string, Partial<Release>]>([
    ['another version', { version: '0.9.0' }],
    ['a delivery that gave it traffic', { version: shift.version, reason: 'delivered' }],
    ['a later delivery', { version: shift.version, startedAt: minutes(41) }],
    ['an earlier shift', { version: shift.version, operation: 'shift-traffic' }],
  ])('is not that of %s', async (_name, change) => {
    expect(await threadIn(recordWith(shift, { ...dark, ...change } as Release))).toBe(id);
  });

  test('of a delivery is its own', async () => {
    expect(await threadIn(recordWith(release(), { ...dark, version: release().version }))).toBe(id);
  });
});

describe('a sink that fails', () => {
  test('and has the name of another is told apart by its place', async () => {
    const topics = ['eu-west-1', 'us-east-1'].map((region) => `arn:aws:sns:${region}:111122223333:deliveries`);
    const { stored, world } = runAfter(recordWith(release()));
    const sns = { publish: async () => Promise.reject(new Error('it is gone')) };
    await announce(
      { ...world, write: { ...world.write, sns } } as never,
      {
        store: stored.store,
        notify: {
          ...notify,
          sinks: topics.map((topic) => ({ to: { is: 'sns', topic, format: 'text' }, events: ['begun'] })),
        },
      },
      id,
    );
    expect(stored.store.remarks).toEqual([
      'no notification went to SNS (deliveries), entry 1 of `notify`: it is gone',
      'no notification went to SNS (deliveries), entry 2 of `notify`: it is gone',
    ]);
  });

  test('is a remark, and gets neither the same event again nor a later one of the turn', async () => {
    const { sent, tell, stored } = runAfter(
      recordWith(release({ baseline, takenBack: { because: 'alice rejected it' } })),
      () => Promise.reject(new Error('it answered HTTP 410')),
    );
    await tell();
    await tell();
    expect(sent).toEqual(['begun']);
    expect(stored.store.remarks).toEqual(['no notification went to Slack (SLACK_WEBHOOK_URL): it answered HTTP 410']);
    expect(stored.record().live?.notified).toEqual(['begun', 'verdict-take-back']);
  });

  test('and never answers is left alone at the limit', async () => {
    const clock = waitingClock();
    const { world, stored } = runAfter(recordWith(release()), () => new Promise(() => {}));
    await clock.run(announce({ ...world, clock }, { store: stored.store, notify }, id, seconds(2)));
    expect(stored.store.remarks).toEqual([
      'no notification went to Slack (SLACK_WEBHOOK_URL): it did not answer in time',
    ]);
    expect(stored.record().live?.notified).toEqual(['begun']);
  });

  test('and a record that cannot be written are remarks', async () => {
    const { stored, tell } = runAfter(recordWith(release()));
    stored.beforeWrite(() => {
      throw new Error('the bucket is gone');
    });
    await tell();
    expect(stored.store.remarks).toEqual([
      'the notifications could not be noted in the release record: the bucket is gone',
    ]);
  });
});
