import { describe, expect, test } from '@jest/globals';
import { readSlice, SliceProblem, sliceOfValue } from '../../../src/manifest/slices.ts';

describe('a slice', () => {
  test('is a column where the text is one name', () => {
    expect(readSlice('country')).toEqual({ is: 'column', column: 'country', text: 'country' });
    expect(readSlice(' `age group` ')).toEqual({ is: 'column', column: 'age group', text: '`age group`' });
    expect(readSlice('`and`')).toEqual({ is: 'column', column: 'and', text: '`and`' });
  });

  test.each([
    ['age>=65', 'age >= 65'],
    ['age  ==  65', 'age = 65'],
    ['65 <= age', 'age >= 65'],
    ['18 <= age < 65', 'age >= 18 and age < 65'],
    ['country = DE', 'country = DE'],
    ["country = 'New York'", 'country = "New York"'],
    ['country = "and"', 'country = "and"'],
    ['country in (DE, "F R", 7, true)', 'country in [DE, "F R", 7, true]'],
    ['country not in [DE]', 'not country in [DE]'],
    ['not not vip=true', 'not not vip = true'],
    ['a=1 and b=2 or c=3', '(a = 1 and b = 2) or c = 3'],
    ['a=1 and (b=2 or c=-3.5e2)', 'a = 1 and (b = 2 or c = -350)'],
    ['not (a=1 or b=2)', 'not (a = 1 or b = 2)'],
    ['größe != klein', 'größe != klein'],
    ['`x y` > 1', '`x y` > 1'],
    ['day >= "2026-01-31"', 'day >= "2026-01-31"'],
  ])('%j is named %j, and is that condition', (written, text) => {
    const slice = readSlice(written);
    expect(slice.text).toBe(text);
    expect(readSlice(text)).toEqual(slice);
  });

  test('or binds more loosely than and', () => {
    expect(readSlice('a=1 or b=2 and c=3')).toMatchObject({
      condition: { is: 'or', of: [{ is: 'compare', column: 'a' }, { is: 'and' }] },
    });
  });

  test('65 <= age and age <= 65 are two conditions', () => {
    expect(readSlice('65 <= age')).toMatchObject({ condition: { by: '>=', to: 65 } });
    expect(readSlice('age <= 65')).toMatchObject({ condition: { by: '<=', to: 65 } });
  });

  test.each([
    ['age >> 65', 'expected a value, not >'],
    ['age >=', 'expected a value at its end'],
    ['age 65', 'expected =, !=, <, <=, >, >= or in, not 65'],
    ['age', undefined],
    ['(age = 1', 'a bracket is not closed'],
    ['age = 1 b = 2', 'b is not expected there; conditions are joined by and, or'],
    ['age = 2026-01-31', 'it cannot be read from character 6 on; text with other signs is put in quotes'],
    ['age in DE', 'expected a list after in, e.g. in [DE, FR]'],
    ['age in [DE', 'a list is not closed'],
    ['age in [DE)', 'a list is not closed'],
    ['age not DE', 'expected in after age not'],
    ['= 5', 'expected the name of a column, not ='],
    ['a = "\\q"', 'its text in double quotes is not JSON text'],
    ['   ', 'it is empty'],
    ['a = 1; rm', 'it cannot be read from character 6 on; text with other signs is put in quotes'],
    [`${'('.repeat(30)}a = 1${')'.repeat(30)}`, 'it is nested more than 20 levels deep'],
    [`${'not '.repeat(30)}a = 1`, 'it is nested more than 20 levels deep'],
  ])('%j → %j', (written, because) => {
    const read = (): unknown => readSlice(written);
    if (because === undefined) expect(read).not.toThrow();
    else expect(read).toThrow(new SliceProblem(because));
  });

  test.each([
    ['DE', 'country = DE'],
    ['New York', 'country = "New York"'],
    [7, 'country = 7'],
    ['7', 'country = "7"'],
    [true, 'country = true'],
    ['true', 'country = "true"'],
    ['a"b\n', 'country = "a\\"b\\n"'],
  ])('the value %j of a column has the name %j, and is found again by it', (value, text) => {
    expect(sliceOfValue('country', value)).toBe(text);
    expect(readSlice(text)).toMatchObject({
      text,
      condition: { is: 'compare', by: '=', column: 'country', to: value },
    });
  });
});
