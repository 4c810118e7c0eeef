import { invalid } from './refusals.ts';

/** MaxResults 1–100 and an opaque NextToken (reference/sagemaker.md §9). */
export interface PageRequest {
  readonly MaxResults?: number;
  readonly NextToken?: string;
}

const token = (offset: number): string => Buffer.from(`offset:${offset}`).toString('base64');
const offsetOf = (text: string | undefined): number => {
  if (text === undefined) return 0;
  const match = /^offset:(\d+)$/.exec(Buffer.from(text, 'base64').toString());
  if (!match) throw invalid('Invalid pagination token.');
  return Number(match[1]);
};

/** @param standard the operation's documented page size when MaxResults is absent */
export const page = <T>(
  items: readonly T[],
  request: PageRequest,
  standard: number,
): { readonly items: readonly T[]; readonly next: { readonly NextToken?: string } } => {
  const from = offsetOf(request.NextToken);
  const to = from + (request.MaxResults ?? standard);
  return { items: items.slice(from, to), next: to < items.length ? { NextToken: token(to) } : {} };
};
