import { expect, test } from '@jest/globals';
import { readAhead } from '../../../src/scoring/read-ahead.ts';

const gate = () => Promise.withResolvers<void>();

const all = async (reads: AsyncIterable<number>): Promise<readonly number[]> => {
  const found: number[] = [];
  for await (const one of reads) found.push(one);
  return found;
};

test('reads are under way before they are needed, sixteen at most, and keep their order', async () => {
  let [underWay, most] = [0, 0];
  const full = gate();
  const reads = readAhead(3, 40, async (at) => {
    most = Math.max(most, ++underWay);
    if (underWay === 16) full.resolve();
    await full.promise;
    underWay--;
    return at;
  });
  expect(await all(reads)).toEqual(Array.from({ length: 37 }, (_, at) => at + 3));
  expect(most).toBe(16);
});

test('there is nothing to read in an empty range', async () => {
  expect(await all(readAhead(2, 2, async () => 0))).toEqual([]);
});

test('a read that fails does so at its place', async () => {
  const found: number[] = [];
  const reads = readAhead(0, 9, async (at) => {
    if (at > 3) throw new Error(`read ${at} failed`);
    return at;
  });
  await expect(
    (async () => {
      for await (const one of reads) found.push(one);
    })(),
  ).rejects.toThrow('read 4 failed');
  expect(found).toEqual([0, 1, 2, 3]);
});

test('a reader that stops early meets no later failure', async () => {
  const reads = readAhead(0, 9, async (at) => {
    if (at > 0) throw new Error('no');
    return at;
  });
  for await (const one of reads) if (one === 0) break;
  await new Promise<void>((resolve) => process.nextTick(resolve));
});
