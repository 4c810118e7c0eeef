import { expect, test } from '@jest/globals';
import type { Check, Regression } from '../../src/findings/regression.ts';
import { regressionRenderer } from '../../src/report/findings/regression.ts';
import { regressionText } from '../../src/report/regression/text.ts';
import { regressionSchema } from '../../src/scoring/findings-schema.ts';
import { broken } from '../support/broken-text.ts';
import { fc } from '../support/properties.ts';
import { cellOf, findingsOf } from '../support/regression-findings.ts';

const check: Check = {
  ...{ name: 'load', level: 'fail', verdict: 'fail', because: 'p95 is 300 ms' },
  table: { heads: ['rate', 'p95'], rows: [['40', '300 ms']] },
  cases: [{ name: 'p95', verdict: 'fail', because: '300 ms' }],
};
/** Every member that a report reads. */
const whole = findingsOf({
  harmful: [{ id: 'flower-1107' }, { id: 'flower-78' }],
  repeated: { rows: 50, candidate: 1, baseline: 0 },
  checks: [check],
  also: [
    {
      ...{ name: 'spring', verdict: 'pass', because: 'kept' },
      rows: { compared: 7, unanswered: 0, failedCandidate: 0 },
      cells: [cellOf({ clusters: 4, queries: 3, slice: 'a = b', better: { near: 0.5 } })],
      dataset: { digest: 'sha256:00', rows: 7, version: '1', expires: '2026-12-31' },
    },
  ],
});

const read = (text: string): Regression | undefined => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const result = regressionSchema.safeParse(value);
  return result.success ? (result.data as unknown as Regression) : undefined;
};

/** All reports of an operation, in one text. */
const reports = (found: Regression): string =>
  [
    regressionText(found),
    regressionRenderer.summary(found),
    regressionRenderer.html(found, { because: '' }),
    JSON.stringify(regressionRenderer.junit(found)),
  ].join('\n');

test('findings that were kept are the findings that were made, and have the same reports', () => {
  expect(read(JSON.stringify(whole))).toEqual(whole);
  expect(reports(read(JSON.stringify(whole)) ?? findingsOf())).toBe(reports(whole));
});

test('rows of a golden set in them are refused', () => {
  const row = { baseline: 'benign', candidate: 'malignant' };
  expect(read(JSON.stringify({ ...whole, harmful: [{ id: 'a', row }] }))).toBeUndefined();
});

test('no text in their place makes anything but findings that every report can show', () => {
  let [refused, shown] = [0, 0];
  fc.assert(
    fc.property(broken(whole), (text) => {
      const found = read(text);
      if (found === undefined) refused++;
      else {
        shown++;
        expect(reports(found)).not.toBe('');
      }
    }),
  );
  expect([refused > 0, shown > 0]).toEqual([true, true]);
});

test('a tag in any text of theirs reaches no page as a tag, and a command no line of a log', () => {
  const hostile = '<script>x</script>\n::error::x';
  fc.assert(
    fc.property(fc.constantFrom(...textPaths(whole)), (path) => {
      const found = read(JSON.stringify(withText(whole, path, hostile)));
      if (found === undefined) return;
      expect(regressionRenderer.html(found, { because: '' })).not.toContain('<script>');
      // Within code a tag is text.
      expect(regressionRenderer.summary(found).replace(/`[^`]*`/g, '')).not.toContain('<script>');
      expect(regressionText(found)).not.toMatch(/^::/m);
    }),
  );
});

const textPaths = (value: unknown, path: readonly string[] = []): readonly (readonly string[])[] =>
  typeof value === 'string'
    ? [path]
    : value !== null && typeof value === 'object'
      ? Object.entries(value).flatMap(([key, member]) => textPaths(member, [...path, key]))
      : [];

const withText = (value: unknown, [key, ...rest]: readonly string[], text: string): unknown => {
  if (key === undefined) return text;
  const copy = structuredClone(value) as Record<string, unknown>;
  copy[key] = withText(copy[key], rest, text);
  return copy;
};
