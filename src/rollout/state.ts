import type { Instant } from '../clock.ts';

/**
 * Where a stepped rollout is. Shares are the candidate's fraction of the requests, 0–1. `promoted` and `returned` are terminal and
 * entered only by observation, never by a command alone.
 */
export type State =
  /** The candidate serves nothing; its checks are still to pass. `held`: a person commanded pause meanwhile; `hurry`: promote-now. */
  | { readonly is: 'dark'; readonly held?: true; readonly hurry?: true }
  /** A share was commanded and has not been observed yet. `held`: the rollout pauses there once it is observed. */
  | { readonly is: 'raising'; readonly index: number; readonly from: number; readonly held?: true }
  /** Observed at `steps[index]` since `since`; the judge decides. */
  | { readonly is: 'baking'; readonly index: number; readonly since: Instant }
  /** Held by a person. The judge is still consulted. */
  | { readonly is: 'paused'; readonly index: number; readonly since: Instant }
  /** The traffic goes back to the baseline. */
  | { readonly is: 'returning'; readonly why: Why; readonly because: string }
  /**
   * The candidate has all traffic and is about to be published under the canonical name; until SageMaker accepts that, it can go
   * back.
   */
  | { readonly is: 'retiring'; readonly index: number }
  | { readonly is: 'promoted' }
  | { readonly is: 'returned'; readonly why: Why; readonly because: string };

/** Why traffic goes back; each is a reason code. */
export const whys = [
  'convicted',
  'alarm',
  'safety-net',
  'shared-outage',
  'worse-than-before',
  'metrics-blind',
  'unproven-health',
  'insufficient-traffic',
  'dark-checks-failed',
  'aborted-by-hand',
] as const;
export type Why = (typeof whys)[number];

export const initial: State = { is: 'dark' };

export const isTerminal = (state: State): boolean => state.is === 'promoted' || state.is === 'returned';
