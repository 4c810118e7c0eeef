/** `notify` of `delivery.yml` after parsing. `manifest/notify-schema.ts` declares it. */

/** The events of a delivery that people are told of, in the order in which they happen. */
export const notifyEvents = ['begun', 'waiting-for-approval', 'step-taken', 'verdict', 'ended'] as const;
export type NotifyEvent = (typeof notifyEvents)[number];

/** A place that gets notifications. */
export interface Sink {
  readonly to: SinkTarget;
  /** Default: all. */
  readonly events: readonly NotifyEvent[];
}

export type SinkTarget =
  /** A topic of SNS, by its ARN. `chat`: messages in the form of Amazon Q Developer in chat applications. */
  | { readonly is: 'sns'; readonly topic: string; readonly format: 'text' | 'chat' }
  /** A bus of EventBridge, by its name or ARN. */
  | { readonly is: 'event-bridge'; readonly bus: string; readonly source: string }
  /** An incoming webhook. Its address is a secret, and only the environment of a run has it. */
  | { readonly is: 'slack' | 'teams'; readonly variable: string };
