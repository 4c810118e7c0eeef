import { expect, test } from '@jest/globals';
import { textTable } from '../../../../src/regression/scoring/text-table.ts';
import { fc } from '../../../support/properties.ts';

test('a table of texts is a list without repeats, whatever the texts', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 12 }), { maxLength: 60 }), (texts) => {
      const table = textTable();
      const known: string[] = [];
      for (const text of texts) {
        const found = known.indexOf(text);
        expect(table.add(text)).toBe(found < 0 ? known.push(text) - 1 : found);
      }
      expect(table.size()).toBe(known.length);
      table.close();
      expect(known.map((_, number) => table.at(number))).toEqual(known);
      const order = known.map((_, number) => number).sort(table.order);
      expect(order.map((number) => known[number])).toEqual([...known].sort());
    }),
  );
});

test('it grows: many texts, long ones, a wide one after narrow ones', () => {
  const table = textTable();
  const texts = [
    ...Array.from({ length: 20_000 }, (_, i) => `id-${(i * 7919) % 20_000}`),
    'x'.repeat(100_000),
    'ü',
    'ß€',
    '',
  ];
  for (const [number, text] of texts.entries()) expect(table.add(text)).toBe(number);
  for (const [number, text] of texts.entries()) if (table.add(text) !== number) throw new Error(`${text} is new`);
  table.close();
  expect(texts.every((text, number) => table.at(number) === text)).toBe(true);
});
