import type { Instant } from '../clock.ts';
import type { AnyFindings } from '../findings/findings.ts';
import type { Outcome } from '../outcome.ts';
import type { ReasonCode } from '../reason-codes.ts';

/** Several releases of one endpoint, in the form for the HTML report. */
export interface Story {
  readonly title: string;
  /** One or two sentences: the origin and the subject of the report. */
  readonly about: string;
  readonly chapters: readonly Chapter[];
}

/** One release. */
export interface Chapter {
  readonly title: string;
  readonly startedAt: Instant;
  readonly endedAt: Instant;
  /** The inputs in the user's words. */
  readonly inputs: readonly (readonly [name: string, value: string])[];
  readonly verdict: { readonly outcome: Outcome; readonly reason: ReasonCode; readonly because: string };
  readonly baseline?: StoryFleet;
  readonly candidate?: StoryFleet;
  /** By minute, both arms: the real traffic, before any metric delay. */
  readonly minutes: readonly ArmMinute[];
  /** The fraction of failing requests above which an alarm goes off; absent when no alarm watches errors. */
  readonly errorThreshold?: number;
  /** The evidence behind the verdict, where the operation gathered some. */
  readonly findings?: AnyFindings;
  /** The judge's verdict after each minute, in order. */
  readonly evidence: readonly EvidenceMinute[];
  readonly bakes: readonly { readonly from: Instant; readonly to: Instant; readonly label: string }[];
  readonly happenings: readonly Happening[];
  readonly alarms: readonly AlarmRow[];
  /** Sentences. */
  readonly servesNow: string;
  readonly undo: string;
}

/** One side of the comparison: `label` is the version, `endpointConfig` its name in SageMaker. */
export interface StoryFleet {
  readonly label: string;
  readonly endpointConfig: string;
}

export interface ArmMinute {
  readonly arm: 'baseline' | 'candidate';
  readonly minute: Instant;
  readonly requests: number;
  /** The model's own: answers that are neither 2xx nor 4xx. */
  readonly errors: number;
  /** 4xx: the callers' mistakes. */
  readonly clientErrors: number;
}

/** Evidence as natural logarithms, each with its threshold. */
export interface EvidenceMinute {
  readonly minute: Instant;
  /** Evidence that the candidate is worse. */
  readonly worse: EvidenceLevel;
  /** Evidence that it is healthy, by the metric that is farthest from proof; absent when no proof was required. */
  readonly healthy?: EvidenceLevel;
}
export interface EvidenceLevel {
  readonly log: number;
  readonly threshold: number;
}

export interface Happening {
  readonly at: Instant;
  readonly who: 'workflow' | 'endpoint' | 'alarm' | 'person' | 'registry' | 'autoscaling';
  readonly what: string;
  readonly detail: string;
  /** `marked`: gets a number in the charts. `fine`: only in the list of every step. */
  readonly weight: 'marked' | 'plain' | 'fine';
}

export interface AlarmRow {
  readonly name: string;
  /** `error rate of the candidate above 1% for 1 of 1 minutes`. */
  readonly watches: string;
  readonly changes: readonly { readonly at: Instant; readonly state: string }[];
}
