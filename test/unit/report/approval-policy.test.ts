import { expect, test } from '@jest/globals';
import type { ApprovalPolicy } from '../../../src/findings/approval-policy.ts';
import { approvalPolicyRenderer as renderer } from '../../../src/report/findings/approval-policy.ts';

const foreign = '<b>|`x`\u202e';
const found: ApprovalPolicy = {
  is: 'approval-policy',
  rules: [
    { rule: 'recall at least 0.6', ruling: 'holds', value: 0.7, limit: 0.6, because: 'recall is 0.7, at least 0.6' },
    {
      rule: 'rmse not worse than the version that serves',
      ruling: 'broken',
      value: 4.300000000000001,
      limit: 4.2,
      beside: 4.2,
      because: 'rmse is 4.3 beside 4.2 of the serving package churn/3; worse by at most 0 is allowed',
    },
    { rule: `${foreign} at most 1`, ruling: 'open', because: `${foreign} is not in the report` },
    {
      rule: 'cost not worse than the version that serves',
      ruling: 'left-out',
      value: 1,
      because: 'nothing serves yet',
    },
  ],
};

test('the job summary has a row a rule, and foreign text is plain in it', () => {
  expect(renderer.summary(found).split('\n')).toEqual([
    '### Approval policy',
    '',
    'Of 4 rules: 1 kept, 1 broken, 1 undecided, 1 left out.',
    '',
    '| rule | value | limit | compared with | holds | because |',
    '| --- | ---: | ---: | ---: | --- | --- |',
    '| recall at least 0.6 | 0.7 | 0.6 |  | yes | recall is 0.7, at least 0.6 |',
    '| rmse not worse than the version that serves | 4.3 | 4.2 | 4.2 | no | rmse is 4.3 beside 4.2 of the serving package churn/3; worse by at most 0 is allowed |',
    expect.stringMatching(/undecided/),
    '| cost not worse than the version that serves | 1 |  |  | left out | nothing serves yet |',
  ]);
  expect(renderer.summary(found)).not.toContain('\u202e');
});

test('the page has the same rows, escaped', () => {
  const html = renderer.html(found);
  expect(html.match(/<tr>/g)).toHaveLength(5);
  expect(html).not.toContain('<b>');
  expect(html).not.toContain('\u202e');
});

test('the test report has one case a rule', () => {
  expect(renderer.junit(found).map(({ name, ended }) => [name, ended.is])).toEqual([
    ['recall at least 0.6', 'passed'],
    ['rmse not worse than the version that serves', 'failed'],
    [`${foreign} at most 1`, 'skipped'],
    ['cost not worse than the version that serves', 'skipped'],
  ]);
});
