import { createHash } from 'node:crypto';
import { readJsonLines } from '../../regression/scoring/records.ts';
import { InputError } from '../../schema.ts';
import { numberOf } from './cells.ts';
import type { RecordFile } from './files.ts';
import type { GroundTruth, TrueLabel } from './ground-truth.ts';
import { type Body, type Captured, capturedOf, captureExample, type Unusable } from './record.ts';

export interface Wanted {
  /** Names of the columns of a CSV body. Default: `c0`, `c1`, …. */
  readonly columns?: readonly string[];
  /** Only requests of this content type. */
  readonly contentType?: string;
  readonly limit: number;
  readonly seed: number;
}

/** Records that are no golden rows, each counted once, by the first reason that holds; and rows beyond the limit. */
export type Reason =
  | 'without ground truth'
  | 'whose ground truth has two labels'
  | 'without input'
  | 'with several records in one request'
  | 'whose input is neither text, CSV nor JSON'
  | 'without an answer'
  | 'of another content type'
  | 'with another number of columns'
  | 'that repeat a request'
  | 'whose id belongs to two requests';

/** The golden rows, chosen and described, and not in memory. */
export interface Chosen {
  readonly records: number;
  readonly leftOut: ReadonlyMap<Reason, number>;
  /** Requests that could be golden rows. */
  readonly usable: number;
  readonly ids: ReadonlySet<string>;
  readonly form: Body['is'];
  readonly contentType: string;
  /** Of CSV. */
  readonly columns: readonly string[];
  readonly labels: 'numbers' | 'booleans' | 'text';
  /** Content types of the answers. */
  readonly answers: readonly string[];
  /** Reads the files again, and gives each row. @throws {InputError} when they are others than before */
  readonly rows: (take: (row: object) => void) => Promise<void>;
}

/** The labelled requests of one id. */
interface Candidate {
  readonly digest: string;
  readonly width: number;
  readonly form: Body['is'];
  readonly contentType: string;
  /** For each cell `1` where it is a number or empty, else `0`. */
  readonly numeric: string;
  answered: boolean;
  repeats: number;
  /** Another request has the same id. */
  conflict: boolean;
}

const reasons: Readonly<Record<Unusable, Reason>> = {
  'no-input': 'without input',
  'several-records': 'with several records in one request',
  unreadable: 'whose input is neither text, CSV nor JSON',
};

/**
 * Joins captured requests with their ground truth, and draws at most `limit` of them. The draw depends on the seed and the ids, and on no
 * order. In memory are the ids with ground truth, and no request.
 * @throws {InputError} when no request is left, or those that are left do not have one form
 */
export const chooseRows = async (
  captures: readonly RecordFile[],
  { labels }: Pick<GroundTruth, 'labels'>,
  wanted: Wanted,
): Promise<Chosen> => {
  const leftOut = new Map<Reason, number>();
  const leave = (reason: Reason, count = 1): void => void leftOut.set(reason, (leftOut.get(reason) ?? 0) + count);
  const candidates = new Map<string, Candidate>();
  const patterns = new Map<string, string>();
  const answers = new Set<string>();
  let [records, answered] = [0, 0];
  await eachCapture(captures, (captured) => {
    records++;
    if (captured.answered) answered++;
    if (captured.answer !== undefined) answers.add(captured.answer);
    const unfit = unfitOf(captured, labels, wanted);
    if (unfit === undefined) addTo(candidates, captured, patterns);
    else leave(unfit);
  });
  // Where a capture has requests alone, no answer is missing.
  const usable = usableOf(candidates, answered > 0, leave);
  const shape = shapeOf(usable, wanted.columns, leave, () => nothingLeft(records, leftOut));
  const ids = drawn([...usable.keys()], wanted);
  const kind = kindOf([...usable.keys()].map((id) => labels.get(id)));
  const numeric = shape.columns.map((_, at) => [...usable.values()].every((one) => one.numeric[at] === '1'));
  return {
    records,
    leftOut,
    usable: usable.size,
    ids,
    ...shape,
    labels: kind,
    answers: [...answers].sort(),
    rows: async (take) => {
      const left = new Set(ids);
      await eachCapture(captures, ({ id, request }) => {
        if (typeof request === 'string' || !left.has(id) || candidates.get(id)?.digest !== request.digest) return;
        left.delete(id);
        take({ id, label: labelAs(kind, labels.get(id)), ...columnsOf(request.body, shape.columns, numeric) });
      });
      if (left.size > 0)
        throw new InputError('capture: the files were changed while they were read; run the command again');
    },
  };
};

const eachCapture = async (files: readonly RecordFile[], take: (captured: Captured) => void): Promise<void> => {
  for (const file of files)
    await readJsonLines(file, captureExample, (row, line) => take(capturedOf(row, `${file.name}:${line}`)));
};

const unfitOf = (
  { id, request }: Captured,
  labels: GroundTruth['labels'],
  { contentType }: Wanted,
): Reason | undefined => {
  if (!labels.has(id)) return 'without ground truth';
  if (labels.get(id) === undefined) return 'whose ground truth has two labels';
  if (typeof request === 'string') return reasons[request];
  return contentType !== undefined && request.contentType !== contentType ? 'of another content type' : undefined;
};

