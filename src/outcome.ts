/** How a delivery ended. Different things have different names: `InService` on the old config is `rolled-back`. */
export type Outcome =
  | 'succeeded'
  | 'pending'
  | 'rolled-back'
  | 'rejected'
  | 'inconclusive'
  | 'timed-out'
  | 'cancelled'
  | 'failed';
