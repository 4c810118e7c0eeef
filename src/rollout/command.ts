/** The commands of a stepped rollout. Each can be repeated without harm. */
export type StepCommand =
  /** Candidate's share of the requests, 0–1. */
  | { readonly do: 'shift'; readonly share: number; readonly because: string }
  /** Publish the candidate under the canonical name and let the old variant go. */
  | { readonly do: 'retire'; readonly because: string };
