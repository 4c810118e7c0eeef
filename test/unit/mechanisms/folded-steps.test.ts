import { expect, test } from '@jest/globals';
import { minutes } from '../../../src/clock.ts';
import { parseRecord } from '../../../src/release/record-schema.ts';
import { fullRecord } from '../../support/release.ts';
import { nine } from '../../support/stepping.ts';
import { clean, walking } from '../../support/walking.ts';

/** A step that lasts a day, after three hours. */
const longStep = () =>
  walking({
    now: nine + minutes(200),
    stepping: { plan: { steps: [0.1, 1], bakeSeconds: 86_400, maxStepSeconds: 90_000, minimumRequests: 100 } },
  });

test('the record has the state that the looks go on from, and gets no write for it alone', async () => {
  const open = longStep();
  await open.look();
  const { folded } = open.release().stepping ?? {};
  expect(folded).toEqual({
    until: nine + minutes(140),
    terms: expect.stringMatching(/^[0-9a-f]{64}$/),
    digest: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  const writes = open.saved.length;
  await open.look({}, minutes(1));
  await open.look({}, minutes(1));
  expect([open.saved.length, open.remarks]).toEqual([writes, []]);
  const record = fullRecord();
  const stored = { ...record, live: { ...record.live, stepping: { ...record.live?.stepping, folded } } };
  expect(parseRecord(JSON.stringify(stored)).live?.stepping?.folded).toEqual(folded);
});

test('a process that finds other counts in minutes that were folded remarks it', async () => {
  const open = longStep();
  await open.look();
  await open.look({}, minutes(1), (fleet) => ({ ...clean(fleet), clientErrors: 5 }));
  expect(open.remarks).toEqual([expect.stringContaining('CloudWatch has other counts than before')]);
});
