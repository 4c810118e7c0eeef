import { type Instant, minutes } from '../clock.ts';
import { canonical } from '../digest.ts';
import { Refusal } from '../operation.ts';
import type { Evidence } from '../release/journal.ts';
import { advance, end, type ReleasePatch, renew } from '../release/lifecycle.ts';
import type { Release, ReleaseRecord } from '../release/record.ts';
import { LostRace, type ReleaseStore, type StoredRecord } from '../release/store.ts';
import type { World } from '../world.ts';
import type { ApprovalTerms } from './approval-terms.ts';

/** One turn of a live release: the world, and the release as its record has it. */
export interface Turn {
  readonly world: World;
  readonly endpoint: string;
  readonly release: Release;
  readonly approval: ApprovalTerms;
  /** Changes the release in its record by compare-and-swap: before the mutation it announces, never after. */
  save(patch: ReleasePatch): Promise<Turn>;
  /** Says what went wrong beside the release and must not fail it (rule 13). */
  remark(sentence: string): void;
  /** Has the journal say what the judge saw and concluded in this turn. */
  witness(evidence: Evidence): void;
  /** Ends the release: it leaves the record's `live`, and what served enters the history. */
  end(serving: 'candidate' | 'baseline' | 'unknown'): Promise<Release>;
}

/** What a turn did or found, and when the next one makes sense; without `notBefore` at once. */
export interface Step {
  readonly because: string;
  readonly percent: number;
  readonly notBefore?: Instant;
  /** Set by the last step of a release. */
  readonly ended?: Release;
}

/** Longer than any turn and any polling pause; a dead run blocks others no longer than this. */
export const leaseMs = minutes(10);

/**
 * @throws {Refusal} `held-by-another-release` from `save` when the lease was lost meanwhile
 * @throws {LostRace} from `save` and `end` when the release went on without this turn
 */
export const turnOf = (world: World, store: ReleaseStore, stored: StoredRecord, approval: ApprovalTerms): Turn => {
  const release = stored.record.live;
  if (release === undefined) throw new Error(`no release of ${stored.record.endpoint} is live`);
  const { endpoint } = stored.record;
  const put = async (change: (record: ReleaseRecord) => ReleaseRecord): Promise<StoredRecord> => {
    try {
      return await store.write(change(stored.record), stored.etag);
    } catch (error) {
      if (!(error instanceof LostRace)) throw error;
      // Somebody wrote between our read and our write. Only a command changes nothing this turn was decided from; another owner
      // is named by `change`; and where the release itself went on (a run that was thought dead), all is to be decided again.
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
  return {
    world,
    endpoint,
    release,
    approval,
    save: async (patch) => {
      const saved = await put((record) => advance(record, { ...lease(record), ...patch }));
      store.note(release.id, {
        at: world.clock.now(),
        kind: patch.witnessed ? 'observation' : 'command',
        ...patch,
      });
      return turnOf(world, store, saved, approval);
    },
    remark: store.remark,
    witness: (evidence) => store.witness(release.id, evidence),
    end: async (serving) => {
      const { outcome = 'inconclusive', reason = 'abandoned', because = 'left unfinished' } = release;
      const { record } = await put((before) =>
        end(before, { outcome, reason, because, at: world.clock.now(), serving }),
      );
      const [over] = record.ended;
      if (over === undefined) throw new Error(`release ${release.id} ended without a trace`);
      store.note(release.id, { at: world.clock.now(), kind: 'end', outcome, reason, because, serving });
      return over;
    },
  };
};

const differOnlyByCommands = (one: Release, other: Release): boolean =>
  canonical({ ...one, commands: [] }) === canonical({ ...other, commands: [] });
