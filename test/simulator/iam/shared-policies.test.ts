import { describe, expect, test } from '@jest/globals';
import { AwsError } from '../../../simulator/contracts.ts';
import { evaluate } from '../../../simulator/iam/evaluate.ts';
import { parsePolicy } from '../../../simulator/iam/policy.ts';
import { type PolicyWords, readResourcePolicy } from '../../../simulator/iam/resource-policy.ts';
import { requestsUnder, sharedPolicies } from '../../support/policy-requests.ts';

const ofResources = sharedPolicies().filter(({ document }) => document.Statement.some(({ Principal }) => Principal));
const ofRoles = sharedPolicies().filter(({ document }) => document.Statement.every(({ Principal }) => !Principal));

test('every policy of the page is one or the other', () => {
  expect(ofResources.map(({ name }) => name)).toEqual([
    'bucket-policy',
    'group-policy',
    'key-policy',
    'registry-reader-trust',
    'repository-policy',
  ]);
  expect(ofRoles.map(({ name }) => name)).toEqual(['deployer', 'execution-role', 'registry-reader']);
});

describe.each(ofRoles)('the policy $name of a role, both ways', ({ name, document }) => {
  const policies = [parsePolicy(document)];
  test.each(requestsUnder({ name, document }))('$name', ({ action, resource, allowed }) => {
    expect(evaluate(policies, { action, resource, context: () => [] })).toBe(allowed ? 'allowed' : 'implicitly-denied');
  });
});

/** Policies of roles and repositories name no resource: they mean their own. */
const words = (named: boolean): PolicyWords => ({
  malformed: (message) => new AwsError('Malformed', message),
  notServed: (what) => new AwsError('NotServed', what),
  ...(named ? { mayName: () => true } : {}),
});

describe.each(ofResources)('the policy $name of a resource, both ways', ({ document }) => {
  const named = document.Statement.every(({ Resource }) => Resource !== undefined);
  const decide = readResourcePolicy(JSON.stringify(document), words(named));
  const session = (role: string): { accessKeyId: string; arn: string; accountId: string } => {
    const [, , , , accountId = '', name = ''] = role.split(':');
    return {
      accessKeyId: 'ASIA',
      arn: `arn:aws:sts::${accountId}:assumed-role/${name.replace('role/', '')}/run-1`,
      accountId,
    };
  };
  const cases = document.Statement.flatMap(({ Principal, Action, Resource = ['*'] }) =>
    (Principal?.AWS ?? []).flatMap((role) =>
      Action.flatMap((action) => Resource.map((pattern) => ({ role, action, resource: pattern.replace(/\*$/, '7') }))),
    ),
  );

  test.each(cases)('$role may $action on $resource, and no one else may', ({ role, action, resource }) => {
    expect(decide({ principal: session(role), action, resource })).toBe('allowed');
    const strangers = [
      role.replace('111122223333', '444455556666'),
      role.replace(/role\/.*/, 'role/another'),
      role.replace(/role\/(.)/, 'role/$1x'),
    ];
    for (const stranger of strangers) expect(decide({ principal: session(stranger), action, resource })).toBe('silent');
    expect(decide({ principal: session(role), action: `${action}s`, resource })).toBe('silent');
    if (resource.includes(':model-package/') || resource.includes(':::'))
      expect(
        decide({ principal: session(role), action, resource: resource.replace(/churn|ml-registry/, 'another') }),
      ).toBe('silent');
  });
});
