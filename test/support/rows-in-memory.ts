/** Golden rows that are in memory already. */
export const rowsInMemory = <Row>(rows: readonly Row[]) => ({
  size: rows.length,
  slice: async (from: number, to: number): Promise<readonly Row[]> => rows.slice(from, to),
  batches: async function* (first = 0): AsyncGenerator<readonly Row[]> {
    yield rows.slice(first);
  },
});
