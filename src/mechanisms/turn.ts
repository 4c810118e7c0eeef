import type { Instant } from '../clock.ts';
import type { ReasonCode } from '../reason-codes.ts';
import type { ApprovalTerms } from '../registry/approval-terms.ts';
import type { JudgeEvidence } from '../release/journal.ts';
import type { ReleasePatch } from '../release/lifecycle.ts';
import type { Configuration, Release, Served } from '../release/record.ts';
import type { World } from '../world.ts';

/** How often a change is looked at while it is under way. */
export type Pace =
  /** Something is about to end, or the next look is a second witness. */
  | 'soon'
  /** The metrics have a new minute. */
  | 'minute';

/** One turn of a live release: the world, and the release as its record has it. */
export interface Turn {
  readonly world: World;
  readonly endpoint: string;
  readonly release: Release;
  readonly approval: ApprovalTerms;
  /** The last look at which SageMaker was launching the candidate's first instances: from memory, so it is a hint. */
  readonly launchingAt?: Instant;
  /** The configuration before the one that serves, which a rollback would go back to. */
  readonly earlier?: Served;
  /** The candidate without traffic in the configuration before this release: it goes with that configuration. */
  readonly besideBefore?: Configuration;
  /** Changes the release in its record by compare-and-swap: before the mutation it announces, never after. */
  save(patch: ReleasePatch): Promise<Turn>;
  /** Logs a problem beside the release that must not fail it (rule 13). */
  remark(sentence: string): void;
  /** Writes the judge's evidence and verdict of this turn into the journal. */
  witness(evidence: JudgeEvidence): void;
  /**
   * Records the outcome. Settling (scaling restored, alarms removed, tags) follows and cannot change it.
   * @param reason decides the outcome
   */
  conclude(reason: ReasonCode, because: string): Promise<TurnResult>;
  /** The time of the next read of the endpoint. */
  nextPoll(): Instant;
  /**
   * The time of the next look at a change that is under way.
   * @param mostMs no later than this, and never sooner than a poll
   */
  nextLook(pace: Pace, mostMs?: number): Instant;
  /** Ends the release: it leaves the record's `live`, and the configuration that served enters the history. */
  end(serving: 'candidate' | 'baseline' | 'unknown'): Promise<Release>;
}

/** The action or finding of a turn, and the earliest time of the next one; without `notBefore` at once. */
export interface TurnResult {
  readonly because: string;
  readonly percent: number;
  readonly notBefore?: Instant;
  /** For `Turn.launchingAt` of the next turn. */
  readonly launchingAt?: Instant;
  /** AWS carries the change out by itself, under its alarms, until about this time: no run has to follow it. */
  readonly goesOnUntil?: Instant;
  /** The candidate is up without traffic, which waits for `shift-traffic` until about this time. */
  readonly waitsUntil?: Instant;
  /** Set by the last step of a release. */
  readonly ended?: Release;
}
