/** Where the lines of a file begin, while it is read: readers name the line of a row, and a row is read again by its place. */
export const lineStarts = () => {
  /** Of the lines from `first` on. Earlier ones are forgotten. */
  let starts: number[] = [0];
  let first = 1;
  let size = 0;
  return {
    /** Passes the blocks on, each after its lines are known. */
    of: async function* (blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
      for await (const block of blocks) {
        for (let at = block.indexOf(lineFeed); at >= 0; at = block.indexOf(lineFeed, at + 1))
          starts.push(size + at + 1);
        size += block.length;
        yield block;
      }
    },
    /** Byte at which this line begins; lines come in their order. */
    at: (line: number): number => {
      const place = starts[line - first];
      if (place === undefined) throw new Error(`line ${line} has no place`);
      // Each number is moved a few times at most.
      if (line - first > mostForgotten) {
        starts = starts.slice(line - first);
        first = line;
      }
      return place;
    },
  };
};

/** In UTF-8 it is no part of another character. */
const lineFeed = 0x0a;
const mostForgotten = 64 * 1024;

/** Places of rows, eight bytes each. */
export const rowPlaces = () => {
  let places = new Float64Array(1024);
  let size = 0;
  return {
    add: (place: number): void => {
      if (size === places.length) {
        const more = new Float64Array(Math.ceil(size * 1.5));
        more.set(places);
        places = more;
      }
      places[size++] = place;
    },
    all: (): Float64Array => places.slice(0, size),
  };
};
