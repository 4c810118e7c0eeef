import { expect, test } from '@jest/globals';
import { judgeSize } from '../../benchmarks/judge-size.ts';

test('the judge alone is below 15 kB, minified and gzipped, and needs nothing', async () => {
  const { bytes, files } = await judgeSize();
  expect(files.length).toBeGreaterThan(10);
  expect(files.filter((path) => !path.startsWith('src/judge/'))).toEqual([]);
  expect(bytes).toBeLessThan(15_000);
});
