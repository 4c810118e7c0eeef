import { type Instant, minutes } from '../../src/clock.ts';
import { policyOf } from '../../src/judge/policy.ts';
import type { JudgePolicy } from '../../src/manifest/manifest.ts';
import type { FrozenPolicy } from '../../src/metrics/judge-policy.ts';
import type { Stepping } from '../../src/release/record.ts';
import type { State } from '../../src/rollout/state.ts';

/** A minute that begins with a bucket, an hour that begins with a day's second half. */
export const nine: Instant = Date.UTC(2026, 0, 5, 9);

export const judgePolicy: JudgePolicy = {
  convict: { worseThan: 1.2, falseRollback: 0.01 },
  healthy: { excessBelow: 0.005, confidence: 0.95 },
  burstGuard: 'off',
};

/** Errors and 4xx, no latency. */
export const policy = policyOf(judgePolicy, { clientErrors: true, minimumRequests: 100 });

export const frozen: FrozenPolicy = {
  policy,
  guard: { needed: false, because: 'errors came singly' },
  rates: { errors: 0, 'client-errors': 0 },
};

/** A state of each kind with candidate traffic, over the three steps of `stepping`. */
export const statesWithTraffic: readonly State[] = [
  { is: 'raising', index: 0, from: 0 },
  { is: 'baking', index: 0, since: nine + 30_000 },
  { is: 'paused', index: 0, since: nine + 30_000 },
  { is: 'baking', index: 2, since: nine + 30_000 },
  { is: 'retiring', index: 2 },
];

/** At 10 % of 10, 50 and 100 since nine o'clock and half a minute, when the weights had arrived. */
export const stepping = (overrides: Partial<Stepping> = {}): Stepping => ({
  plan: { steps: [0.1, 0.5, 1], bakeSeconds: 300, maxStepSeconds: 3600, minimumRequests: 100 },
  state: { is: 'baking', index: 0, since: nine + 30_000 },
  baselineVariant: 'AllTraffic',
  candidateVariant: 'AllTraffic-next',
  startedAt: nine - minutes(1),
  moves: [{ from: nine, until: nine + 30_000, share: 0.1 }],
  obeyed: 0,
  policy,
  ...overrides,
});
