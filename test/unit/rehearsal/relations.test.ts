import { describe, expect, it } from '@jest/globals';
import type { Outcome } from '../../../src/outcome.ts';
import { type ReasonCode, reasonCodes } from '../../../src/reason-codes.ts';
import { broken, type EndFacts, relationsOf } from '../../../src/rehearsal/relations.ts';
import type { Serving, ServingVariant } from '../../../src/rehearsal/serving.ts';

const four = { current: 4, desired: 4 };
const variant = (name: string, version: ServingVariant['version'], share: number): ServingVariant => ({
  name,
  version,
  share,
  instances: four,
});
const serving = (changes: Partial<Serving> = {}): Serving => ({
  status: 'InService',
  endpointConfig: 'iris-old',
  pending: undefined,
  failureReason: undefined,
  version: '1.0.0',
  instances: four,
  variants: [
    {
      ...variant('AllTraffic', changes.version ?? '1.0.0', 1),
      instances: changes.instances ?? four,
    },
  ],
  ...changes,
});
const beside = (share: number): Serving =>
  serving({
    endpointConfig: 'iris-both',
    version: share > 0.5 ? '1.1.0' : '1.0.0',
    variants: [variant('AllTraffic', '1.0.0', 1 - share), variant('AllTraffic-next', '1.1.0', share)],
  });
const candidate = serving({ endpointConfig: 'iris-new', version: '1.1.0' });
const evidence = (after: Serving | undefined, changes: Partial<EndFacts> = {}): EndFacts => ({
  before: serving(),
  after,
  version: '1.1.0',
  candidateConfig: 'iris-new',
  mutations: 3,
  ...changes,
});
const holds = (outcome: Outcome, reason: ReasonCode, given: EndFacts): boolean =>
  broken(outcome, reason, given).length === 0;

describe('what DescribeEndpoint must show after an outcome', () => {
  it('is stated for every reason code', () => {
    for (const code of Object.keys(reasonCodes) as ReasonCode[]) {
      const relations = relationsOf(reasonCodes[code].outcome, code);
      expect(relations.map(({ sentence }) => sentence).join()).not.toBe('');
    }
  });

  it('a regression test writes, and leaves the endpoint as it was, whatever its verdict', () => {
    for (const [outcome, reason] of [
      ['succeeded', 'regression-passed'],
      ['rejected', 'regression-failed'],
      ['inconclusive', 'regression-inconclusive'],
    ] as const) {
      expect(holds(outcome, reason, evidence(serving()))).toBe(true);
      expect(holds(outcome, reason, evidence(candidate))).toBe(false);
    }
    expect(holds('rejected', 'regression-missing', evidence(serving()))).toBe(false);
    expect(holds('rejected', 'regression-missing', evidence(serving(), { mutations: 0 }))).toBe(true);
  });

  it('delivered means the candidate serves, whole', () => {
    expect(holds('succeeded', 'delivered', evidence(candidate))).toBe(true);
    expect(holds('succeeded', 'delivered', evidence(serving()))).toBe(false);
    expect(holds('succeeded', 'delivered', evidence({ ...candidate, pending: 'iris-other' }))).toBe(false);
    expect(holds('succeeded', 'delivered', evidence({ ...candidate, status: 'Updating' }))).toBe(false);
    const short = serving({
      endpointConfig: 'iris-new',
      version: '1.1.0',
      instances: { current: 3, desired: 4 },
    });
    expect(holds('succeeded', 'delivered', evidence(short))).toBe(false);
    expect(holds('succeeded', 'delivered', evidence({ ...candidate, version: '1.2.0' }))).toBe(false);
  });

  it('rolled back means the baseline serves', () => {
    expect(holds('rolled-back', 'alarm', evidence(serving({ failureReason: 'alarm' })))).toBe(true);
    expect(holds('rolled-back', 'alarm', evidence(candidate))).toBe(false);
  });

  it('a stepped release taken back leaves the candidate with no traffic at all, and nothing else', () => {
    for (const reason of ['convicted', 'metrics-blind', 'aborted-by-hand'] as const) {
      expect(holds('rolled-back', reason, evidence(beside(0)))).toBe(true);
      expect(holds('rolled-back', reason, evidence(beside(0.1)))).toBe(false);
      expect(holds('rolled-back', reason, evidence(beside(1)))).toBe(false);
      expect(holds('rolled-back', reason, evidence({ ...beside(0), status: 'Updating' }))).toBe(false);
    }
    const strangers = { ...beside(0), variants: [variant('A', '1.0.0', 1), variant('B', '1.1.0', 0)] };
    expect(holds('rolled-back', 'convicted', evidence(strangers))).toBe(false);
  });

  it('a candidate is dark when it stands beside what serves, and delivered only when it stands alone', () => {
    const dark = { candidateConfig: 'iris-both' };
    expect(holds('succeeded', 'candidate-dark', evidence(beside(0), dark))).toBe(true);
    expect(holds('succeeded', 'candidate-dark', evidence(beside(0.1), dark))).toBe(false);
    expect(holds('succeeded', 'candidate-dark', evidence(beside(0), { ...dark, version: '1.2.0' }))).toBe(false);
    expect(holds('succeeded', 'candidate-dark', evidence(serving(), dark))).toBe(false);
    expect(holds('succeeded', 'delivered', evidence(beside(1)))).toBe(false);
  });

  it('cancelled steps go back to weight 0', () => {
    const going = (later: Serving) => evidence(beside(0.1), { later: { serving: later } });
    expect(holds('cancelled', 'cancelled', going(beside(0)))).toBe(true);
    expect(holds('cancelled', 'cancelled', going(beside(0.1)))).toBe(false);
    expect(holds('cancelled', 'cancelled', going(beside(1)))).toBe(false);
  });

  it('is not true when it is true for a moment only', () => {
    const stale = evidence(serving(), { later: { serving: candidate } });
    expect(holds('rolled-back', 'cause-unknown', stale)).toBe(false);
    expect(holds('rolled-back', 'alarm', evidence(serving(), { later: { serving: serving() } }))).toBe(true);
  });

  it('doing nothing means no write and no change', () => {
    expect(holds('rejected', 'already-convicted', evidence(serving(), { mutations: 0 }))).toBe(true);
    expect(holds('rejected', 'already-convicted', evidence(serving(), { mutations: 1 }))).toBe(false);
    expect(holds('succeeded', 'planned', evidence(candidate, { mutations: 0 }))).toBe(false);
    expect(holds('succeeded', 'already-delivered', evidence(candidate, { before: candidate, mutations: 0 }))).toBe(
      true,
    );
  });

  it('cancelled means SageMaker goes on, or has come to rest', () => {
    const midway = serving({ status: 'Updating', pending: 'iris-new' });
    expect(holds('cancelled', 'cancelled', evidence(midway))).toBe(true);
    expect(holds('cancelled', 'cancelled', evidence(midway, { later: { serving: candidate } }))).toBe(true);
    expect(holds('cancelled', 'cancelled', evidence(midway, { later: { serving: midway } }))).toBe(false);
    expect(holds('cancelled', 'cancelled', evidence(candidate))).toBe(true);
    expect(holds('cancelled', 'cancelled', evidence(serving({ status: 'Failed' })))).toBe(false);
  });
});
