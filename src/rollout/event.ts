import type { Instant } from '../clock.ts';
import type { Figures } from '../judge/verdict.ts';

/** The events of a stepped rollout. Duplicates and stale events change nothing. */
export type Event =
  /**
   * DescribeEndpoint: the candidate's share of the weights, and whether an update is running. `stale`: it may predate the last
   * command, so it proves no arrival.
   */
  | {
      readonly is: 'observed';
      readonly at: Instant;
      readonly share: number;
      readonly moving: boolean;
      readonly stale?: true;
    }
  | { readonly is: 'judged'; readonly at: Instant; readonly verdict: StepVerdict }
  /** An alarm of the rollout is in `ALARM` while the candidate has traffic. */
  | { readonly is: 'alarmed'; readonly at: Instant; readonly because: string }
  /** The checks of the dark candidate. */
  | { readonly is: 'checked'; readonly at: Instant; readonly passed: boolean; readonly because: string }
  | {
      readonly is: 'commanded';
      readonly at: Instant;
      readonly command: ManualCommandName;
      readonly by: string;
      readonly why: string;
    }
  /** The candidate serves under the canonical name, verified. */
  | { readonly is: 'retired'; readonly at: Instant };

export type ManualCommandName = 'pause' | 'resume' | 'promote-now' | 'abort';

/** Why the judge takes traffic back; each is a reason code. */
export const judgesWhys = ['convicted', 'safety-net', 'shared-outage', 'worse-than-before', 'metrics-blind'] as const;
export type JudgesWhy = (typeof judgesWhys)[number];

/** The judge's conclusion from all buckets so far, in the rollout's terms. */
export interface StepVerdict {
  readonly decision: 'continue' | 'hold' | 'rollback' | 'promote';
  /** Only with `rollback`. */
  readonly why?: JudgesWhy;
  /** End of the newest bucket behind the verdict: a verdict from before the last raise allows no further one. */
  readonly newest: Instant;
  /** Candidate requests since the weights moved last. */
  readonly stepRequests: number;
  readonly because: string;
  /** The figures behind the verdict; absent when the metrics could not be read. */
  readonly figures?: Figures;
  /** The metrics could not be read. */
  readonly blind?: true;
  /** The newest counts behind an accusation, which CloudWatch may still revise: the next look compares its own with them. */
  readonly countsRead?: readonly CountsRead[];
}

/** One bucket's counts as they were read. */
export interface CountsRead {
  /** Start of the bucket, seconds since the epoch. */
  readonly t: number;
  /** Hex digest. */
  readonly digest: string;
  /** The first look at which they were the same. */
  readonly since: Instant;
}
