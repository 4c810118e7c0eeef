import { expect, test } from '@jest/globals';
import { formerReleases, journalKey, recordKey, releasesOf } from '../../../src/release/location.ts';

const account = { partition: 'aws', region: 'eu-west-1', id: '111122223333' } as const;

/** Where a version looks for the record of a release that an earlier version left live: an address never changes. */
test('the addresses in a bucket of ours, in the bucket of the manifest, and where older versions wrote', () => {
  const ours = releasesOf({}, account);
  expect(ours.bucket).toBe('model-delivery-111122223333-eu-west-1');
  expect(recordKey(ours, 'churn')).toBe('churn/record.json');
  expect(journalKey(ours, 'churn', 'churn-1.1.0-1')).toBe('churn/releases/churn-1.1.0-1/journal.jsonl');
  expect(journalKey(ours, 'churn', 'churn-1.1.0-1', 2)).toBe('churn/releases/churn-1.1.0-1/2/journal.jsonl');

  const releases = { bucket: 'team', prefix: 'ml/' };
  expect(releasesOf({ releases }, account)).toEqual(releases);
  expect(recordKey(releases, 'churn')).toBe('ml/churn/record.json');

  const former = formerReleases(account);
  expect(former.bucket).toBe('sagemaker-eu-west-1-111122223333');
  expect(recordKey(former, 'churn')).toBe('model-delivery/churn/record.json');
});
