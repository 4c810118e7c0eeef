import { expect, test } from '@jest/globals';
import { documentsFor, mergeGrants, permissionsFor, policyFor, publishedNames } from '../../src/permissions.ts';
import { conditions } from '../../src/policy-conditions.ts';
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
  expect(actionsOf('deploy-endpoint')).not.toContain('sagemaker:UpdateModelPackage');
});

test('a gate that decides by a policy has a policy of its own, which is that of the approver and reads', () => {
  const needed = permissionsFor('approve-gate', ['decides', 'reads-evidence']);
  expect(actionsOf('gate')).toEqual(expect.arrayContaining([...needed]));
  expect(new Set(actionsOf('gate'))).toEqual(new Set(needed));
  const reads = actionsOf('gate').filter((action) => !actionsOf('approver').includes(action));
  expect(reads.filter((action) => !/:(Describe|Get|List)/.test(action))).toEqual([]);
  expect(actionsOf('approver')).not.toContain('s3:GetObject');
});

const permitted = (policy: Parameters<typeof policyFor>[0]): readonly string[] =>
  policyFor(policy, place).Statement.flatMap(({ Action, Resource, Condition }) =>
    Action.flatMap((action) => Resource.map((resource) => JSON.stringify({ action, resource, Condition }))),
  );

test.each(['plan', 'approve-gate', 'shift-traffic', 'rollback'] as const)(
  'the policy of the deployer alone suffices for %s, under the same conditions',
  (policy) => {
    const all = permitted('deploy-endpoint');
    expect(permitted(policy).filter((one) => !all.includes(one))).toEqual([]);
  },
);

test.each(publishedNames)('the documents of %s have each of its statements once', (policy) => {
  const { Statement } = policyFor(policy, place);
  const documents = Object.values(documentsFor(policy, place));
  expect(documents.flatMap((one) => one.Statement.map(({ Sid }) => Sid)).sort()).toEqual(
    Statement.map(({ Sid }) => Sid).sort(),
  );
});

test('grants of one name become one statement, unless it would allow more than they do', () => {
  const read = { sid: 'It', actions: ['s3:GetObject'], on: ['records'] } as const;
  const also = { sid: 'It', actions: ['s3:PutObject'], on: ['records'] } as const;
  expect(mergeGrants([read, also])).toEqual([{ ...read, actions: ['s3:GetObject', 's3:PutObject'] }]);
  expect(mergeGrants([read, { ...read, on: ['tests'] }])).toEqual([{ ...read, on: ['records', 'tests'] }]);
  for (const other of [
    { ...also, on: ['tests'] },
    { ...also, condition: conditions.creates },
    { ...also, sid: 'Other' },
  ] as const)
    expect(mergeGrants([read, other])).toEqual([read, other]);
});
