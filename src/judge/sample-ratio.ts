import type { Arm } from './bucket.ts';
import { logAdd, logSum } from './logarithms.ts';

/**
 * Evidence that the traffic does not follow the weights. Requests are routed one by one, so given their number the candidate's
 * are binomial: the odds must be more than `tolerance` off in one direction. A small tilt comes from the router. A large one is a
 * bug, or metrics that do not belong together.
 */
export interface SampleRatio {
  readonly tooMany: readonly number[];
  readonly tooFew: readonly number[];
}

const tolerance = 1.25;
/** Beyond the tolerance. */
const factors: readonly number[] = [1.2, 2, 8];

const even = factors.map(() => -Math.log(factors.length));
export const asWeighted: SampleRatio = { tooMany: even, tooFew: even };

export const observeSplit = (ratio: SampleRatio, candidate: Arm, baseline: Arm, share: number): SampleRatio => ({
  tooMany: weighTilt(ratio.tooMany, candidate.requests, baseline.requests, share),
  tooFew: weighTilt(ratio.tooFew, baseline.requests, candidate.requests, 1 - share),
});

/** The likelihood ratio of odds `tolerance · factor` against odds `tolerance` times those of the weights. */
const weighTilt = (logs: readonly number[], count: number, others: number, share: number): readonly number[] =>
  logs.map((log, index) => {
    const factor = factors[index] ?? 1;
    const perRequest = Math.log1p((share * tolerance * (factor - 1)) / (1 - share + share * tolerance));
    return log + count * Math.log(factor) - (count + others) * perRequest;
  });

/** ln of the evidence; the two directions share it. */
export const logTiltEvidence = ({ tooMany, tooFew }: SampleRatio): number =>
  logAdd(logSum(tooMany), logSum(tooFew)) - Math.LN2;
