export const outcomes = [
  'succeeded',
  'pending',
  'rolled-back',
  'rejected',
  'inconclusive',
  'timed-out',
  'cancelled',
  'failed',
] as const;

/** How a delivery ended. Different things have different names: `InService` on the old config is `rolled-back`. */
export type Outcome = (typeof outcomes)[number];
