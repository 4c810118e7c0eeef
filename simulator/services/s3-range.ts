import { AwsError } from '../contracts.ts';

/**
 * The part of an object that a `Range` header names; undefined for a header that means the whole: several ranges, none, or a form that S3
 * does not read (S3 API reference, GetObject).
 * @throws AwsError InvalidRange: it begins at the end or beyond
 */
export const partOf = (range: string, body: Buffer) => {
  const found = rangeOf(range, body.length);
  if (found === undefined) return undefined;
  const [first, last] = found;
  return {
    ContentLength: last - first + 1,
    ContentRange: `bytes ${first}-${last}/${body.length}`,
    Body: body.subarray(first, last + 1),
  };
};

/** A part that ends beyond the object is cut (RFC 9110, 14.1.2). */
const rangeOf = (range: string, bytes: number): readonly [first: number, last: number] | undefined => {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? [];
  if (from === '' && to === '') return undefined;
  if (from !== '' && to !== '' && Number(from) > Number(to)) return undefined;
  const first = from === '' ? Math.max(0, bytes - Number(to)) : Number(from);
  if (first >= bytes)
    throw new AwsError('InvalidRange', 'The requested range is not satisfiable', 416, {
      RangeRequested: range,
      ActualObjectSize: String(bytes),
    });
  return [first, from === '' || to === '' ? bytes - 1 : Math.min(Number(to), bytes - 1)];
};
