import { describe, expect, it } from '@jest/globals';
import { endpointKey } from '../../../src/endpoint/key.ts';
import { withoutAccount } from '../../../src/report/result.ts';

const account = { partition: 'aws', region: 'eu-west-1', id: '111122223333' };

describe('an endpoint’s key', () => {
  it('is the same for the same endpoint, and says its name', () => {
    expect(endpointKey(account, 'churn')).toBe(endpointKey({ ...account }, 'churn'));
    expect(endpointKey(account, 'churn')).toMatch(/^churn-[0-9a-f]{8}$/);
  });

  it('differs by name, account and region', () => {
    const keys = [
      endpointKey(account, 'churn'),
      endpointKey(account, 'churn-staging'),
      endpointKey({ ...account, region: 'eu-central-1' }, 'churn'),
      endpointKey({ ...account, id: '444455556666' }, 'churn'),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('holds no account id, which GitHub would drop the whole output for', () => {
    const key = endpointKey(account, 'churn');
    expect(key).not.toContain(account.id);
    expect(withoutAccount(key)).toBe(key);
  });
});
