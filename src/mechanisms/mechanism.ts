import type { Desired } from '../endpoint/desired.ts';
import type { LiveEndpoint } from '../endpoint/observe.ts';
import type { Rollout } from '../manifest/manifest.ts';
import type { Plan } from '../operation.ts';
import type { ReasonCode } from '../reason-codes.ts';
import type { RegisteredVersion } from '../registry/packages.ts';
import type { Configuration, NewRelease, Release, ReleaseRecord } from '../release/record.ts';
import type { World } from '../world.ts';
import type { DeliveryRequest } from './request.ts';
import type { Turn, TurnResult } from './turn.ts';

/**
 * One way to bring a version before users, or to take it back. Releases differ here and nowhere else: the phases, the record, the lease,
 * the conclusion and the clean-up are the same for all of them (`src/delivery`).
 */
export interface Mechanism {
  /**
   * Looks at everything that the release depends on and freezes the decisions; writes nothing.
   * @throws {Refusal} for whatever would make the release fail or prove nothing
   */
  plan(world: World, request: PlanRequest): Promise<Planned>;
  /** In phase `preparing`: the next preparation that is not done yet, and after the last one the change itself, announced in the record first. */
  submit(turn: Turn, wanted?: WantedRelease): Promise<TurnResult>;
  /** One look at the change from then on: notes facts that may vanish, acts once, or concludes the release. */
  observe(turn: Turn, wanted?: WantedRelease): Promise<TurnResult>;
  /** Takes the traffic back by the lever that the mechanism has, for this reason; undefined when it has none now. */
  stop(turn: Turn, reason: ReasonCode, because: string): Promise<TurnResult | undefined>;
  /** What differs from the release now that the change is over, one phrase each; empty means verified. */
  verify(release: Release, live: LiveEndpoint): readonly string[];
  /** Why the configuration from before serves again: the reason by which the release ends, and the sentence that shows how that is known. */
  cause(turn: Turn, live: LiveEndpoint): Promise<UpdateCause>;
}

export interface UpdateCause {
  readonly reason: ReasonCode;
  readonly because: string;
}

/** What this run's manifest makes of the release, beside what the record froze. A run that only ends a release has none. */
export interface WantedRelease {
  readonly rollout: Rollout;
  /** Model and endpoint config of the version, where this release publishes them. */
  readonly published?: Desired;
  /** Of a new endpoint. */
  readonly tags?: Readonly<Record<string, string>>;
  /**
   * Looks whether the candidate still is what was delivered, before it is published for good.
   * @throws {Refusal}
   */
  unchanged?(turn: Turn): Promise<unknown>;
}

export type PlanRequest = Deliver | Shift | Restore;

/** To bring a version up. */
export interface Deliver {
  readonly operation: 'deploy-endpoint';
  readonly asked: DeliveryRequest;
  readonly record: ReleaseRecord;
  readonly registered: RegisteredVersion;
  readonly attempt: number;
  /** Of the endpoint. */
  readonly tags: Readonly<Record<string, string>>;
}

/** To give the traffic to a version that is up without any. */
export interface Shift {
  readonly operation: 'shift-traffic';
  readonly asked: DeliveryRequest;
  readonly record: ReleaseRecord;
}

/** To publish a configuration that served before. */
export interface Restore {
  readonly operation: 'rollback';
  readonly record: ReleaseRecord;
  readonly from: Configuration;
  readonly to: Configuration;
  readonly variant: string;
  readonly because: string;
}

export interface Planned {
  readonly plan: Plan;
  readonly release: NewRelease;
  /** How a run ends that finds nothing to do. */
  readonly already: Extract<ReasonCode, 'already-delivered' | 'candidate-dark'>;
}
