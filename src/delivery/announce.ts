import { describe } from '../aws/errors.ts';
import { type Instant, minutes, seconds } from '../clock.ts';
import { consolePage } from '../endpoint/console.ts';
import { happenings } from '../notify/happened.ts';
import { type Notice, type NotifyTerms, threadOfCandidate } from '../notify/notice.ts';
import { send } from '../notify/send.ts';
import { notified } from '../release/lifecycle.ts';
import type { Release, ReleaseRecord } from '../release/record.ts';
import { LostRace, type ReleaseStore } from '../release/store.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';

/** Longer than any sink of its own takes. */
const usualMs = seconds(15);

/** A release whose run died before it told of the end is told of by a run that comes within this time. */
const late = minutes(60);

/**
 * Tells of everything in the record that was not told yet, after a turn. The record remembers the events that were told, so that they are told once,
 * by whatever run. It remembers them after they were sent: a run that dies in between leaves one repetition, with the same id. What fails is a remark
 * (rule 13), and is not tried again.
 * @param id of this run's release
 */
export const announce = async (
  world: World,
  { store, notify }: { readonly store: ReleaseStore; readonly notify: NotifyTerms | undefined },
  id: string,
  limitMs: number = usualMs,
): Promise<void> => {
  // A cancelled run tells of it once it has settled the release.
  if (notify === undefined || world.write === undefined || world.signal.aborted) return;
  try {
    const stored = await store.read();
    if (stored === undefined) return;
    for (const release of toldOf(stored.record, id, world.clock.now())) {
      const notices = dueOf(world, store, notify, release, threadOf(stored.record, release));
      if (notices.length === 0) continue;
      for (const remark of await send(world, notify.sinks, notices, limitMs)) store.remark(remark);
      if (world.signal.aborted) return;
      const keys = notices.map((notice) => notice.id.slice(release.id.length + 1));
      await remember(store, release.id, keys);
    }
  } catch (error) {
    store.remark(`the notifications could not be noted in the release record: ${describe(error)}`);
  }
};

/** This run's release, and one that it found: releases that ended before are of interest only when their beginning was told. */
const toldOf = ({ live, ended }: ReleaseRecord, id: string, now: Instant): readonly Release[] =>
  [...ended.slice(0, 2).toReversed(), ...(live ? [live] : [])].filter(
    (release) =>
      release.id === id ||
      (release.notified !== undefined && (release.endedAt === undefined || release.endedAt > now - late)),
  );

const threadOf = (record: ReleaseRecord, { id, operation, version, startedAt }: Release): string =>
  (operation === 'shift-traffic' ? threadOfCandidate(record, version, startedAt) : undefined) ?? id;

const dueOf = (
  world: World,
  { endpoint, ofCodeDeploy }: ReleaseStore,
  { model, environment, sinks }: NotifyTerms,
  release: Release,
  thread: string,
): readonly Notice[] => {
  const { id, version, operation, notified: told = [], outcome, reason } = release;
  return happenings(release, endpoint)
    .filter(({ key, event }) => !told.includes(key) && sinks.some(({ events }) => events.includes(event)))
    .map(({ key, event, at, title, text, share }) => ({
      id: `${id}/${key}`,
      ...{ event, at, text, thread },
      title: `${model} ${version}, ${environment}: ${title}`,
      facts: withoutUndefined({
        ...{ model, environment, version, operation, endpoint, share },
        release: id,
        ...(event === 'ended' ? { outcome, reason } : {}),
        console: ofCodeDeploy ? undefined : consolePage(world.account, endpoint),
        // Not that of the record, whose writer may be another: people follow it.
        run: world.run.url,
      }),
    }));
};

/** Another run may write meanwhile, such as a person's command: the marks are added to whatever it wrote. */
const remember = async (store: ReleaseStore, id: string, keys: readonly string[]): Promise<void> => {
  for (let left = 2; ; left--)
    try {
      const stored = await store.read();
      if (stored !== undefined) await store.write(notified(stored.record, id, keys), stored.etag);
      return;
    } catch (error) {
      if (!(error instanceof LostRace) || left === 0) throw error;
    }
};
