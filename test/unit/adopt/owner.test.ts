import { expect, test } from '@jest/globals';
import { isTeamTag, ownerLine, ownersOf } from '../../../src/adopt/owner.ts';

const owners = (tags: Readonly<Record<string, string>>) => ownersOf(new Map(Object.entries(tags)));

test.each([
  ['no owner', { team: 'retention' }, []],
  [
    'a stack',
    { 'aws:cloudformation:stack-name': 'churn', 'aws:cloudformation:logical-id': 'Endpoint' },
    [{ tool: 'CloudFormation', by: 'stack churn' }],
  ],
  [
    "a stack of CDK, whose logical ids end in a hash's digits",
    { 'aws:cloudformation:stack-name': 'churn', 'aws:cloudformation:logical-id': 'ChurnEndpoint1A2B3C4D' },
    [{ tool: 'CDK', by: 'stack churn' }],
  ],
  ['default tags of Terraform', { ManagedBy: 'Terraform' }, [{ tool: 'Terraform', by: 'tag ManagedBy=Terraform' }]],
  ['a flag of Terraform', { terraform: 'true' }, [{ tool: 'Terraform', by: 'tag terraform=true' }]],
  ['a flag that denies it', { terraform: 'false' }, []],
  [
    'a stack that is only named so',
    { 'aws:cloudformation:stack-name': 'terraform-state' },
    [{ tool: 'CloudFormation', by: 'stack terraform-state' }],
  ],
])('%s', (_case, tags, expected) => {
  expect(owners(tags)).toEqual(expected);
});

test('each owner has a line that leads to the page', () => {
  for (const tool of ['CloudFormation', 'CDK', 'Terraform'] as const)
    expect(ownerLine({ tool, by: 'x' })).toMatch(new RegExp(`^Owner: ${tool} \\(x\\)\\. .*docs/adopting\\.md\\.$`));
});

test("neither AWS's tags nor the suite's own are the team's", () => {
  expect(['team', 'aws:x', 'AWS:x', 'model-delivery:releases'].filter(isTeamTag)).toEqual(['team']);
});
