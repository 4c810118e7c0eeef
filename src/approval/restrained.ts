import type { RiskHere } from '../registry/risk.ts';
import type { Considered } from './mode.ts';
import { reviewersFor } from './reviewers-for.ts';

/** With a high risk two people approve, whatever the mode decides: neither one person nor a policy approves alone. */
export const restrained = (considered: Considered, { level, because }: RiskHere): Considered => {
  const { decision } = considered;
  const { atLeast } = reviewersFor({}, level);
  if (decision.is !== 'approve' || level !== 'high') return considered;
  const people = new Set(decision.by.map((one) => one.toLowerCase()));
  if (people.size >= atLeast) return considered;
  return {
    ...considered,
    decision: {
      is: 'open',
      outcome: 'pending',
      reason: 'approval-pending',
      because: `${because ?? 'the risk is high'}: ${atLeast} different people have to approve, and only ${[...decision.by].join(', ') || 'no person'} did (${decision.because})`,
    },
  };
};
