import { describe, expect, test } from '@jest/globals';
import { contentName, isNamedFor } from '../../../src/endpoint/names.ts';
import { fc } from '../../support/properties.ts';

describe('content-addressed names', () => {
  test('read as endpoint, version, content', () => {
    expect(contentName('churn', '1.4.0', { image: 'a' }, 1)).toMatch(/^churn-1-4-0-[0-9a-f]{8}$/);
  });

  test('are told from names that others chose', () => {
    expect(isNamedFor('Churn', contentName('Churn', '1.4.0', {}, 1))).toBe(true);
    expect(isNamedFor('Churn', contentName('Churn', '1.4.0', {}, 1).toLowerCase())).toBe(true);
    for (const name of ['made-at-the-console', 'churn', 'churn2-1-4-0-0a1b2c3d'])
      expect(isNamedFor('churn', name)).toBe(false);
    // What no pattern of IAM tells apart, docs/permissions says.
    expect(isNamedFor('churn', contentName('churn-eu', '1.4.0', {}, 1))).toBe(true);
  });

  test('the same content has the same name whatever the order of its members', () => {
    expect(contentName('churn', '1.4.0', { a: 1, b: 2 }, 1)).toBe(contentName('churn', '1.4.0', { b: 2, a: 1 }, 1));
  });

  test('the first attempt is the content alone; every later one has a name of its own', () => {
    const names = [1, 2, 3].map((attempt) => contentName('churn', '1.4.0', {}, attempt));
    expect(new Set(names).size).toBe(3);
  });

  test('always what SageMaker takes as a name, and never cut where it matters', () => {
    const entity = fc.stringMatching(/^[a-zA-Z0-9](-?[a-zA-Z0-9]){0,62}$/).filter((name) => name.length <= 63);
    const version = fc.stringMatching(/^(0|[1-9]\d{0,3})\.\d{1,4}\.\d{1,4}(-[a-z]{1,20}\.\d{1,4})?$/);
    fc.assert(
      fc.property(entity, version, fc.jsonValue(), fc.integer({ min: 1, max: 9 }), (base, semver, content, attempt) => {
        const name = contentName(base, semver, { content }, attempt);
        expect(name).toMatch(/^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/);
        expect(name.length).toBeLessThanOrEqual(63);
        expect(name).toMatch(/-[0-9a-f]{8}$/);
      }),
    );
  });
});
