import type { AnsweredRows, Codes } from '../rows.ts';
import { randomOf, shuffled } from '../statistics/random.ts';

/** The parts that are drawn together: the rows of a cluster, those of a query of a ranking, or each row for itself. */
export interface Units extends Codes {
  /** Beyond 20,000, random groups of equal size: they are drawn in place of rows, so that a million rows take seconds. */
  readonly are: 'units' | 'groups';
}

export const mostUnits = 20_000;
/** Their spread is known to 5 %. */
const groups = 256;

/** Number of the stream that no drawn set has. */
const streamOfGroups = 0x7fffffff;

export const unitsOf = (rows: AnsweredRows, seed: number): Units => {
  const own = ownUnitsOf(rows);
  if (own.count <= mostUnits) return { are: 'units', ...own };
  const place = shuffled(own.count, randomOf(seed, streamOfGroups));
  return { are: 'groups', count: groups, of: own.of.map((unit) => (place[unit] ?? 0) % groups) };
};

const ownUnitsOf = (rows: AnsweredRows): Codes => {
  const codes = rows.clusters ?? rows.groups;
  if (codes) return present(codes);
  const of = new Int32Array(rows.size);
  for (let row = 0; row < rows.size; row++) of[row] = row;
  return { count: rows.size, of };
};

/** Codes that the rows have, without gaps. */
export const present = ({ of, count }: Codes): Codes => {
  const renamed = new Int32Array(count).fill(-1);
  let next = 0;
  const codes = new Int32Array(of.length);
  for (let row = 0; row < of.length; row++) {
    const code = of[row] ?? 0;
    if (renamed[code] === -1) renamed[code] = next++;
    codes[row] = renamed[code] ?? 0;
  }
  return { of: codes, count: next };
};
