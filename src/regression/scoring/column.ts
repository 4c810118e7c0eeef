/** A column of numbers that grows while files are read. */
export interface Column {
  readonly at: (row: number) => number;
  readonly set: (row: number, value: number) => void;
  readonly free: () => void;
  /** The numbers in this order. Frees the column. */
  readonly ordered: (order: Uint32Array) => Float64Array;
  readonly orderedCodes: (order: Uint32Array) => Int32Array;
  readonly orderedFlags: (order: Uint32Array) => Uint8Array;
}

const first = 1024;

/** @param empty the number of a row that was never set */
export const column = (of: 'numbers' | 'codes' | 'flags', empty: number): Column => {
  let values = made(of, first, empty);
  const at = (row: number): number => values[row] ?? empty;
  const free = (): void => {
    values = made(of, 0, empty);
  };
  const moved = <A extends Float64Array | Int32Array | Uint8Array>(to: A, order: Uint32Array): A => {
    for (let i = 0; i < order.length; i++) to[i] = at(order[i] ?? 0);
    free();
    return to;
  };
  return {
    at,
    free,
    set: (row, value) => {
      if (row >= values.length) {
        const more = made(of, Math.max(row + 1, Math.ceil(values.length * 1.5)), empty);
        more.set(values);
        values = more;
      }
      values[row] = value;
    },
    ordered: (order) => moved(new Float64Array(order.length), order),
    orderedCodes: (order) => moved(new Int32Array(order.length), order),
    orderedFlags: (order) => moved(new Uint8Array(order.length), order),
  };
};

const made = (
  of: 'numbers' | 'codes' | 'flags',
  length: number,
  empty: number,
): Float64Array | Int32Array | Uint8Array => {
  const values =
    of === 'numbers' ? new Float64Array(length) : of === 'codes' ? new Int32Array(length) : new Uint8Array(length);
  return empty === 0 ? values : values.fill(empty);
};
