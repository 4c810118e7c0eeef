import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { alarmsPage, consolePage, logsPage, objectPage } from '../../../src/endpoint/console.ts';

const consoles = [
  ['aws', 'eu-west-1', 'https://eu-west-1.console.aws.amazon.com'],
  ['aws-cn', 'cn-north-1', 'https://cn-north-1.console.amazonaws.cn'],
  ['aws-eusc', 'eusc-de-east-1', 'https://eusc-de-east-1.console.amazonaws-eusc.eu'],
  ['aws-us-gov', 'us-gov-west-1', 'https://us-gov-west-1.console.amazonaws-us-gov.com'],
  ['aws-iso', 'us-iso-east-1', undefined],
  ['aws-iso-b', 'us-isob-east-1', undefined],
  ['aws-iso-e', 'eu-isoe-west-1', undefined],
  ['aws-iso-f', 'us-isof-south-1', undefined],
] as const;

describe.each(consoles)('the console of the partition %s', (partition, region, host) => {
  const account = { partition, region, id: '111122223333' };
  const at = (rest: string): string | undefined => (host === undefined ? undefined : `${host}/${rest}`);

  it('has the pages of an endpoint, its alarms, its logs and its record', () => {
    expect(consolePage(account, 'churn')).toBe(at(`sagemaker/home?region=${region}#/endpoints/churn`));
    expect(alarmsPage(account, 'churn')).toBe(at(`cloudwatch/home?region=${region}#alarmsV2:?search=churn`));
    expect(logsPage(account, 'churn')).toBe(
      at(`cloudwatch/home?region=${region}#logsV2:log-groups/log-group/$252Faws$252Fsagemaker$252FEndpoints$252Fchurn`),
    );
    expect(objectPage(account, { bucket: 'ml-releases', prefix: '' }, 'a b/record.json')).toBe(
      at(`s3/object/ml-releases?region=${region}&prefix=a%20b%2Frecord.json`),
    );
  });
});

it('is known for each partition of the SDK, or known to have no public address', () => {
  const listed = readFileSync(
    'node_modules/@aws-sdk/core/dist-es/submodules/client/util-endpoints/lib/aws/partitions.js',
    'utf8',
  );
  const ids = [...listed.matchAll(/\bid"?: ?"(aws[^"]*)"/g)].map(([, id]) => id);
  expect(ids.toSorted()).toEqual(consoles.map(([partition]) => partition).toSorted());
});
