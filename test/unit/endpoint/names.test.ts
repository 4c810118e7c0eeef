import { describe, expect, test } from '@jest/globals';
import { digest } from '../../../src/digest.ts';
import { contentName, isContentName, isNamedFor } from '../../../src/endpoint/names.ts';
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

  test('end with the digest of the content and the attempt: endpoints of users have such names', () => {
    const content = { b: [1, { d: undefined, c: 'x' }], a: null };
    expect(contentName('churn', '1.4.0', content, 1)).toBe(`churn-1-4-0-${digest({ content }).slice(0, 8)}`);
    expect(contentName('churn', '1.4.0', content, 2)).toBe(
      `churn-1-4-0-${digest({ content, attempt: 2 }).slice(0, 8)}`,
    );
  });

  test('are found again among contents and attempts, and no other name is', () => {
    const contents = [{ image: 'a' }, { image: 'b', size: 2 }];
    const found = (name: string): boolean => isContentName(name, 'churn', '1.4.0', contents);
    for (const attempt of [1, 2, 200]) {
      expect(found(contentName('churn', '1.4.0', { size: 2, image: 'b' }, attempt))).toBe(true);
      expect(found(contentName('churn', '1.4.0', { image: 'a' }, attempt).toUpperCase())).toBe(true);
    }
    expect(found(contentName('churn', '1.4.0', { image: 'a' }, 201))).toBe(false);
    expect(found(contentName('churn', '1.4.0', { image: 'c' }, 1))).toBe(false);
    expect(found(contentName('churn', '1.4.1', { image: 'a' }, 1))).toBe(false);
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
