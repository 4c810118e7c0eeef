import type { Codes, PairedRows } from '../rows.ts';
import { randomOf, shuffled } from '../statistics/random.ts';

/**
 * The parts that are drawn together: the rows of a cluster, those of a query of a ranking, or each row for itself. Beyond 20,000 they are
 * put into 256 random groups of equal size, and the groups are drawn: their spread is known to 5 %, and a million rows take seconds.
 */
export interface Units extends Codes {
  readonly are: 'rows' | 'clusters' | 'queries' | 'groups';
}

export const mostUnits = 20_000;
const groups = 256;

/** Number of the stream that no drawn set has. */
const streamOfGroups = 0x7fffffff;

export const unitsOf = (rows: PairedRows, seed: number): Units => {
  const own = ownUnitsOf(rows);
  if (own.count <= mostUnits) return own;
  const place = shuffled(own.count, randomOf(seed, streamOfGroups));
  return { are: 'groups', count: groups, of: own.of.map((unit) => (place[unit] ?? 0) % groups) };
};

const ownUnitsOf = (rows: PairedRows): Units => {
  if (rows.clusters) return { are: 'clusters', ...present(rows.clusters) };
  if (rows.groups) return { are: 'queries', ...present(rows.groups) };
  return { are: 'rows', count: rows.size, of: Int32Array.from({ length: rows.size }, (_, row) => row) };
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
