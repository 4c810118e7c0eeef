import { describe, expect, it } from '@jest/globals';
import { placesOf } from '../../../src/hosts/places.ts';
import { loadManifest } from '../../../src/manifest/load.ts';

const account = { partition: 'aws-cn', region: 'cn-north-1', id: '111122223333' };
const manifest = (releases: string) =>
  loadManifest(
    `version: 1
model: churn
environments:
  production:
    account: "111122223333"
    region: cn-north-1
${releases}    endpoint: { name: churn, execution-role: churn-serving, instance: { type: ml.m5.large, count: 2 } }
    rollout: { strategy: all-at-once, final-bake: 5m, minimum-requests: 0, alarms: { errors: 1% } }
`,
    'delivery.yml',
  );
const places = (releases: string, release?: string) =>
  placesOf(account, 'churn', { manifest: manifest(releases), environment: 'production' }, release);

describe('where the evidence of a release lies', () => {
  it('is the console of its partition, and the objects in the bucket', () => {
    const found = places('    releases: s3://ml-releases/churn/\n', 'churn-1.4.0-5e6f7a8b-1');
    expect(found.map(({ title, name }) => [title, name])).toEqual([
      ['Endpoint', 'churn'],
      ['Alarms', 'churn-…'],
      ['Logs of the containers', '/aws/sagemaker/Endpoints/churn'],
      ['Release record', 's3://ml-releases/churn/churn/record.json'],
      ['Journal of the release', 's3://ml-releases/churn/churn/releases/churn-1.4.0-5e6f7a8b-1/journal.jsonl'],
    ]);
    for (const { url } of found) expect(url).toMatch(/^https:\/\/cn-north-1\.console\.amazonaws\.cn\//);
  });

  it('has no account id: a bucket with one in its name has no link, and no journal without a release', () => {
    const found = places('');
    expect(found.slice(3)).toEqual([
      { title: 'Release record', name: 's3://model-delivery-<account>-cn-north-1/churn/record.json' },
    ]);
    expect(JSON.stringify(found)).not.toContain(account.id);
  });
});
