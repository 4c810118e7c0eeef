import { describe, expect, test } from '@jest/globals';
import type { Decision } from '../../../src/approval/decision.ts';
import { restrained } from '../../../src/approval/restrained.ts';
import { reviewersFor } from '../../../src/approval/reviewers-for.ts';
import type { Reviewer } from '../../../src/manifest/approval.ts';

const of: readonly Reviewer[] = [
  { is: 'person', login: 'alice' },
  { is: 'team', organisation: 'acme', slug: 'ml-leads' },
];

describe('the people who have to approve', () => {
  test.each([
    ['normal', undefined, { atLeast: 1 }],
    ['high', undefined, { atLeast: 2 }],
    ['normal', { atLeast: 1, of }, { atLeast: 1, of }],
    ['high', { atLeast: 1, of }, { atLeast: 2, of }],
    ['high', { atLeast: 3, of }, { atLeast: 3, of }],
  ] as const)('risk %s, %j', (risk, reviewers, expected) => {
    expect(reviewersFor(reviewers === undefined ? {} : { reviewers }, risk)).toEqual(expected);
  });
});

describe('a high risk restrains every mode', () => {
  const high = { level: 'high', because: 'the risk is high by `risk: high` of the manifest' } as const;
  const approve = (...by: string[]): Decision => ({ is: 'approve', by, because: 'recall holds' });

  test.each([[[]], [['policy of delivery.yml']], [['alice']], [['alice', 'Alice']]])(
    'approved by %j: stays open',
    (by) => {
      const { decision } = restrained({ decision: approve(...by) }, high);
      expect(decision).toMatchObject({ is: 'open', outcome: 'pending', reason: 'approval-pending' });
      expect(decision.because).toContain('`risk: high` of the manifest: 2 different people have to approve, and only ');
    },
  );

  test('two people approve; one alone rejects; a normal risk restrains nothing', () => {
    const two = { decision: approve('alice', 'bob') };
    expect(restrained(two, high)).toBe(two);
    const rejected = { decision: { is: 'reject', by: ['alice'], because: 'recall fell' } } as const;
    expect(restrained(rejected, high)).toBe(rejected);
    const one = { decision: approve('alice') };
    expect(restrained(one, { level: 'normal' })).toBe(one);
  });
});
