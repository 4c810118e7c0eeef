import { AwsError } from '../contracts.ts';
import { notImplemented } from '../protocols/s3.ts';

/** The part of an object that a `Range` header names. */
export const partOf = (range: string, body: Buffer) => {
  const [first, last] = rangeOf(range, body.length);
  return {
    ContentLength: last - first + 1,
    ContentRange: `bytes ${first}-${last}/${body.length}`,
    Body: body.subarray(first, last + 1),
  };
};

/** A part that ends beyond the object is cut; one that begins there is an error (RFC 9110, 14.1.2). */
const rangeOf = (range: string, bytes: number): readonly [first: number, last: number] => {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
  const [first, last] = [Number(from), Math.min(Number(to), bytes - 1)];
  if (Number.isNaN(first) || Number.isNaN(last)) throw notImplemented();
  if (first > last)
    throw new AwsError('InvalidRange', 'The requested range is not satisfiable', 416, {
      RangeRequested: range,
      ActualObjectSize: String(bytes),
    });
  return [first, last];
};
