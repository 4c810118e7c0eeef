import { describe, expect, test } from '@jest/globals';
import { evaluate } from '../../../simulator/iam/evaluate.ts';
import { parsePolicy } from '../../../simulator/iam/policy.ts';
import { registeredFacts } from '../../../src/policy-conditions.ts';
import { metadataKeys } from '../../../src/registry/metadata.ts';
import { type PolicyRequest, publishedPolicies, requestsUnder } from '../../support/policy-requests.ts';

const demand = ({ action, resource, context }: PolicyRequest) => ({
  action,
  resource,
  context: (key: string) => context[key] ?? [],
});

describe.each(publishedPolicies())('the published policy $name, both ways', (policy) => {
  const policies = [parsePolicy(policy.document)];
  const requests = requestsUnder(policy);

  test.each(requests.filter(({ allowed }) => allowed))('allows $name', (request) => {
    expect(evaluate(policies, demand(request))).toBe('allowed');
  });

  test('has something to deny', () => {
    expect(requests.filter(({ allowed }) => !allowed).length).toBeGreaterThan(0);
  });
  test.each(requests.filter(({ allowed }) => !allowed))('denies $name', (request) => {
    expect(evaluate(policies, demand(request))).toBe('implicitly-denied');
  });

  test.each(policy.document.Statement)('$Sid: each of its conditions is what denies', (statement) => {
    const { Condition, ...open } = statement;
    const alone = requestsUnder({ name: '', document: { Version: '2012-10-17', Statement: [statement] } });
    const broken = alone.filter(({ name, allowed }) => !allowed && /, with/.test(name));
    if (Condition === undefined) expect(broken).toEqual([]);
    else expect(broken.length).toBeGreaterThanOrEqual(Object.values(Condition).flatMap(Object.keys).length);
    const unconditional = [
      parsePolicy({ Version: '2012-10-17', Statement: [open].map((one) => ({ Effect: 'Allow', ...one })) }),
    ];
    for (const request of broken) expect(evaluate(unconditional, demand(request))).toBe('allowed');
  });

  test('writes what only AWS may answer for on a resource of its own', () => {
    for (const { Sid, Action, Resource } of policy.document.Statement)
      if (Resource.includes('*')) {
        expect({ Sid, Resource }).toEqual({ Sid, Resource: ['*'] });
        // AWS Service Authorization Reference: these take no resource, or a data set that the account need not have.
        for (const action of Action)
          expect(action).toMatch(
            /^(application-autoscaling:Describe|cloudwatch:(DescribeAlarm|GetMetricData|PutMetricData))/,
          );
      }
  });
});

test("the registrar's policy keeps every fact that a registration writes", () => {
  expect([...registeredFacts].sort()).toEqual(Object.values(metadataKeys).sort());
});
