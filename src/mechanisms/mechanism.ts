import type { Instant } from '../clock.ts';
import type { Desired } from '../endpoint/desired.ts';
import type { Look } from '../endpoint/look.ts';
import type { LiveEndpoint } from '../endpoint/observe.ts';
import type { Rollout } from '../manifest/manifest.ts';
import type { Smoke } from '../manifest/smoke.ts';
import type { Plan } from '../operation.ts';
import type { ReasonCode } from '../reason-codes.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import type { Configuration, NewRelease, Release, ReleaseRecord } from '../release/record.ts';
import type { World } from '../world.ts';
import type { DeliveryRequest } from './request.ts';
import type { Turn, TurnResult } from './turn.ts';

/**
 * One way to bring a version before users, or to take it back. Releases differ here and nowhere else: the phases, the record, the lease,
 * the conclusion and the clean-up are the same for all of them (`src/delivery`).
 */
export interface Mechanism<Request = PlanRequest, Live = LiveEndpoint> extends Movement {
  /**
   * Reads everything that the release depends on and freezes the decisions; writes nothing.
   * @throws {Refusal} for anything that would make the release fail or prove nothing
   */
  plan(world: World, request: Request): Promise<Planned>;
  /** The endpoint's differences from the release after the change, one phrase each; empty means verified. */
  verify(release: Release, live: Live): readonly string[];
  /** Why the previous configuration serves again: the release's reason code, and a sentence with the evidence. */
  cause(turn: Turn, live: Live): Promise<UpdateCause>;
}

/** What the delivery needs of a mechanism to carry a release, whatever serves. */
export interface Movement {
  /** In phase `preparing`: does the next unfinished preparation. After the last one it announces the change in the record, then submits it. */
  submit(turn: Turn, wanted?: WantedRelease): Promise<TurnResult>;
  /** One look at the submitted change: records facts that may vanish, acts once, or concludes the release. */
  observe(turn: Turn, wanted?: WantedRelease): Promise<TurnResult>;
  /** Takes the traffic back for this reason, by the mechanism's own means; undefined when it has none now. */
  stop(turn: Turn, reason: ReasonCode, because: string): Promise<TurnResult | undefined>;
}

export interface UpdateCause {
  readonly reason: ReasonCode;
  readonly because: string;
  /** The evidence is not complete before this time: the cause is not final. */
  readonly notBefore?: Instant;
}

/** The release as this run's manifest wants it, beside the decisions frozen in the record. A run that only ends a release has none. */
export interface WantedRelease {
  readonly rollout: Rollout;
  /** Model and endpoint config of the version, where this release publishes them. */
  published?(): Promise<Desired>;
  /** What a submission needs first, one step a turn; undefined when all of it is there. */
  prepare?(turn: Turn): Promise<TurnResult | undefined>;
  /** Requests to a version that is up, where the record of the release has their progress. */
  readonly smoke?: Smoke;
  /** Of a new endpoint. */
  readonly tags?: Readonly<Record<string, string>>;
  /**
   * Checks that the candidate is unchanged since its delivery, before it is published for good.
   * @throws {Refusal}
   */
  unchanged?(turn: Turn): Promise<unknown>;
}

export type PlanRequest = Deliver | Shift | Restore;

/** A request to deliver a version. */
export interface Deliver {
  readonly operation: 'deploy-endpoint';
  readonly requested: DeliveryRequest;
  readonly record: ReleaseRecord;
  readonly registered: RegisteredVersion;
  readonly attempt: number;
  /** Of the endpoint. */
  readonly tags: Readonly<Record<string, string>>;
}

/** A request to shift the traffic to a dark candidate. */
export interface Shift {
  readonly operation: 'shift-traffic';
  readonly requested: DeliveryRequest;
  readonly record: ReleaseRecord;
}

/** A request to publish a configuration that served before. */
export interface Restore {
  readonly operation: 'rollback';
  readonly record: ReleaseRecord;
  readonly from: Configuration;
  readonly to: Configuration;
  readonly variant: string;
  readonly because: string;
  /** `Release.withdraws`. */
  readonly withdraws?: string;
  /** `Release.rejected`. */
  readonly rejected?: true;
  /** `Release.named`. */
  readonly named?: true;
  /** For the plan. */
  readonly notes?: readonly string[];
}

export interface Planned {
  readonly plan: Plan;
  /** Of a delivery: the look at the endpoint that it was planned by, so that its turn looks once. Absent without an endpoint. */
  readonly look?: Look;
  readonly release: NewRelease;
  /** The reason code of a run that finds nothing to do. */
  readonly already: Extract<ReasonCode, 'already-delivered' | 'candidate-dark'>;
  /** Why the release must not begin, although its plan is complete: users see both. */
  readonly refused?: { readonly reason: ReasonCode; readonly because: string };
}
