import type { LoggedRequest } from '../../simulator/contracts.ts';
import { rowsRepeated } from '../../src/scoring/ask-piece.ts';
import { goldenRows } from './golden-set.ts';

/** Requests to each model: the first rows are asked a second time, since a model may answer one request in two ways. */
export const questions = goldenRows.length + rowsRepeated;

/** How often each model answered: `iris/AllTraffic` of the endpoint's variants, `temporary`. */
export const asked = (requests: readonly LoggedRequest[]): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const { operation, input, status } of requests) {
    if (operation !== 'InvokeEndpoint' || status !== 200) continue;
    const { EndpointName, TargetVariant } = input as { EndpointName: string; TargetVariant?: string };
    const name = EndpointName.includes('-test-')
      ? 'temporary'
      : [EndpointName, TargetVariant].filter(Boolean).join('/');
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
};
