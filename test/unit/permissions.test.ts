import { expect, test } from '@jest/globals';
import { permissionsFor, policyFor, publishedNames } from '../../src/permissions.ts';
import { place } from '../support/policy-place.ts';

const actionsOf = (policy: Parameters<typeof policyFor>[0]): readonly string[] =>
  policyFor(policy, place).Statement.flatMap(({ Action }) => Action);

test('a gate that writes a decision needs the policy of the approver, and not that of the gate', () => {
  const needed = permissionsFor('approve-gate', ['decides']);
  expect(needed).toContain('sagemaker:UpdateModelPackage');
  expect(actionsOf('approver')).toEqual(expect.arrayContaining([...needed]));
  expect(actionsOf('approve-gate')).not.toContain('sagemaker:UpdateModelPackage');
  expect(permissionsFor('approve-gate', [])).not.toContain('sagemaker:UpdateModelPackage');
});

test('the policy of a deployer, which holds the policy of the gate too, decides nothing', () => {
  const held = ['approve-gate', 'plan', 'deploy-endpoint', 'shift-traffic', 'rollback'] as const;
  expect(held.flatMap(actionsOf).filter((action) => action === 'sagemaker:UpdateModelPackage')).toEqual([]);
});

test.each(publishedNames)('the statements of %s have names of their own, as IAM requires', (policy) => {
  const sids = policyFor(policy, place).Statement.map(({ Sid }) => Sid);
  expect(new Set(sids).size).toBe(sids.length);
});
