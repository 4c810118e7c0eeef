import type { ApprovalPolicy } from './approval-policy.ts';
import type { Ruling } from './comparison.ts';
import type { Regression } from './regression.ts';

/** The facts for a person who decides about a version, read before the question. Its texts may be foreign. */
export interface Evidence extends RegisteredMetrics {
  readonly is: 'evidence';
  /** Twelve hex digits: a write to the package changes them. */
  readonly state: string;
  readonly environment: string;
  /** One sentence each: the people who have to approve, and the risk. */
  readonly rules: readonly string[];
  /** Of a policy that did not decide. */
  readonly policy?: ApprovalPolicy;
  /** Absent: the manifest has no `regression:`. */
  readonly verdict?: Part<EvidenceVerdict>;
  /** The plan of `deploy-endpoint`. */
  readonly changes: Part<PlannedChanges>;
  /** Absent: the package has no card. */
  readonly card?: EvidenceCard;
  readonly lineage: Facts;
}

/** The metrics of the registry: a version's beside those of the version that serves. */
export interface RegisteredMetrics {
  /** `churn_v1.4.0`. */
  readonly tag: string;
  readonly serves: Part<Serves>;
  readonly metrics: readonly EvidenceMetric[];
  /** Of the metrics that were not shown, since there are too many. */
  readonly metricsLeft: number;
  /** Why a side has no metrics, and how far they can be compared. */
  readonly metricNotes: readonly string[];
}

/** A part that could not be read has the reason: no run fails for it. */
export type Part<Value> =
  | { readonly is: 'known'; readonly value: Value }
  /** `because`: a clause. */
  | { readonly is: 'unknown'; readonly because: string };

/** Head → value, in the order for a reader. */
export type Facts = Readonly<Record<string, string>>;

export interface Serves {
  readonly endpoint: string;
  /** `churn_v1.3.0`, or a model that is no version. Absent: nothing serves there. */
  readonly name?: string;
}

export interface EvidenceMetric {
  /** `binary_classification_metrics.auc`. */
  readonly name: string;
  readonly candidate?: number;
  readonly serving?: number;
  /** The better direction; absent where it is not certain. */
  readonly better?: 'higher' | 'lower';
}

export interface EvidenceVerdict {
  /** `none`: no verdict counts yet. */
  readonly verdict: Ruling | 'none';
  /** One sentence. */
  readonly because: string;
  /** The page of the run that tested. */
  readonly page?: string;
  readonly findings?: Regression;
}

export interface PlannedChanges {
  readonly title: string;
  /** As in `Plan`. */
  readonly changes: readonly PlannedChange[];
  readonly notes: readonly string[];
  /** Of the lines that were not shown. */
  readonly left: number;
  /** Why a deployment would be refused as things are, besides the approval. */
  readonly refused?: string;
}

export interface EvidenceCard {
  /** AWS: ModelCardStatus. */
  readonly status?: string;
  readonly riskRating?: string;
  readonly sections: Facts;
  readonly unreadable?: true;
}

export interface PlannedChange {
  readonly verb: string;
  readonly object: string;
  readonly details: readonly string[];
}
