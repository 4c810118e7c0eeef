import type { Instant } from '../clock.ts';
import { deliveryOf } from '../manifest/load.ts';
import type { Manifest } from '../manifest/manifest.ts';
import type { NotifyEvent, Sink } from '../manifest/notify.ts';
import type { ReleaseRecord } from '../release/record.ts';

/** One event, told to people and to programs. */
export interface Notice {
  /**
   * The same for the same event, whoever sends it: `churn-1.4.0-0a1b2c3d-7/step-taken-2`. A run that died after it had sent a notice, and before it
   * had recorded that, is followed by a run that sends it again; a receiver recognises the repetition by this.
   */
  readonly id: string;
  readonly event: NotifyEvent;
  readonly at: Instant;
  /** `churn 1.4.0, production: 25 % of the traffic`. */
  readonly title: string;
  /** Sentences. Parts of it are foreign text. */
  readonly text: string;
  /** The same for all notices of one delivery, which may be two releases: up without traffic, then a shift of the traffic. */
  readonly thread?: string;
  readonly facts: NoticeFacts;
}

/** Members of the JSON that programs get. */
export interface NoticeFacts {
  readonly model: string;
  readonly environment: string;
  readonly version: string;
  readonly operation: string;
  readonly endpoint?: string;
  readonly release?: string;
  /** The candidate's share of the traffic, 0–1. */
  readonly share?: number;
  readonly outcome?: string;
  readonly reason?: string;
  /** Pages of the endpoint and of the run. */
  readonly console?: string;
  readonly run?: string;
}

/** Who is notified of the deliveries to an environment. */
export interface NotifyTerms {
  readonly model: string;
  readonly environment: string;
  readonly sinks: readonly Sink[];
}

/**
 * Id of the release that a delivery began with: `shift-traffic` goes on with the candidate that the last `deploy-endpoint` brought up.
 * @param before the shift; absent: as of now
 */
export const threadOfCandidate = (
  { ended }: Pick<ReleaseRecord, 'ended'>,
  version: string,
  before: Instant = Number.POSITIVE_INFINITY,
): string | undefined =>
  ended.find(
    (one) =>
      one.operation === 'deploy-endpoint' &&
      one.reason === 'candidate-dark' &&
      one.version === version &&
      one.startedAt < before,
  )?.id;

/** Undefined without `notify`. */
export const notifyTermsOf = ({
  manifest,
  environment,
}: {
  readonly manifest: Manifest;
  readonly environment: string;
}): NotifyTerms | undefined => {
  const { notify: sinks } = deliveryOf(manifest, environment);
  return sinks && { model: manifest.model, environment, sinks };
};
