import { requirePath } from '../../answers/selector.ts';
import { counted } from '../../judge/amounts.ts';
import type { EndpointSpec } from '../../manifest/manifest.ts';
import { requestsOf, type Smoke } from '../../manifest/smoke.ts';
import { Refusal } from '../../operation.ts';
import { lastGood } from '../../release/history.ts';
import type { NewRelease, ReleaseRecord, SmokeProgress } from '../../release/record.ts';
import { beforeSmoke } from './smoke.ts';

interface Due {
  /** For the record of the release; absent where nothing is sent. */
  readonly smoke?: SmokeProgress;
  /** For the plan. */
  readonly notes: readonly string[];
}

/**
 * Whether a release sends the requests of `smoke`: to a candidate without traffic, to a new endpoint, and to one on which no version served
 * well so far. Other updates have their bakes, and users who are served meanwhile.
 */
export const smokeDue = (
  smoke: Smoke | undefined,
  { operation, candidate, submission }: NewRelease,
  { history }: Pick<ReleaseRecord, 'history'>,
  { async: asynchronous, name }: EndpointSpec,
): Due => {
  if (smoke === undefined || operation !== 'deploy-endpoint' || submission.kind === 'none') return { notes: [] };
  const many = counted(requestsOf(smoke), 'request');
  if (asynchronous !== undefined)
    return { notes: [`smoke sends nothing: ${name} takes asynchronous requests, and no others`] };
  const isFirst = submission.kind === 'create' || (history.length > 0 && lastGood(history) === undefined);
  if (candidate.beside === undefined && !isFirst)
    return {
      notes: [
        'smoke sends nothing: it is for a new endpoint and for a candidate without traffic, and this update is watched in its bakes',
      ],
    };
  const fails =
    candidate.beside === undefined
      ? 'with another answer than expected the release is failed/smoke-failed, and nothing is there to go back to'
      : 'with another answer than expected the candidate is removed';
  return {
    smoke: beforeSmoke(smoke),
    notes: [
      `smoke: ${many} to ${candidate.beside === undefined ? name : `the candidate on ${name}`} before the release ends; ${fails}`,
    ],
  };
};

/** @throws {InputError} for a path that is no JSONPath */
export const requireSmokePaths = (smoke: Smoke | undefined): void => {
  for (const [at, { expect }] of (smoke?.requests ?? []).entries())
    if (typeof expect?.at === 'string') requirePath(expect.at, `smoke.requests[${at}].expect.path`);
};

/**
 * Refuses traffic for a candidate whose smoke test did not end, because its run died and another release settled it.
 * @throws {Refusal} `no-candidate`
 */
export const requireAsked = (
  { version, candidate: { endpointConfig } }: Pick<NewRelease, 'version' | 'candidate'>,
  { ended }: Pick<ReleaseRecord, 'ended'>,
): readonly [] => {
  const broughtUp = ended.find(({ candidate }) => candidate.beside?.candidate === endpointConfig);
  const { answered, of } = broughtUp?.smoke ?? { answered: 0, of: 0 };
  if (answered >= of) return [];
  throw new Refusal(
    'no-candidate',
    `the candidate of ${version} is up, but its smoke test did not end (${broughtUp?.id}: ${answered} of ${counted(of, 'request')} had an answer): run deploy-endpoint again`,
  );
};
