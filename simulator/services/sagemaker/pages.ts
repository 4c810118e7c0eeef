import type { Instant } from '../../contracts.ts';
import { epochSeconds } from './context.ts';
import { invalid } from './refusals.ts';

/** MaxResults 1–100 and an opaque NextToken (reference/sagemaker.md §9). */
export interface PageRequest {
  readonly MaxResults?: number;
  readonly NextToken?: string;
}
/** The common input of every List operation of this service; times are epoch seconds. */
export interface ListRequest extends PageRequest {
  readonly NameContains?: string;
  readonly CreationTimeAfter?: number;
  readonly CreationTimeBefore?: number;
  readonly SortBy?: string;
  readonly SortOrder?: 'Ascending' | 'Descending';
}
interface Listed {
  readonly name: string;
  readonly createdAt: Instant;
}

/** Ten by default, as ListEndpoints documents it; for the others the size is [unconfirmed]. */
const standardSize = 10;

const token = (offset: number): string => Buffer.from(`offset:${offset}`).toString('base64');
const offsetOf = (text: string | undefined): number => {
  if (text === undefined) return 0;
  const match = /^offset:(\d+)$/.exec(Buffer.from(text, 'base64').toString());
  if (!match) throw invalid('Invalid pagination token.');
  return Number(match[1]);
};

export const page = <T>(items: readonly T[], request: PageRequest) => {
  const from = offsetOf(request.NextToken);
  const to = from + (request.MaxResults ?? standardSize);
  return { items: items.slice(from, to), next: to < items.length ? { NextToken: token(to) } : {} };
};

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Filters, sorts and pages. Items must come in order of creation, which decides between equals.
 * @param standard `order` when SortOrder is absent; `key` gives the text another SortBy than CreationTime sorts by (default: the name)
 */
export const list = <T extends Listed>(
  items: readonly T[],
  request: ListRequest,
  standard: { readonly order: 'Ascending' | 'Descending'; key?(item: T): string },
) => {
  const {
    NameContains,
    CreationTimeAfter = Number.NEGATIVE_INFINITY,
    CreationTimeBefore = Number.POSITIVE_INFINITY,
  } = request;
  const found = items.filter(
    (item) =>
      (NameContains === undefined || item.name.includes(NameContains)) &&
      epochSeconds(item.createdAt) > CreationTimeAfter &&
      epochSeconds(item.createdAt) < CreationTimeBefore,
  );
  const key = standard.key ?? ((item: T): string => item.name);
  if ((request.SortBy ?? 'CreationTime') !== 'CreationTime') found.sort((a, b) => compare(key(a), key(b)));
  if ((request.SortOrder ?? standard.order) === 'Descending') found.reverse();
  return page(found, request);
};
