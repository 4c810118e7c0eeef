import { describe, expect, test } from '@jest/globals';
import { percent } from '../../../src/judge/amounts.ts';
import { because, type Grounds, odds } from '../../../src/judge/because.ts';
import { policyOf } from '../../../src/judge/policy.ts';
import type { MetricEvidence } from '../../../src/judge/verdict.ts';
import { judgePolicy } from '../../support/stepping.ts';

// The sentences of the judge, to the word: they are what a person decides by.

const policy = policyOf({ ...judgePolicy, clientErrors: 'judge' }, { clientErrors: true, minimumRequests: 500 });
const metric = (more: Partial<MetricEvidence> = {}): MetricEvidence => ({
  logEvidence: 0,
  logHealth: 4,
  healthThreshold: 3,
  candidate: { requests: 200, bad: 5 },
  baseline: { requests: 1800, bad: 9 },
  interval: [-0.001, 0.004],
  ...more,
});
const found = (reason: Grounds['reason'], more: Partial<Grounds> = {}): string =>
  because(policy, {
    reason,
    logEvidence: Math.log(50),
    threshold: Math.log(100),
    evidence: { errors: metric(), 'client-errors': metric() },
    stepRequests: 400,
    coverage: 0.5,
    blindSeconds: 120.4,
    failing: { buckets: 3, requests: 300, bad: 240, baseline: { requests: 900, bad: 30 } },
    ...more,
  });

