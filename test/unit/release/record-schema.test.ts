import { expect, test } from '@jest/globals';
import type { Release } from '../../../src/release/record.ts';
import { parseRecord } from '../../../src/release/record-schema.ts';
import { configuration, fullRecord, release, secondSwap } from '../../support/release.ts';
import { stepping } from '../../support/stepping.ts';

const withLive = (live: Release): string => JSON.stringify({ ...fullRecord(), live });
const without = <K extends keyof Release>(live: Release, member: K): Release => {
  const { [member]: _, ...rest } = live;
  return rest as Release;
};

test.each<[string, Release]>([
  ['a live release has not ended', release({ phase: 'ended' })],
  ['phase stepping needs its steps', release({ phase: 'stepping' })],
  ['takenBack needs a baseline', without(release({ takenBack: { because: 'rejected' } }), 'baseline')],
  ['a dark candidate needs a baseline and its variant', release({ submission: secondSwap })],
  [
    'a dark candidate needs a baseline and its variant',
    without(release({ submission: { ...secondSwap, canonical: 'AllTraffic' } }), 'baseline'),
  ],
])('a live release that no code can continue is no record: %s', (why, live) => {
  expect(() => parseRecord(withLive(live))).toThrow(`is not a release record: live: ${why}`);
});

test.each<[string, Release]>([
  ['under guardrails', release()],
  ['on its way back', release({ takenBack: { because: 'rejected' }, baseline: configuration('1.0.0') })],
  ['in the steps', release({ phase: 'stepping', submission: secondSwap, stepping: stepping() })],
  [
    'that brings a candidate up dark',
    release({ submission: { ...secondSwap, canonical: 'AllTraffic' }, baseline: configuration('1.0.0') }),
  ],
])('a live release %s is read', (_kind, live) => {
  expect(parseRecord(withLive(live)).live).toEqual(live);
});
