import { expect, test } from '@jest/globals';
import { repeatRefusal } from '../../../src/delivery/repeat-refusal.ts';
import type { Release } from '../../../src/release/record.ts';

test.each([
  ['cause-unknown', 'not-repeated', 'that convicts no version'],
  ['alarm', 'already-convicted', '1.1.0 was taken back before (iris-1.1.0-1-1: an alarm went off)'],
] as const)('a version that was taken back by %s is refused as %s', (reason, code, words) => {
  const earlier = { id: 'iris-1.1.0-1-1', reason, because: 'an alarm went off' } as Release;
  expect(repeatRefusal('1.1.0', earlier)).toMatchObject({ reason: code, message: expect.stringContaining(words) });
});
