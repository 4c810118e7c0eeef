import { AwsError, type Instant } from '../../contracts.ts';

/** Timestamps travel as epoch seconds with a fraction (JSON protocols); the driver's own calls may pass a Date or ISO text. */
export type WireTime = number | string | Date;

export const instantOf = (time: WireTime): Instant =>
  typeof time === 'number' ? Math.round(time * 1000) : new Date(time).getTime();

export const wireTime = (instant: Instant): number => instant / 1000;

/**
 * One page. The token is the start position, wrapped so that a caller cannot invent one.
 * @throws {AwsError} `code` for a foreign token
 */
export const page = <Item>(
  items: readonly Item[],
  size: number,
  token: string | undefined,
  code = 'InvalidNextToken',
): { readonly items: readonly Item[]; readonly NextToken?: string } => {
  const from =
    token === undefined ? 0 : Number(/^from:(\d+)$/.exec(Buffer.from(token, 'base64').toString())?.[1] ?? Number.NaN);
  if (Number.isNaN(from)) throw new AwsError(code, 'Request parameter NextToken is invalid');
  const to = from + size;
  return {
    items: items.slice(from, to),
    ...(to < items.length ? { NextToken: Buffer.from(`from:${to}`).toString('base64') } : {}),
  };
};
