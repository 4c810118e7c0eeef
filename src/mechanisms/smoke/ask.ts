import { failureOfModel } from '../../answers/failure-of-model.ts';
import { invocationOf } from '../../answers/invocation.ts';
import { Throttled } from '../../aws/retry.ts';
import { type Instant, seconds } from '../../clock.ts';
import { requestsOf, type Smoke } from '../../manifest/smoke.ts';
import type { SmokeProgress } from '../../release/record.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import { type World, writesOf } from '../../world.ts';
import { unexpectedIn } from './unexpected.ts';

/** A turn ends after this, so that a run can be stopped and its progress is seen. */
const longestTurnMs = seconds(20);
/** So few that users of the endpoint do not notice them. */
const atOnce = 4;

/** The model to ask. */
interface Asked {
  readonly endpoint: string;
  /** Absent where the endpoint has one variant. */
  readonly variant: string | undefined;
}

/** The progress after this turn, and the earliest time to go on where AWS throttles or could not be reached. */
interface Answered {
  readonly progress: SmokeProgress;
  readonly notBefore?: Instant;
}

/**
 * Sends the requests that are still to be sent, until the turn's time is over. A request that AWS throttles, or that does not reach the
 * endpoint, has no answer, and is sent again in a later turn.
 * @throws {Throttled} when no request had an answer
 */
export const askSmoke = async (world: World, asked: Asked, smoke: Smoke, before: SmokeProgress): Promise<Answered> => {
  const until = world.clock.now() + longestTurnMs;
  let progress = before;
  while (progress.answered < requestsOf(smoke) && world.clock.now() < until) {
    const length = Math.min(atOnce, requestsOf(smoke) - progress.answered);
    const answers = await Promise.all(
      Array.from({ length }, (_, at) =>
        answerOf(world, asked, smoke, (progress.answered + at) % smoke.requests.length),
      ),
    );
    // Those after one without an answer are sent again with it: the record has the number of answers alone.
    for (const answer of answers) {
      if (answer instanceof Throttled) {
        if (progress.answered === before.answered) throw answer;
        return { progress, notBefore: answer.notBefore };
      }
      progress = counted(progress, smoke.requests.length, answer);
    }
  }
  return { progress };
};

const counted = (before: SmokeProgress, requests: number, unexpected: string | undefined): SmokeProgress => ({
  ...before,
  answered: before.answered + 1,
  ...(unexpected === undefined
    ? {}
    : {
        unexpected: before.unexpected + 1,
        first: before.first ?? unexpected,
        ...withoutUndefined({
          wrong: before.wrong?.map((times, at) => (at === before.answered % requests ? times + 1 : times)),
        }),
      }),
});

/** @returns the difference from the expected answer, if any; or why there was no answer */
const answerOf = async (
  world: World,
  asked: Asked,
  smoke: Smoke,
  at: number,
): Promise<string | undefined | Throttled> => {
  const { body = '', expect } = smoke.requests[at] ?? {};
  const saying = (what: string): string => `request ${at + 1} ${what}`.slice(0, 400);
  try {
    const output = await writesOf(world).runtime.invokeEndpoint(invocationOf(asked, smoke, Buffer.from(body)));
    const unexpected = unexpectedIn(Buffer.from(output.Body ?? []).toString('utf8'), output.ContentType ?? '', expect);
    return unexpected === undefined ? undefined : saying(unexpected);
  } catch (error) {
    if (error instanceof Throttled) return error;
    const failure = failureOfModel(error);
    if (failure === undefined) throw error;
    return saying(`got no prediction: ${failure}`);
  }
};
