import { readJsonLines } from '../../regression/scoring/records.ts';
import type { Row } from '../../regression/scoring/row.ts';
import { InputError } from '../../schema.ts';
import { linesOf, numberOf } from './cells.ts';
import type { RecordFile } from './files.ts';
import { isMapping } from './record.ts';

/** The label of a request as its line has it; of CSV it is text. */
export type TrueLabel = string | number | boolean;

export interface GroundTruth {
  /** By id; `undefined` where two lines of one id have different labels: neither is believed. */
  readonly labels: ReadonlyMap<string, TrueLabel | undefined>;
  /** Lines that repeat the label of an earlier one. */
  readonly repeated: number;
  readonly lines: number;
}

export const truthExample =
  'ground truth as Model Monitor takes it, {"groundTruthData":{"data":"1","encoding":"CSV"},"eventMetadata":{"eventId":"…"}}';

/** Their ids and labels are in memory. */
export const mostLabels = 1_000_000;

/** @throws {InputError} at the first line that is no ground truth */
export const readGroundTruth = async (files: readonly RecordFile[]): Promise<GroundTruth> => {
  const labels = new Map<string, TrueLabel | undefined>();
  let [lines, repeated] = [0, 0];
  for (const file of files)
    await readJsonLines(file, `expected ${truthExample}`, (row, line) => {
      const place = `${file.name}:${line}`;
      const id = idOf(row, place);
      const label = labelOf(row, place);
      lines++;
      if (!labels.has(id)) {
        if (labels.size >= mostLabels)
          throw new InputError(
            `${place}: more than ${mostLabels} ids have ground truth, the most that are read; name a part of it, e.g. one day`,
          );
        labels.set(id, label);
      } else if (isSame(labels.get(id), label)) repeated++;
      else labels.set(id, undefined);
    });
  return { labels, repeated, lines };
};

const idOf = ({ eventMetadata: event }: Row, place: string): string => {
  const id = isMapping(event) ? event['eventId'] : undefined;
  if (typeof id !== 'string' || id === '')
    throw new InputError(`${place}: eventMetadata.eventId is missing; expected ${truthExample}`);
  return id;
};

const labelOf = ({ groundTruthData: truth }: Row, place: string): TrueLabel => {
  const { data, encoding = 'CSV' } = isMapping(truth) ? truth : {};
  if (typeof data !== 'string')
    throw new InputError(`${place}: groundTruthData.data is no text; expected ${truthExample}`);
  const label = encoding === 'CSV' ? cellOf(data) : encoding === 'JSON' ? jsonOf(data) : undefined;
  if (label === undefined)
    throw new InputError(`${place}: groundTruthData is not one label in CSV or JSON; expected ${truthExample}`);
  return label;
};

const cellOf = (data: string): string | undefined => {
  const [cells, ...others] = linesOf(data) ?? [];
  return others.length === 0 && cells?.length === 1 ? cells[0] : undefined;
};

const jsonOf = (data: string): TrueLabel | undefined => {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
  } catch {
    return undefined;
  }
};

/** `1` and `1.0` of CSV are one number. */
const isSame = (one: TrueLabel | undefined, other: TrueLabel): boolean =>
  one === other ||
  (typeof one === 'string' &&
    typeof other === 'string' &&
    numberOf(one) !== undefined &&
    numberOf(one) === numberOf(other));
