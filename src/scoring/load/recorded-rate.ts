import { hours, type Instant, minutes } from '../../clock.ts';
import { canonicalOf } from '../../endpoint/variants.ts';
import { busiestMinute } from '../../metrics/busiest-minute.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import { hasAnswersOfTest } from '../answers.ts';
import { objectsBelow } from '../objects-below.ts';
import { endpointEnvironment, type Standing } from '../standing.ts';
import { runningAttempt } from '../test-record.ts';
import type { RecordedRate } from './kept.ts';

const recordedMs = hours(7 * 24);

/**
 * The busiest minute that the serving variant had in the last 7 days before the test began. Minutes in which a regression test of the endpoint
 * asked it are left out: golden rows are no traffic of users.
 */
export const recordedRate = async (at: Standing): Promise<RecordedRate> => {
  const { world, look, stored } = at;
  const environment = endpointEnvironment(at);
  const variant = look && canonicalOf(look.live);
  if (look === undefined || variant === undefined) return {};
  const isRunning = stored !== undefined && runningAttempt(stored.record) !== undefined;
  const to = isRunning ? stored.record.begunAt : world.clock.now();
  const from = to - recordedMs;
  const tests = await testMinutes(at, from);
  const found = await busiestMinute(world, { endpoint: environment.endpoint.name, variant }, from, to, (minute) =>
    tests.has(minute),
  );
  if (found === undefined) return {};
  const instances = look.live.variants.find(({ name }) => name === variant)?.current ?? 0;
  return {
    peak: found.peak,
    minute: found.minute,
    ...withoutUndefined({
      perInstance: found.perInstance ?? (look.live.serverless ? found.peak : found.peak / Math.max(1, instances)),
    }),
  };
};

/** A piece of answers is kept within a minute of its requests, or in the next one. */
const testMinutes = async ({ world, releases, subject }: Standing, from: Instant): Promise<ReadonlySet<Instant>> => {
  const prefix = `${releases.prefix}${subject.endpoint}/regression/`;
  const kept = await objectsBelow(world, { ...releases, prefix });
  const minute = minutes(1);
  return new Set(
    kept.flatMap(({ Key = '', LastModified }) => {
      const at = LastModified?.getTime();
      if (at === undefined || at < from || !hasAnswersOfTest(Key)) return [];
      const begun = at - (at % minute);
      return [begun, begun - minute];
    }),
  );
};
