import { describe, expect, test } from '@jest/globals';
import { judgementOf } from '../../../src/delivery/judgement.ts';
import type { Figures } from '../../../src/judge/verdict.ts';
import type { Release } from '../../../src/release/record.ts';
import { guarded, release, secondSwap } from '../../support/release.ts';
import { policy, stepping } from '../../support/stepping.ts';

const evidence = {
  logEvidence: 0.123456,
  logHealth: 2.000049,
  healthThreshold: 2.995732,
  candidate: { requests: 100, bad: 3 },
  baseline: { requests: 900, bad: 9 },
  excess: 0.0200004,
  interval: [-0.0123456, 0.0654321],
} as const;
const figures: Figures = {
  t: 60,
  logEvidence: 1.234567,
  threshold: 4.605170185988092,
  candidateRequests: 100,
  evidence: { errors: evidence },
};
const verdict = { at: 0, decision: 'continue', because: 'too few', figures };
const walked = (more: Partial<Figures> = {}): Pick<Release, 'stepping' | 'submission' | 'witnessed'> =>
  release({
    submission: secondSwap,
    stepping: stepping({ verdict: { ...verdict, figures: { ...figures, ...more } } }),
  });

describe('the judgement in a report', () => {
  test('has the figures of the last verdict on steps, to four digits', () => {
    expect(judgementOf(walked()).findings).toEqual({
      is: 'judgement',
      exposed: 100,
      harmed: 3,
      logEvidence: 1.235,
      threshold: 4.605,
      metrics: [
        {
          says: 'errors',
          candidate: { requests: 100, bad: 3 },
          baseline: { requests: 900, bad: 9 },
          excess: 0.02,
          interval: [-0.01235, 0.06543],
          logEvidence: 0.1235,
          health: { logEvidence: 2, threshold: 2.996 },
        },
      ],
    });
  });

  test('marks a metric that is only reported; one without an excess or a proof of health has none', () => {
    const { excess: _excess, healthThreshold: _threshold, ...bare } = evidence;
    const { findings } = judgementOf(walked({ evidence: { errors: evidence, 'client-errors': bare } }));
    expect(findings?.metrics).toHaveLength(2);
    expect(findings?.metrics[1]).toEqual({
      says: '4xx answers',
      candidate: { requests: 100, bad: 3 },
      baseline: { requests: 900, bad: 9 },
      interval: [-0.01235, 0.06543],
      logEvidence: 0.1235,
      reported: true,
    });
  });

  test('without a judged metric of errors, no request was harmed', () => {
    expect(judgementOf(walked({ evidence: {} })).findings).toMatchObject({ harmed: 0, metrics: [] });
  });

  test('a logarithm of zero, which a record keeps as null, is minus infinity', () => {
    const none = { ...evidence, logHealth: null as unknown as number };
    const { findings } = judgementOf(walked({ evidence: { errors: none }, logEvidence: null as unknown as number }));
    expect(findings?.logEvidence).toBe(Number.NEGATIVE_INFINITY);
    expect(findings?.metrics[0]?.health?.logEvidence).toBe(Number.NEGATIVE_INFINITY);
  });

  test('of a guardrail deployment is the verdict that stopped it', () => {
    const stopped = release({
      submission: { ...guarded, judged: { policy } },
      witnessed: { abort: { at: 0, why: 'convicted', published: true, figures } },
    });
    expect(judgementOf(stopped).findings).toMatchObject({ exposed: 100, metrics: [{ says: 'errors' }] });
  });

  test('of one that was convicted too late for a stop is the verdict that took it back', () => {
    const back = release({
      submission: { ...guarded, judged: { policy } },
      takenBack: { because: 'worse', reason: 'convicted', figures },
    });
    expect(judgementOf(back).findings).toMatchObject({ exposed: 100, metrics: [{ says: 'errors' }] });
  });

  test.each<readonly [string, Parameters<typeof judgementOf>[0]]>([
    ['steps without a verdict', release({ submission: secondSwap, stepping: stepping() })],
    [
      'a verdict without figures',
      release({ stepping: stepping({ verdict: { at: 0, decision: 'hold', because: 'x' } }) }),
    ],
    ['a judged deployment that was not stopped', release({ submission: { ...guarded, judged: { policy } } })],
    [
      'a deployment that an alarm stopped',
      release({ witnessed: { abort: { at: 0, why: 'alarm', published: true, figures } } }),
    ],
    [
      'another mechanism',
      release({ submission: secondSwap, witnessed: { abort: { at: 0, why: 'alarm', published: true, figures } } }),
    ],
  ])('is left out of %s', (_what, given) => {
    expect(judgementOf(given)).toEqual({});
  });
});
