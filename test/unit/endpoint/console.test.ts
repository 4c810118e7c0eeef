import { expect, it } from '@jest/globals';
import { consolePage } from '../../../src/endpoint/console.ts';

it.each([
  ['aws', 'eu-west-1', 'https://eu-west-1.console.aws.amazon.com/sagemaker/home?region=eu-west-1#/endpoints/churn'],
  ['aws-cn', 'cn-north-1', 'https://cn-north-1.console.amazonaws.cn/sagemaker/home?region=cn-north-1#/endpoints/churn'],
  [
    'aws-us-gov',
    'us-gov-west-1',
    'https://us-gov-west-1.console.amazonaws-us-gov.com/sagemaker/home?region=us-gov-west-1#/endpoints/churn',
  ],
  ['aws-iso', 'us-iso-east-1', undefined],
])('the page of an endpoint in the partition %s', (partition, region, page) => {
  expect(consolePage({ partition, region, id: '111122223333' }, 'churn')).toBe(page);
});
