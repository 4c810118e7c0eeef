import { expect, test } from '@jest/globals';
import { withoutUndefined } from '../../src/without-undefined.ts';
import { fc } from '../support/properties.ts';

interface Listed {
  readonly name: string;
  readonly size?: number;
  readonly kind?: 'file' | 'folder';
}

test('a member that is undefined is left out, and only that one', () => {
  const given: { readonly size: number | undefined; readonly kind: 'file' | undefined } = { size: 0, kind: undefined };
  // Compiles under `exactOptionalPropertyTypes`: the result's members are optional, not undefined.
  const listed: Listed = { name: '', ...withoutUndefined(given) };
  expect(Object.entries(listed)).toEqual([
    ['name', ''],
    ['size', 0],
  ]);
});

test('every other member stays, in its place', () => {
  const members = fc.dictionary(
    fc.string(),
    fc.oneof(fc.constantFrom(undefined, null, 0, false, '', Number.NaN), fc.anything()),
  );
  fc.assert(
    fc.property(members, (given) => {
      const wanted = Object.entries(given).filter(([, value]) => value !== undefined);
      expect(Object.entries(withoutUndefined(given))).toEqual(wanted);
    }),
  );
});

test('a literal keeps its type', () => {
  const kind: Listed['kind'] = withoutUndefined({ kind: 'file' }).kind;
  // @ts-expect-error what may be undefined is optional
  const size: number = withoutUndefined({ size: [1, 2].at(2) }).size;
  expect([kind, size]).toEqual(['file', undefined]);
});
