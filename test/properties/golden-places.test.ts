import { expect, test } from '@jest/globals';
import { InputError } from '../../src/schema.ts';
import { type GoldenRow, goldenSet } from '../../src/scoring/golden-set.ts';
import { rowsFile } from '../../src/scoring/rows-file.ts';
import { fc } from '../support/properties.ts';

/**
 * A golden set is indexed in one pass, and its rows are read again by their places. Whatever the file looks like, that must give the rows that
 * were written, and the line of a mistake.
 */

/** Of a reader's piece, in which a character or a quoted cell may break off; and of a read. */
const pieces = [64 * 1024, 4 * 1024 * 1024] as const;

/** As they come in foreign files. */
const text = fc
  .array(
    fc.constantFrom(
      'a',
      'ä',
      '€',
      '😀',
      '"',
      ',',
      ' ',
      '\n',
      '\r\n',
      '\\',
      '\u2028',
      '\ufeff',
      '{',
      '[',
      ']',
      '\t',
      '0',
    ),
    { maxLength: 12 },
  )
  .map((signs) => signs.join(''));

const form = fc.record({
  is: fc.constantFrom('jsonl', 'csv'),
  mark: fc.boolean(),
  lineEnd: fc.constantFrom('\n', '\r\n'),
  isEnded: fc.boolean(),
  /** Blank lines before each row. */
  blank: fc.constantFrom('', '\n', '\r\n\n'),
});
type Form = typeof form extends fc.Arbitrary<infer Value> ? Value : never;

const row = fc.record({ label: fc.constantFrom('yes', 'no'), text, more: text });

interface Written {
  readonly id: string;
  readonly label: string;
  readonly text: string;
  readonly more: string;
}

const quoted = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;
const header = '"text","line\nline",label,id';
const lineOf = ({ is }: Form, { id, label, text: first, more }: Written): string =>
  is === 'jsonl'
    ? JSON.stringify({ text: first, 'line\nline': more, label, id })
    : [quoted(first), quoted(more), label, quoted(id)].join(',');

/** The file, and the line at which each row begins. */
const written = (of: Form, rows: readonly Written[]) => {
  const parts: string[] = [of.mark ? '\ufeff' : '', ...(of.is === 'csv' ? [header, of.lineEnd] : [])];
  const lines: number[] = [];
  let line = of.is === 'csv' ? 3 : 1;
  const count = (part: string): void => {
    parts.push(part);
    line += part.split('\n').length - 1;
  };
  for (const [at, one] of rows.entries()) {
    count(of.blank);
    lines.push(line);
    count(lineOf(of, one));
    if (at < rows.length - 1 || of.isEnded) count(of.lineEnd);
  }
  return { bytes: Buffer.from(parts.join('')), lines };
};

/** The first row is so long that an edge lies in those after it. */
const rowsOf = (made: readonly Omit<Written, 'id'>[], edge: number, before: number): readonly Written[] => [
  { id: 'r-0', label: 'yes', text: 'x'.repeat(Math.max(0, edge - before)), more: '' },
  ...made.map((one, at) => ({ id: `r-${at + 1}€`, ...one })),
];

const factsOf = (rows: readonly GoldenRow[]) =>
  rows.map(({ id, row: one }) => [id, one['label'], one['text'], one['line\nline'], one['id']]);
const wantedOf = (rows: readonly Written[]) =>
  rows.map(({ id, label, text: first, more }) => [id, label, first, more, id]);

const given = (edge: number) =>
  fc
    .tuple(
      form,
      fc.array(row, { minLength: 1, maxLength: 12 }),
      fc.nat(400),
      fc.array(fc.integer({ min: 1, max: 15 }), { minLength: 2, maxLength: 6 }),
    )
    .map(([of, made, before, places]) => {
      const rows = rowsOf(made, edge, before);
      return { of, rows, places, ...written(of, rows), name: `golden.${of.is}` };
    });

test.each(pieces.map((edge) => [edge, edge > 100_000 ? 4 : 300] as const))(
  'rows by their places are those of the file, around byte %d',
  async (edge, numRuns) => {
    await fc.assert(
      fc.asyncProperty(given(edge), async ({ rows, places, bytes, name }) => {
        const set = await goldenSet(rowsFile(name, bytes), {});
        expect(set.size).toBe(rows.length);
        for (const [at, place] of places.entries()) {
          const [from, to] = [Math.min(place, places[at - 1] ?? 15), Math.max(place, places[at - 1] ?? 15)];
          expect(factsOf(await set.slice(from, to))).toEqual(wantedOf(rows.slice(from, to)));
        }
        const all: GoldenRow[] = [];
        for await (const batch of set.batches()) all.push(...batch);
        expect(factsOf(all)).toEqual(wantedOf(rows));
      }),
      { numRuns },
    );
  },
);

test('an id that is there twice is named with both of its lines', async () => {
  await fc.assert(
    fc.asyncProperty(given(pieces[0]), async ({ of, rows }) => {
      const twice = [...rows, { ...rows[0], text: 'a\nb' } as Written];
      const { bytes, lines } = written(of, twice);
      const name = `golden.${of.is}`;
      await expect(goldenSet(rowsFile(name, bytes), {})).rejects.toThrow(
        new InputError(`${name}:${lines.at(-1)}: id: "r-0" is there twice, also at line ${lines[0]}`),
      );
    }),
  );
});
