import { expect, test } from '@jest/globals';
import { permissionsFor, policyFor, publishedNames } from '../../src/permissions.ts';
import { place } from '../support/policy-place.ts';

const actionsOf = (policy: Parameters<typeof policyFor>[0]): readonly string[] =>
  policyFor(policy, place).Statement.flatMap(({ Action }) => Action);

test('no policy has two statements of one name, which IAM refuses', () => {
  for (const policy of publishedNames) {
    const names = policyFor(policy, place).Statement.map(({ Sid }) => Sid);
    expect([policy, names.filter((name, index) => names.indexOf(name) !== index)]).toEqual([policy, []]);
  }
});

test('a gate that writes a decision needs a policy of its own, and not that of a gate that reads', () => {
  const needed = permissionsFor('approve-gate', ['decides']);
  expect(needed).toContain('sagemaker:UpdateModelPackage');
  expect(actionsOf('gate')).toEqual(expect.arrayContaining([...needed]));
  expect(actionsOf('approve-gate')).not.toContain('sagemaker:UpdateModelPackage');
  expect(permissionsFor('approve-gate', [])).not.toContain('sagemaker:UpdateModelPackage');
});

test('the policy of a deployer, which holds the policy of the gate too, decides nothing', () => {
  const held = ['approve-gate', 'plan', 'deploy-endpoint', 'shift-traffic', 'rollback'] as const;
  expect(held.flatMap(actionsOf).filter((action) => action === 'sagemaker:UpdateModelPackage')).toEqual([]);
});

test('a gate that decides by a policy has a policy of its own, which is that of the approver and reads', () => {
  const needed = permissionsFor('approve-gate', ['decides', 'reads-evidence']);
  expect(actionsOf('gate')).toEqual(expect.arrayContaining([...needed]));
  expect(new Set(actionsOf('gate'))).toEqual(new Set(needed));
  const reads = actionsOf('gate').filter((action) => !actionsOf('approver').includes(action));
  expect(reads.filter((action) => !/:(Describe|Get|List)/.test(action))).toEqual([]);
  expect(actionsOf('approver')).not.toContain('s3:GetObject');
});
