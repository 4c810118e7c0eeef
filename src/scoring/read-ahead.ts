/** S3 takes some ten milliseconds for an object, and the answers of a million rows lie in forty thousand. */
const mostUnderWay = 16;

/** What `read` gives for `from`, for `from + 1`, …, and for the one before `to`, in this order; each is read before it is needed. */
export const readAhead = async function* <Value>(
  from: number,
  to: number,
  read: (at: number) => Promise<Value>,
): AsyncGenerator<Value, void> {
  const underWay: Promise<Value>[] = [];
  for (let next = from; next < to || underWay.length > 0; ) {
    for (; next < to && underWay.length < mostUnderWay; next++) {
      const one = read(next);
      // Its failure belongs to its place, which a reader that has stopped does not reach.
      one.catch(() => {});
      underWay.push(one);
    }
    const first = underWay.shift();
    if (first !== undefined) yield await first;
  }
};
