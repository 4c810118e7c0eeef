import * as z from 'zod/mini';
import { classify } from '../../aws/errors.ts';
import { type Instant, seconds } from '../../clock.ts';
import type { S3Location } from '../../manifest/manifest.ts';
import { Refusal } from '../../operation.ts';
import type { DoneStep, LoadStep } from '../../regression/load/steps.ts';
import { type World, writesOf } from '../../world.ts';
import { keepOnce } from '../keep-once.ts';
import { findKept, readKept } from '../read-kept.ts';

/**
 * The steps of an attempt's load test: `<attempt>/load/001.json` with what was measured, written once, beside `001.begun.json`, which says
 * which run measures it. Two runs that load one endpoint at the same time would measure each other.
 */

const count = z.int().check(z.gte(0));
const measure = z.number().check(z.gte(0));
const histogram = z.array(z.tuple([measure, count]));
const outcome = z.object({
  seconds: measure,
  good: count,
  latencies: histogram,
  modelErrors: count,
  refused: count,
  lost: count,
  unsent: count,
  lag: histogram,
  stopped: z.optional(z.enum(['lag', 'unanswered'])),
});
const step = z.union([
  z.object({ is: z.literal('closed'), concurrency: count, seconds: measure, mostRequests: count }),
  z.object({ is: z.literal('open'), rate: measure, seconds: measure, at: z.enum(['target', 'above', 'below']) }),
]);
const done = z.object({ step, outcome });
const begun = z.object({ holder: z.string(), until: z.number() });

/** Latencies have at most some hundred values. */
const mostBytes = 1024 * 1024;

const keyOf = ({ prefix }: S3Location, attempt: number, name: string): string =>
  `${prefix}${attempt}/load/${name}.json`;
const numberOf = (index: number): string => String(index + 1).padStart(3, '0');

const kindOf = <Schema extends z.ZodMiniType>(schema: Schema) => ({ schema, mostBytes, is: 'no part of a load test' });

/** The steps that are measured, in order. */
export const keptSteps = async (world: World, folder: S3Location, attempt: number): Promise<readonly DoneStep[]> => {
  const steps: DoneStep[] = [];
  for (;;) {
    const found = await readKept(world, folder, keyOf(folder, attempt, numberOf(steps.length)), kindOf(done));
    if (found === undefined) return steps;
    steps.push(found as DoneStep);
  }
};

export const keepStep = (
  world: World,
  folder: S3Location,
  attempt: number,
  index: number,
  measured: DoneStep,
): Promise<void> =>
  keepOnce(world, folder, keyOf(folder, attempt, numberOf(index)), JSON.stringify(measured), 'application/json');

/** Beyond its own time, the first step waits until older requests have ended, and each for its last answers: 60 seconds each. */
const answersMs = seconds(150);

/**
 * Claims a step for this run. A claim holds as long as the step can last; a re-run of the same job takes that of its former process over.
 * @returns until when another run measures it; undefined: it is claimed
 */
export const claimStep = async (
  world: World,
  folder: S3Location,
  attempt: number,
  index: number,
  planned: LoadStep,
): Promise<Instant | undefined> => {
  const Key = keyOf(folder, attempt, `${numberOf(index)}.begun`);
  const { holder } = world.run;
  const now = world.clock.now();
  const other = await findKept(world, folder, Key, kindOf(begun));
  if (other !== undefined && other.value.holder !== holder && other.value.until > now) return other.value.until;
  const until = now + seconds(planned.seconds) + answersMs;
  const condition = other === undefined ? { IfNoneMatch: '*' } : { IfMatch: other.etag };
  try {
    await writesOf(world).s3.putObject({
      Bucket: folder.bucket,
      Key,
      ...condition,
      Body: JSON.stringify({ holder, until }),
      ContentType: 'application/json',
    });
    return undefined;
  } catch (error) {
    if (classify(error) !== 'precondition-failed') throw error;
    const first = await readKept(world, folder, Key, kindOf(begun));
    // The answer to our own write may have been lost, and its retry refused.
    if (first?.holder === holder && first.until === until) return undefined;
    return first?.until ?? now + seconds(1);
  }
};

const recorded = z.object({
  perInstance: z.optional(measure),
  peak: z.optional(measure),
  minute: z.optional(z.number()),
});

/** The rate of production in its busiest minute, per second. All are absent where no traffic is recorded. */
export interface RecordedRate {
  /** Requests to one instance; of an endpoint without instances, to all of it. */
  readonly perInstance?: number;
  /** Requests to all instances. */
  readonly peak?: number;
  /** The busiest minute of one instance. */
  readonly minute?: Instant;
}

/** The rate is read once for an attempt: all of its runs aim at the same one. */
export const rateOnce = async (
  world: World,
  folder: S3Location,
  attempt: number,
  read: () => Promise<RecordedRate>,
): Promise<RecordedRate> => {
  const Key = keyOf(folder, attempt, 'recorded-rate');
  const kept = await readKept(world, folder, Key, kindOf(recorded));
  if (kept !== undefined) return kept as RecordedRate;
  await keepOnce(world, folder, Key, JSON.stringify(await read()), 'application/json');
  const first = await readKept(world, folder, Key, kindOf(recorded));
  if (first === undefined) throw new Refusal('record-unavailable', `s3://${folder.bucket}/${Key} was deleted`);
  return first as RecordedRate;
};
