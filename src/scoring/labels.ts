import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import type { S3Location } from '../manifest/manifest.ts';
import type { Task } from '../manifest/regression.ts';
import type { World } from '../world.ts';
import type { GoldenRow } from './golden-set.ts';
import { keepOnce } from './keep-once.ts';
import { readKept } from './read-kept.ts';

/**
 * The labels with which a version was tested, kept beside its answers: `<subject>/<attempt>/labels.json`. Not the labels: for each row eight bytes of
 * a digest of its id, and four of one of its id, label and weight. Both have the test's name in them as salt.
 */

export type LabelledRow = Pick<GoldenRow, 'id' | 'row'>;

export interface LabelledRows {
  readonly size: number;
  readonly batches: () => AsyncIterable<readonly LabelledRow[]>;
}

/** The rows of one golden set. */
export interface LabelledSet {
  /** Absent for the golden set itself; the name of an older one. */
  readonly name?: string;
  readonly rows: LabelledRows;
}

interface KeptLabels {
  readonly schemaVersion: 1;
  readonly salt: string;
  readonly sets: readonly {
    readonly name?: string;
    readonly rows: number;
    /** Base64 of twelve bytes a row. */
    readonly marks: string;
  }[];
}

/** How the labels of a golden set differ from those of an earlier test. */
export interface LabelChanges {
  readonly name?: string;
  /** Rows of the earlier test. */
  readonly before: number;
  /** Rows of both whose label or weight differs, and the ids of some. */
  readonly changed: number;
  readonly examples: readonly string[];
  /** Rows of the earlier test that are gone, and rows that it did not have. */
  readonly removed: number;
  readonly added: number;
}

/** Sixteen megabytes of them. */
export const mostLabels = 1_000_000;
const [bytesOfId, bytesOfLabel] = [8, 4];
const bytesOfRow = bytesOfId + bytesOfLabel;
/** Base64 without padding, since twelve is a multiple of three. */
const charactersOfRow = (bytesOfRow / 3) * 4;
const mostExamples = 5;

const keyOf = ({ prefix }: S3Location, attempt: number): string => `${prefix}${attempt}/labels.json`;

/** @returns false when there are too many rows */
export const keepLabels = async (
  world: World,
  folder: S3Location,
  attempt: number,
  task: Task,
  sets: readonly LabelledSet[],
): Promise<boolean> => {
  if (sets.reduce((sum, { rows }) => sum + rows.size, 0) > mostLabels) return false;
  const Key = keyOf(folder, attempt);
  const salt = mark(Key).toString('base64');
  const keptSets: KeptLabels['sets'][number][] = [];
  for (const { name, rows } of sets)
    keptSets.push({
      ...(name === undefined ? {} : { name }),
      rows: rows.size,
      marks: (await marksOf(salt, task, rows)).toString('base64'),
    });
  const kept: KeptLabels = { schemaVersion: 1, salt, sets: keptSets };
  await keepOnce(world, folder, Key, JSON.stringify(kept), 'application/json');
  return true;
};

const marksOf = async (salt: string, task: Task, { size, batches }: LabelledRows): Promise<Buffer> => {
  const marks = Buffer.alloc(size * bytesOfRow);
  let at = 0;
  for await (const rows of batches())
    for (const row of rows) {
      idMark(salt, row).copy(marks, at);
      labelMark(salt, task, row).copy(marks, at + bytesOfId);
      at += bytesOfRow;
    }
  return marks;
};

const mark = (text: string): Buffer => createHash('sha256').update(text).digest();

const idMark = (salt: string, { id }: LabelledRow): Buffer =>
  mark(`${salt}\n${JSON.stringify(id)}`).subarray(0, bytesOfId);

const labelMark = (salt: string, task: Task, { id, row }: LabelledRow): Buffer =>
  mark(`${salt}\n${JSON.stringify([id, labelText(task, row['label']), Number(row['weight'] ?? 1)])}`).subarray(
    0,
    bytesOfLabel,
  );

/** The same in CSV, where every value is text, and in JSON. */
const labelText = (task: Task, label: unknown): string =>
  task === 'regression' || task === 'ranking' ? String(Number(label)) : String(label);

const schema = z.looseObject({
  schemaVersion: z.literal(1),
  salt: z.string().check(z.maxLength(128)),
  sets: z
    .array(
      z
        .looseObject({
          name: z.optional(z.string()),
          rows: z.int().check(z.gte(0), z.lte(mostLabels)),
          marks: z.string().check(z.regex(/^[A-Za-z0-9+/]*$/)),
        })
        .check(z.refine(({ rows, marks }) => marks.length === rows * charactersOfRow)),
    )
    .check(z.maxLength(64)),
});

/** The marks, names of sets, and the salt. */
const mostBytes = mostLabels * charactersOfRow + 64 * 1024;

/**
 * The labels of an earlier attempt; undefined when there are none.
 * @throws {Refusal} `record-unavailable` when the object has none
 */
export const readLabels = async (
  world: World,
  folder: S3Location,
  attempt: number,
): Promise<KeptLabels | undefined> => {
  const found = await readKept(world, folder, keyOf(folder, attempt), {
    ...{ schema, mostBytes },
    is: 'no list of labels of a regression test',
  });
  return found as KeptLabels | undefined;
};

/** By golden set, in the order of `now`; then those that are gone altogether. */
export const labelChanges = async (
  { salt, sets }: KeptLabels,
  task: Task,
  now: readonly LabelledSet[],
): Promise<readonly LabelChanges[]> => {
  const gone = sets.filter(({ name }) => !now.some((set) => set.name === name));
  const changes: LabelChanges[] = [];
  for (const set of now)
    changes.push(await changesOf(salt, task, sets.find(({ name }) => name === set.name)?.marks ?? '', set));
  return [
    ...changes,
    ...gone.map(({ name, rows }) => ({
      ...(name === undefined ? {} : { name }),
      ...{ before: rows, changed: 0, examples: [], removed: rows, added: 0 },
    })),
  ];
};

const changesOf = async (
  salt: string,
  task: Task,
  marks: string,
  { name, rows }: LabelledSet,
): Promise<LabelChanges> => {
  const before = new Map<string, string>();
  const bytes = Buffer.from(marks, 'base64');
  for (let at = 0; at < bytes.length; at += bytesOfRow)
    before.set(bytes.toString('latin1', at, at + bytesOfId), bytes.toString('latin1', at + bytesOfId, at + bytesOfRow));
  const examples: string[] = [];
  let [changed, added] = [0, 0];
  for await (const batch of rows.batches())
    for (const row of batch) {
      const label = before.get(idMark(salt, row).toString('latin1'));
      if (label === undefined) added++;
      else if (label !== labelMark(salt, task, row).toString('latin1')) {
        changed++;
        if (examples.length < mostExamples) examples.push(row.id);
      }
    }
  return {
    ...(name === undefined ? {} : { name }),
    ...{ before: before.size, changed, examples, removed: before.size - (rows.size - added), added },
  };
};
