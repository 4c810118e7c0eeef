import { type Instant, minutes } from '../clock.ts';
import { canonical } from '../digest.ts';
import type { Turn } from '../mechanisms/turn.ts';
import { Refusal } from '../operation.ts';
import type { ApprovalTerms } from '../registry/approval-terms.ts';
import { lastGood } from '../release/history.ts';
import { advance, end, renew } from '../release/lifecycle.ts';
import type { Configuration, Release, ReleaseRecord } from '../release/record.ts';
import { LostRace, type ReleaseStore, type StoredRecord } from '../release/store.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { conclude } from './conclude.ts';
import { nextLook, nextPoll } from './poll.ts';

/** Longer than any turn and any polling pause. A dead run blocks others for at most this long. */
export const leaseMs = minutes(10);

/**
 * @throws {Refusal} `held-by-another-release` from `save` when the lease was lost meanwhile
 * @throws {LostRace} from `save` and `end` when the release went on without this turn
 */
export const turnOf = (
  world: World,
  store: ReleaseStore,
  stored: StoredRecord,
  approval: ApprovalTerms,
  launchingAt?: Instant,
): Turn => {
  const release = stored.record.live;
  if (release === undefined) throw new Error(`no release of ${stored.record.endpoint} is live`);
  const { endpoint } = stored.record;
  const put = async (change: (record: ReleaseRecord) => ReleaseRecord): Promise<StoredRecord> => {
    try {
      return await store.write(change(stored.record), stored.etag);
    } catch (error) {
      if (!(error instanceof LostRace)) throw error;
      // Another run wrote between our read and our write. A new command alone does not affect the decision of this turn. `change`
      // names another owner. Where the release itself went on (a run that seemed dead), the turn has to be decided again.
      const now = await store.read();
      const theirs = now?.record.live;
      if (now === undefined || theirs?.id !== release.id) throw error;
      if (theirs.lease.holder === world.run.holder && !differOnlyByCommands(theirs, release)) throw error;
      return store.write(change(now.record), now.etag);
    }
  };
  const lease = (record: ReleaseRecord): Pick<Release, 'lease'> => {
    const claim = renew(record, { holder: world.run.holder, now: world.clock.now(), leaseMs });
    if (claim.is === 'held') throw new Refusal('held-by-another-release', claim.because);
    return { lease: { holder: world.run.holder, until: world.clock.now() + leaseMs } };
  };
  const turn: Turn = {
    world,
    endpoint,
    release,
    approval,
    ...withoutUndefined({
      launchingAt,
      earlier: lastGood(stored.record.history, release.candidate),
      besideBefore: besideIn(stored.record, release),
    }),
    save: async (patch) => {
      const saved = await put((record) => advance(record, { ...lease(record), ...patch }));
      store.note(release.id, {
        at: world.clock.now(),
        kind: patch.witnessed ? 'observation' : 'command',
        ...patch,
      });
      return turnOf(world, store, saved, approval, launchingAt);
    },
    remark: store.remark,
    witness: (evidence) => store.witness(release.id, evidence),
    conclude: (reason, because) => conclude(turn, reason, because),
    nextPoll: () => nextPoll(turn),
    nextLook: (pace, mostMs) => nextLook(turn, pace, mostMs),
    end: async (serving) => {
      const { outcome = 'inconclusive', reason = 'abandoned', because = 'left unfinished' } = release;
      const { record } = await put((before) =>
        end(before, { outcome, reason, because, at: world.clock.now(), serving }),
      );
      const [over] = record.ended;
      if (over === undefined) throw new Error(`release ${release.id} ended but is not in the record's history`);
      store.note(release.id, { at: world.clock.now(), kind: 'end', outcome, reason, because, serving });
      return over;
    },
  };
  return turn;
};

const besideIn = ({ ended }: ReleaseRecord, { baseline }: Release): Configuration | undefined =>
  ended.find(({ candidate }) => candidate.beside !== undefined && candidate.endpointConfig === baseline?.endpointConfig)
    ?.candidate;

const differOnlyByCommands = (one: Release, other: Release): boolean =>
  canonical({ ...one, commands: [] }) === canonical({ ...other, commands: [] });
