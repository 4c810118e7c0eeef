import { digest } from '../../digest.ts';
import { counted } from '../../judge/amounts.ts';
import { requestsOf, type Smoke } from '../../manifest/smoke.ts';
import type { Release, SmokeProgress } from '../../release/record.ts';
import type { WantedRelease } from '../mechanism.ts';
import type { Turn, TurnResult } from '../turn.ts';
import { turnBack } from '../turn-back.ts';
import { askSmoke } from './ask.ts';

/** The progress of requests that were not sent yet. Other requests of a manifest that was edited meanwhile begin anew. */
export const beforeSmoke = (smoke: Smoke): SmokeProgress => ({
  questions: digest(smoke),
  of: requestsOf(smoke),
  answered: 0,
  unexpected: 0,
  wrong: smoke.requests.map(() => 0),
});

/**
 * Asks a version that is up and verified, before its release ends well, where the plan decided it. The record has the progress, so that
 * another run goes on with it.
 * @param wanted undefined in a run that only ends the release
 * @returns undefined when every answer is as expected
 */
export const passSmoke = async (turn: Turn, wanted: WantedRelease | undefined): Promise<TurnResult | undefined> => {
  const { world, endpoint, release } = turn;
  const { smoke: planned, candidate } = release;
  if (planned === undefined || release.operation !== 'deploy-endpoint' || release.takenBack !== undefined)
    return undefined;
  const smoke = wanted?.smoke;
  if (wanted === undefined && planned.answered < planned.of)
    return turn.conclude(
      'abandoned',
      `${release.version} is up on ${endpoint}, but its run ended before its smoke test: ${planned.answered} of ${counted(planned.of, 'request')} had an answer`,
    );
  const before = smoke === undefined || digest(smoke) === planned.questions ? planned : beforeSmoke(smoke);
  if (smoke === undefined || before.answered >= before.of)
    return before.unexpected === 0 ? undefined : failed(turn, before);
  const variant = candidate.beside && release.submission.variant;
  const { progress, notBefore } = await askSmoke(world, { endpoint, variant }, smoke, before);
  await turn.save({ smoke: progress });
  return {
    because: `smoke: ${progress.answered} of ${counted(progress.of, 'request')} answered${progress.unexpected > 0 ? `, ${progress.unexpected} otherwise than expected` : ''}`,
    percent: 89,
    notBefore: notBefore ?? world.clock.now(),
  };
};

/** A candidate without traffic goes. After a first deployment nothing is there to go back to. */
const failed = async (turn: Turn, { of, unexpected, first = '' }: SmokeProgress): Promise<TurnResult> => {
  const { endpoint, release } = turn;
  const what = `smoke: ${unexpected} of ${counted(of, 'answer')} not as expected; the first: ${first}`;
  if (release.candidate.beside !== undefined) {
    const back = await turnBack(turn, `${release.version} got no traffic: ${what}`, { reason: 'dark-checks-failed' });
    if (back !== undefined) return back;
  }
  return turn.conclude(
    'smoke-failed',
    `${endpoint} serves ${release.version}, and no version served well before it: ${what}`,
  );
};

/** A line of the result, for a release that was asked. */
export const smokeLine = ({ smoke }: Pick<Release, 'smoke'>): string =>
  smoke === undefined || smoke.answered < smoke.of
    ? ''
    : `; smoke: ${smoke.answered - smoke.unexpected} of ${counted(smoke.of, 'answer')} as expected`;
