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

describe('a sink that fails', () => {
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
