import { expect, test } from '@jest/globals';
import { permissionsFor, policyFor } from '../../src/permissions.ts';
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

test('a gate that decides by a policy has a policy of its own, which is that of the approver and reads', () => {
  const needed = permissionsFor('approve-gate', ['decides', 'reads-reports']);
  expect(actionsOf('gate')).toEqual(expect.arrayContaining([...needed]));
  expect(new Set(actionsOf('gate'))).toEqual(new Set(needed));
  const reads = actionsOf('gate').filter((action) => !actionsOf('approver').includes(action));
  expect(reads.filter((action) => !/:(Describe|Get|List)/.test(action))).toEqual([]);
  expect(actionsOf('approver')).not.toContain('s3:GetObject');
});
