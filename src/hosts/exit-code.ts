import { reason } from '../reason-codes.ts';
import type { Result } from '../report/result.ts';

/** DESIGN §2: 0 succeeded, 1 not succeeded, 2 the request was wrong and nothing was written, 3 pending. */
export const exitCodeOf = (result: Pick<Result, 'outcome' | 'reason'>): 0 | 1 | 2 | 3 => {
  if (result.outcome === 'succeeded') return 0;
  if (result.outcome === 'pending') return 3;
  return reason(result.reason).badInput ? 2 : 1;
};
