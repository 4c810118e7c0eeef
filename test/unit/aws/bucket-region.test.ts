import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import nock from 'nock';
import { describe as words } from '../../../src/aws/errors.ts';
import { clientsFor, rejection, url } from '../../support/aws.ts';

beforeAll(() => nock.disableNetConnect());
afterEach(() => nock.cleanAll());
afterAll(() => {
  nock.enableNetConnect();
  nock.restore();
});

const elsewhere =
  'bucket ml-artifacts is in us-east-2, which is not the region of the environment: name a bucket in that region, or correct `region`';
const error = (code: string, message: string): string =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message><Bucket>ml-artifacts</Bucket></Error>`;
const headers = { 'x-amz-bucket-region': 'us-east-2', 'x-amz-request-id': 'R1', 'content-type': 'application/xml' };

test.each([
  ['PermanentRedirect', 301, 'The bucket you are attempting to access must be addressed using the specified endpoint.'],
  ['AuthorizationHeaderMalformed', 400, "the region 'eu-west-1' is wrong; expecting 'us-east-2'"],
])('a bucket in another region is named as that: %s', async (code, status, message) => {
  nock(url)
    .get(/ml-artifacts/)
    .reply(status, error(code, message), headers);
  const failed = await rejection(clientsFor().reads.s3.getObject({ Bucket: 'ml-artifacts', Key: 'k' }, 10));
  expect(words(failed)).toBe(`s3:GetObject failed: ${elsewhere} (request R1)`);
});

test('also where the refusal has no body', async () => {
  nock(url)
    .head(/ml-artifacts/)
    .reply(301, undefined, headers);
  const failed = await rejection(clientsFor().reads.s3.headObject({ Bucket: 'ml-artifacts', Key: 'k' }));
  expect(words(failed)).toBe(`s3:HeadObject failed: ${elsewhere} (request R1)`);
});

test('the region in other refusals explains nothing', async () => {
  nock(url)
    .get(/ml-artifacts/)
    .reply(404, error('NoSuchKey', 'The specified key does not exist.'), headers);
  const failed = await rejection(clientsFor().reads.s3.getObject({ Bucket: 'ml-artifacts', Key: 'k' }, 10));
  expect(words(failed)).not.toContain('us-east-2');
});
