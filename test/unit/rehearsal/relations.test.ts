import { describe, expect, it } from '@jest/globals';
import type { Outcome } from '../../../src/operation.ts';
import { type ReasonCode, reasonCodes } from '../../../src/reason-codes.ts';
import { broken, type Evidence, relationsOf } from '../../../src/rehearsal/relations.ts';
import type { Serving } from '../../../src/rehearsal/serving.ts';

const serving = (changes: Partial<Serving> = {}): Serving => ({
  status: 'InService',
  endpointConfig: 'iris-old',
  pending: undefined,
  failureReason: undefined,
  version: '1.0.0',
  instances: { current: 4, desired: 4 },
  ...changes,
});
const candidate = serving({ endpointConfig: 'iris-new', version: '1.1.0' });
const evidence = (after: Serving | undefined, changes: Partial<Evidence> = {}): Evidence => ({
  before: serving(),
  after,
  version: '1.1.0',
  candidateConfig: 'iris-new',
  mutations: 3,
  ...changes,
});
const holds = (outcome: Outcome, reason: ReasonCode, given: Evidence): boolean =>
  broken(outcome, reason, given).length === 0;

describe('what DescribeEndpoint must show after an outcome', () => {
  it('is stated for every reason code', () => {
    for (const code of Object.keys(reasonCodes) as ReasonCode[]) {
      const relations = relationsOf(reasonCodes[code].outcome, code);
      expect(relations.map(({ says }) => says).join()).not.toBe('');
    }
  });

  it('delivered means the candidate serves, whole', () => {
    expect(holds('succeeded', 'delivered', evidence(candidate))).toBe(true);
    expect(holds('succeeded', 'delivered', evidence(serving()))).toBe(false);
    expect(holds('succeeded', 'delivered', evidence({ ...candidate, pending: 'iris-other' }))).toBe(false);
    expect(holds('succeeded', 'delivered', evidence({ ...candidate, status: 'Updating' }))).toBe(false);
    expect(holds('succeeded', 'delivered', evidence({ ...candidate, instances: { current: 3, desired: 4 } }))).toBe(
      false,
    );
    expect(holds('succeeded', 'delivered', evidence({ ...candidate, version: '1.2.0' }))).toBe(false);
  });

  it('rolled back means the baseline serves', () => {
    expect(holds('rolled-back', 'alarm', evidence(serving({ failureReason: 'alarm' })))).toBe(true);
    expect(holds('rolled-back', 'alarm', evidence(candidate))).toBe(false);
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
