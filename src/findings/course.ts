import type { Instant } from '../clock.ts';

/** How far a release has come: for the line of a person who waits for it, and for the charts of its report. */
export interface Course {
  /** `baking, step 2 of 4`. */
  readonly phase: string;
  /** The candidate's share of the traffic as last observed, 0–1; absent where the record has none. */
  readonly share?: number;
  /** When the phase ends: the earliest, or the expected time. */
  readonly endsAt?: Instant;
  /** Not later than this. */
  readonly latestAt?: Instant;
  /** The judge's last verdict: `continue: …`. */
  readonly verdict?: string;
  /** The share since the candidate first had traffic, each change in order. */
  readonly shares: readonly { readonly at: Instant; readonly share: number }[];
  /** The judge's minutes since then; absent where no judge looked in this run. */
  readonly minutes?: readonly CourseMinute[];
}

/** Requests of both arms in one interval. An arm that is not known is absent, never zero. */
export interface CourseMinute {
  readonly at: Instant;
  readonly candidate?: Counted;
  readonly baseline?: Counted;
}
export interface Counted {
  readonly requests: number;
  /** Answers that failed by the model's fault. */
  readonly errors: number;
}
