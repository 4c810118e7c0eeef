import { expect, test } from '@jest/globals';
import { Refusal } from '../../src/operation.ts';
import {
  keepLabels,
  type LabelledRow,
  type LabelledSet,
  labelChanges,
  mostLabels,
  readLabels,
} from '../../src/scoring/labels.ts';
import { broken } from '../support/broken-text.ts';
import { objectsInMemory } from '../support/objects-in-memory.ts';
import { fc } from '../support/properties.ts';
import { rowsInMemory } from '../support/rows-in-memory.ts';

const folder = { bucket: 'b', prefix: 'p/churn/regression/0123456789abcdef/' };
const key = `${folder.prefix}1/labels.json`;
const task = 'multiclass-classification';

type Labels = ReadonlyMap<string, unknown>;
const label = fc.oneof(fc.constantFrom('yes', 'no', 1, true), fc.string());
const labels = fc
  .uniqueArray(fc.tuple(fc.string({ maxLength: 3 }), label), { selector: ([id]) => id, maxLength: 30 })
  .map((rows): Labels => new Map(rows));
const rowsOf = (of: Labels): LabelledSet['rows'] =>
  rowsInMemory([...of].map(([id, one]) => ({ id, row: { id, label: one } })));

/** The changes from one set to another, by way of S3. */
const changes = async (before: Labels, now: Labels) => {
  const { world } = objectsInMemory();
  expect(await keepLabels(world, folder, 1, task, [{ rows: rowsOf(before) }])).toBe(true);
  const kept = await readLabels(world, folder, 1);
  if (kept === undefined) throw new Error('nothing was kept');
  return (await labelChanges(kept, task, [{ rows: rowsOf(now) }]))[0];
};

test('changed, removed and added rows are counted as the sets themselves have them', async () => {
  await fc.assert(
    fc.asyncProperty(labels, labels, async (before, now) => {
      const both = [...before.keys()].filter((id) => now.has(id));
      const changed = both.filter((id) => String(before.get(id)) !== String(now.get(id)));
      const found = await changes(before, now);
      expect(found).toMatchObject({
        before: before.size,
        changed: changed.length,
        removed: before.size - both.length,
        added: now.size - both.length,
      });
      expect(changed).toEqual(expect.arrayContaining([...(found?.examples ?? [])]));
      expect(found?.examples).toHaveLength(Math.min(5, changed.length));
    }),
  );
});

test('one changed label of a thousand is found, whichever it is', async () => {
  const before: Labels = new Map(Array.from({ length: 1000 }, (_, at) => [`row-${at}`, at % 3]));
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 999 }), fc.integer({ min: 1, max: 2 }), async (at, by) => {
      const id = `row-${at}`;
      const now = new Map(before).set(id, ((at % 3) + by) % 3);
      expect(await changes(before, now)).toMatchObject({ changed: 1, examples: [id], removed: 0, added: 0 });
    }),
    { numRuns: 20 },
  );
});

test('a weight that differs changes its row, and one that is only written now does not', () => {
  const sets = (weight?: unknown): readonly LabelledSet[] => [
    { rows: rowsInMemory([{ id: 'a', row: { label: 'x', weight } }]) },
  ];
  const { world, objects } = objectsInMemory();
  return keepLabels(world, folder, 1, task, sets()).then(async () => {
    const kept = await readLabels(world, folder, 1);
    if (kept === undefined) throw new Error('nothing was kept');
    expect(await labelChanges(kept, task, sets(1))).toMatchObject([{ changed: 0 }]);
    expect(await labelChanges(kept, task, sets('1.0'))).toMatchObject([{ changed: 0 }]);
    expect(await labelChanges(kept, task, sets(0.001))).toMatchObject([{ changed: 1 }]);
    expect(objects.size).toBe(1);
  });
});

test.each([
  ['regression', '1.50', 1.5, 0],
  ['ranking', '2', 2, 0],
  ['binary-classification', '1', 1, 0],
  ['text', '1.50', 1.5, 1],
  ['regression', '1.50', 1.6, 1],
] as const)('%s: the label %j in CSV and %j in JSON differ in %d rows', async (of, csv, json, changed) => {
  const { world } = objectsInMemory();
  await keepLabels(world, folder, 1, of, [{ rows: rowsInMemory([{ id: 'a', row: { label: csv } }]) }]);
  const kept = await readLabels(world, folder, 1);
  expect(
    kept && (await labelChanges(kept, of, [{ rows: rowsInMemory([{ id: 'a', row: { label: json } }]) }])),
  ).toMatchObject([{ changed }]);
});

test('no id and no label stands in the object, and the same label of two rows has two marks', async () => {
  const { world, objects } = objectsInMemory();
  const rows = ['secret-1', 'secret-2'].map((id) => ({ id, row: { id, label: 'malignant' } }));
  await keepLabels(world, folder, 1, task, [{ rows: rowsInMemory(rows) }]);
  const text = objects.get(key) ?? '';
  expect(text).not.toMatch(/secret|malignant/);
  const marks = Buffer.from(JSON.parse(text).sets[0].marks, 'base64');
  expect(marks).toHaveLength(24);
  expect(marks.subarray(8, 12)).not.toEqual(marks.subarray(20, 24));
});

test('sets are told apart by their names, and one that is gone loses all its rows', async () => {
  const { world } = objectsInMemory();
  const [one, two] = [rowsOf(new Map([['a', 'x']])), rowsOf(new Map([['a', 'y']]))];
  await keepLabels(world, folder, 1, task, [{ rows: one }, { name: 'spring', rows: two }]);
  const kept = await readLabels(world, folder, 1);
  if (kept === undefined) throw new Error('nothing was kept');
  expect(await labelChanges(kept, task, [{ rows: one }, { name: 'autumn', rows: two }])).toEqual([
    { before: 1, changed: 0, examples: [], removed: 0, added: 0 },
    { name: 'autumn', before: 0, changed: 0, examples: [], removed: 0, added: 1 },
    { name: 'spring', before: 1, changed: 0, examples: [], removed: 1, added: 0 },
  ]);
});

test('more than a million rows are not kept', async () => {
  const { world, objects } = objectsInMemory();
  const rows = new Array<LabelledRow>(mostLabels + 1).fill({ id: 'a', row: {} });
  expect(await keepLabels(world, folder, 1, task, [{ rows: rowsInMemory(rows) }])).toBe(false);
  expect(objects.size).toBe(0);
});

test('no text makes anything but labels that can be compared, or a refusal', async () => {
  const { world, objects } = objectsInMemory();
  const sets = [{ rows: rowsOf(new Map([['a', 'x']])) }, { name: 'spring', rows: rowsOf(new Map([['b', 'y']])) }];
  await keepLabels(world, folder, 1, task, sets);
  const whole = JSON.parse(objects.get(key) ?? '');
  let [refused, used] = [0, 0];
  await fc.assert(
    fc.asyncProperty(broken(whole), async (text) => {
      objects.set(key, text);
      try {
        const kept = await readLabels(world, folder, 1);
        if (kept === undefined) throw new Error('it is there');
        for (const { before, changed, removed, added } of await labelChanges(kept, task, sets))
          for (const count of [before, changed, removed, added]) expect(count).toBeGreaterThanOrEqual(0);
        used++;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        refused++;
      }
    }),
  );
  expect([refused > 0, used > 0]).toEqual([true, true]);
});