/** @param patterns those of the cells' kinds: thousands of cells of a million requests have few */
const addTo = (
  candidates: Map<string, Candidate>,
  { id, request, answered }: Captured,
  patterns: Map<string, string>,
): void => {
  if (typeof request === 'string') return;
  const before = candidates.get(id);
  if (before !== undefined) {
    before.repeats++;
    before.answered ||= answered;
    before.conflict ||= before.digest !== request.digest;
    return;
  }
  const { body, contentType, digest } = request;
  const cells = body.is === 'csv' ? body.cells : [];
  const pattern = cells.map((cell) => (cell === undefined || numberOf(cell) !== undefined ? '1' : '0')).join('');
  patterns.set(pattern, patterns.get(pattern) ?? pattern);
  candidates.set(id, {
    digest,
    width: cells.length,
    form: body.is,
    contentType,
    numeric: patterns.get(pattern) ?? pattern,
    answered,
    repeats: 0,
    conflict: false,
  });
};

const usableOf = (
  candidates: ReadonlyMap<string, Candidate>,
  answersAreThere: boolean,
  leave: (reason: Reason, count?: number) => void,
): Map<string, Candidate> => {
  const usable = new Map<string, Candidate>();
  for (const [id, one] of candidates) {
    if (one.conflict) leave('whose id belongs to two requests', one.repeats + 1);
    else if (answersAreThere && !one.answered) leave('without an answer', one.repeats + 1);
    else {
      if (one.repeats > 0) leave('that repeat a request', one.repeats);
      usable.set(id, one);
    }
  }
  return usable;
};

/** The one form of all requests; removes those with another number of columns than the user named. @throws {InputError} */
const shapeOf = (
  usable: Map<string, Candidate>,
  named: readonly string[] | undefined,
  leave: (reason: Reason) => void,
  nothing: () => InputError,
): Pick<Chosen, 'form' | 'contentType' | 'columns'> => {
  const types = tally([...usable.values()], ({ contentType }) => contentType);
  if (types.size > 1)
    throw new InputError(
      `capture: the requests have several content types (${listed(types)}), and a golden set has one; choose it with --content-type`,
    );
  const [first] = usable.values();
  if (first === undefined) throw nothing();
  const { form, contentType } = first;
  if (form !== 'csv') {
    if (named !== undefined)
      throw new InputError(
        `columns: the requests are ${contentType}, which has no columns; a row has the column input`,
      );
    return { form, contentType, columns: [] };
  }
  const widths = tally([...usable.values()], ({ width }) => String(width));
  if (named === undefined && widths.size > 1)
    throw new InputError(
      `capture: the requests differ in their number of columns (${listed(widths)}); name the columns of the model with --columns, and the others are left out`,
    );
  if (named === undefined)
    return { form, contentType, columns: Array.from({ length: first.width }, (_, at) => `c${at}`) };
  for (const [id, { width }] of usable) {
    if (width === named.length) continue;
    leave('with another number of columns');
    usable.delete(id);
  }
  if (usable.size === 0)
    throw new InputError(`columns: ${named.length} are named, and no request has as many: ${listed(widths)}`);
  return { form, contentType, columns: named };
};

const nothingLeft = (records: number, leftOut: ReadonlyMap<Reason, number>): InputError =>
  new InputError(
    records === 0
      ? 'capture: there is no record'
      : `capture: no request is left of ${records} records: ${[...leftOut].map(([reason, count]) => `${count} ${reason}`).join(', ')}`,
  );

const tally = <Item>(items: readonly Item[], of: (item: Item) => string): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(of(item), (counts.get(of(item)) ?? 0) + 1);
  return counts;
};

const mostListed = 5;
const listed = (counts: ReadonlyMap<string, number>): string => {
  const parts = [...counts].sort(([, one], [, other]) => other - one).map(([what, count]) => `${what}: ${count}`);
  return [...parts.slice(0, mostListed), ...(parts.length > mostListed ? ['…'] : [])].join(', ');
};

/** Those whose hash with the seed is least: each id is drawn with the same chance, wherever it lies. */
const drawn = (ids: readonly string[], { limit, seed }: Wanted): ReadonlySet<string> => {
  if (ids.length <= limit) return new Set(ids);
  const keyed = ids.map((id) => [createHash('sha256').update(`${seed} ${id}`).digest('hex'), id] as const);
  keyed.sort(([one], [other]) => (one < other ? -1 : 1));
  return new Set(keyed.slice(0, limit).map(([, id]) => id));
};

/** One kind for the whole set, because labels are compared as they are written. */
const kindOf = (labels: readonly (TrueLabel | undefined)[]): Chosen['labels'] => {
  if (labels.every((label) => typeof label === 'boolean')) return 'booleans';
  const areNumbers = labels.every(
    (label) => typeof label === 'number' || (typeof label === 'string' && numberOf(label) !== undefined),
  );
  return areNumbers ? 'numbers' : 'text';
};

const labelAs = (kind: Chosen['labels'], label: TrueLabel | undefined): TrueLabel | undefined =>
  kind === 'numbers' ? Number(label) : kind === 'text' ? String(label) : label;

/** A column is of numbers only where all its cells are: `01234` and `94105` are both codes. */
const columnsOf = (body: Body, names: readonly string[], numeric: readonly boolean[]): object => {
  if (body.is === 'json') return { input: body.value };
  if (body.is === 'text') return { input: body.text };
  return Object.fromEntries(
    names.map((name, at) => {
      const cell = body.cells[at];
      return [name, cell === undefined ? null : numeric[at] ? numberOf(cell) : cell];
    }),
  );
};