describe('what the judge says', () => {
  test('of a conviction: the metric that adds most to the evidence', () => {
    const worse = { errors: metric(), 'client-errors': metric({ logEvidence: 2, baseline: { requests: 0, bad: 0 } }) };
    expect(found('candidate-worse')).toBe(
      'errors: 5 of 200 (2.5 %) beside 9 of 1800 (0.5 %); that is 50 times as likely if the candidate is more than 1.2 times worse than if it is not, 100 convicts',
    );
    expect(found('candidate-worse', { evidence: worse })).toBe(
      '4xx answers: 5 of 200 (2.5 %) beside 0 of 0 (none); that is 50 times as likely if the candidate is more than 1.2 times worse than if it is not, 100 convicts',
    );
    // The weight counts, too: errors have twice that of 4xx answers.
    const close = { errors: metric(), 'client-errors': metric({ logEvidence: 0.6 }) };
    expect(found('candidate-worse', { evidence: close })).toMatch(/^errors:/);
    expect(found('candidate-worse', { evidence: { 'client-errors': metric() } })).toMatch(/^4xx answers:/);
    expect(found('candidate-worse', { evidence: {} })).toMatch(/^errors: ; that is/);
  });

  test('of proof: the bound of each metric that has one', () => {
    const bounds = { errors: metric(), 'client-errors': metric({ interval: [0, 0.00123] }) };
    expect(found('proven-healthy', { evidence: bounds })).toBe(
      'after 400 candidate requests in this step the excess over the baseline is, with 95 % confidence: errors at most 0.4 %, 4xx answers at most 0.123 %',
    );
    expect(found('proven-healthy', { evidence: { errors: metric() } })).toMatch(/confidence: errors at most 0\.4 %$/);
    const reported = policyOf(judgePolicy, { clientErrors: true });
    expect(
      because(reported, {
        reason: 'proven-healthy',
        logEvidence: 0,
        threshold: 0,
        evidence: bounds,
        stepRequests: 1,
        coverage: 1,
        blindSeconds: 0,
      }),
    ).not.toContain('4xx');
  });

  test.each([
    [
      'absolute-limit',
      "more than 20 % of the candidate's requests failed in each of 3 buckets in a row: 240 of 300 (80 %) beside 30 of 900 (3.33 %)",
    ],
    ['metrics-missing', 'metrics are missing for 120 s: the weight stays, and after 600 s the traffic is taken back'],
    [
      'unobserved-too-long',
      'metrics have been missing for 120 s, longer than 600 s: an unobserved candidate must not serve',
    ],
    [
      'split-not-as-weighted',
      'the candidate got 0 % of the requests, but its weight is 0 %: the counts cannot be trusted',
    ],
    [
      'mostly-worse',
      'errors: 5 of 200 (2.5 %) beside 9 of 1800 (0.5 %); nothing is proven while this holds for most buckets of a step; evidence against it 50 of 100',
    ],
    [
      'baseline-in-incident',
      'the baseline itself fails far more often than it usually does (): such a minute is no evidence that the candidate is healthy',
    ],
    ['too-little-observed', 'only 50 % of this step was observed, 80 % is needed'],
    ['too-few-requests', '400 of the 500 candidate requests this step must see'],
    ['weights-moved', 'the weights moved in this bucket: it is no evidence'],
    [
      'insufficient-evidence',
      'this bucket alone has more bad requests than the bound allows after 400 candidate requests; evidence against it 50 of 100',
    ],
  ] as const)('of %s', (reason, says) => {
    expect(found(reason)).toBe(says);
  });

  test.each([
    ['both-failing', 720, 'as often, so the cause is shared and convicts no version'],
    ['both-failing', 580, 'too, and the difference is within chance, so the cause is shared and convicts no version'],
    ['absolute-limit', 450, 'too, but the difference is more than chance'],
  ] as const)('of a baseline that fails as well: %s, %s', (reason, bad, says) => {
    const failing = { buckets: 3, requests: 300, bad: 240, baseline: { requests: 900, bad } };
    expect(found(reason, { failing })).toMatch(new RegExp(`; the baseline failed ${says}$`));
  });

  test('of the absolute limit without a baseline', () => {
    const failing = { buckets: 4, requests: 300, bad: 240 };
    expect(found('absolute-limit', { failing })).toBe(
      "more than 20 % of the candidate's requests failed in each of 4 buckets in a row: 240 of 300 (80 %); the baseline's numbers of these buckets are missing",
    );
    expect(found('absolute-limit', { failing: { ...failing, baseline: { requests: 0, bad: 0 } } })).toBe(
      "more than 20 % of the candidate's requests failed in each of 4 buckets in a row: 240 of 300 (80 %) beside 0 of 0 (none); no baseline requests are left for a comparison",
    );
  });

  test('with the figures it has', () => {
    expect(found('split-not-as-weighted', { seenShare: 0.25, meantShare: 0.1 })).toContain(
      'got 25 % of the requests, but its weight is 10 %',
    );
    expect(found('baseline-in-incident', { troubled: ['a: usual are 1 %', 'b: usual are 2 %'] })).toContain(
      '(a: usual are 1 %; b: usual are 2 %)',
    );
    expect(found('mostly-worse', { evidence: {} })).toMatch(/^errors: ; nothing is proven/);
  });

  test('of what is open: the first metric that is not proven, at the threshold it is', () => {
    const evidence = {
      errors: metric({ logHealth: 3 }),
      'client-errors': metric({ logHealth: 2.99, interval: [0, 0.02] }),
    };
    expect(found('insufficient-evidence', { evidence })).toBe(
      'not yet decided after 400 candidate requests in this step: 4xx answers 5 of 200 (2.5 %) beside 9 of 1800 (0.5 %), an excess of up to 2 % is not excluded (0.5 % must be); evidence against it 50 of 100',
    );
    const { healthThreshold: _, ...watched } = metric({ logHealth: 0 });
    expect(found('insufficient-evidence', { evidence: { errors: watched } })).toMatch(/^this bucket alone/);
  });
});

test.each([
  [0, '1'],
  [Math.log(0.0345), '0.03'],
  [Math.log(1.2345), '1.23'],
  [Math.log(999_499), '999000'],
  [Math.log(1e6) + 1e-9, '10^6'],
  [Math.log(3.2e8), '10^8'],
])('odds of e^%d are %s', (log, says) => {
  expect(odds(log)).toBe(says);
});

test('percentages have three digits', () => {
  expect([percent(0.123456), percent(0), percent(1)]).toEqual(['12.3 %', '0 %', '100 %']);
});
