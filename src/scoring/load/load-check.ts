import { duration, iso, seconds } from '../../clock.ts';
import { canonicalOf } from '../../endpoint/variants.ts';
import type { Check } from '../../findings/regression.ts';
import type { Load } from '../../manifest/asking.ts';
import { usualConfidence } from '../../manifest/regression.ts';
import { cannotLoad } from '../../manifest/regression-load.ts';
import type { Capacity } from '../../regression/load/advice.ts';
import { rate } from '../../regression/load/advice.ts';
import { loadFindings, stepText } from '../../regression/load/findings.ts';
import { breaksAt, tooFewRequests } from '../../regression/load/judged.ts';
import { latencyIn, requestsIn } from '../../regression/load/outcome.ts';
import { type Course, type DoneStep, foreseen, type LoadStep, nextStep } from '../../regression/load/steps.ts';
import { openCheck } from '../../regression/open-check.ts';
import { InputError } from '../../schema.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import { requestOf } from '../ask-piece.ts';
import { candidateUp, contentOf, isGone } from '../candidate-up.ts';
import type { GoldenRow, GoldenRows } from '../golden-set.ts';
import { type Turn, waiting } from '../progress.ts';
import type { Endpoint } from '../site.ts';
import { endpointEnvironment, type Standing } from '../standing.ts';
import { drive, type Requests } from './drive.ts';
import { claimStep, keepStep, keptSteps, type RecordedRate, rateOnce } from './kept.ts';
import { recordedRate } from './recorded-rate.ts';

/** How many requests the candidate answers at a time, and how fast: one step a turn. */
export const loadCheck = {
  name: 'load' as const,
  isDue: ({ regression }: Standing): boolean => regression.asking.load !== undefined,
  refuse: (at: Standing): void => {
    const { look } = at;
    const { name, async } = endpointEnvironment(at).endpoint;
    const problem = cannotLoad({ name, async: look?.live.asynchronous ?? async });
    if (problem !== undefined) throw new InputError(problem);
  },
  notes: async (at: Standing): Promise<readonly string[]> => notesOf(at, loadIn(at), await recordedRate(at)),
  run: async (at: Standing): Promise<Check | Turn> => {
    const site = await candidateUp(at);
    if (site.is === 'waiting' || site.is === 'done') return site;
    if (site.is !== 'endpoint') throw new Error('a load test has no endpoint');
    const { world, folder, memory } = at;
    const { attempt = 1 } = memory;
    const load = loadIn(at);
    const recorded = await rateOnce(world, folder, attempt, () => recordedRate(at));
    const instances = instancesOf(at, site);
    const course = courseOf(load, recorded, instances);
    if (course === undefined) return openCheck('load', load.level, withoutTraffic(load));
    const done = await keptSteps(world, folder, attempt);
    const breaks = breaksAt(load.limits, calmOf(done));
    const step = nextStep(course, done, breaks);
    if (step === undefined)
      return loadFindings({
        ...{ load, course, done, breaks, instances },
        ...(await capacityOf(at, site)),
        ...withoutUndefined({ peak: recorded.peak }),
      });
    const busyUntil = await claimStep(world, folder, attempt, done.length, step);
    if (busyUntil !== undefined)
      return waiting(at, {
        percent: 90,
        because: 'another run of this test measures the next step of the load',
        notBefore: Math.min(busyUntil, world.clock.now() + seconds(30)),
      });
    // Golden rows that were asked before may be waiting in the model's queue; SageMaker gives each of them up after a minute.
    if (done.length === 0) await world.clock.sleepUntil(world.clock.now() + longestAnswer, world.signal);
    const outcome = await drive(world, step, await requestsOf(at, site, done, mostRequestsOf(step))).catch(
      (error: unknown) => {
        if (memory.temporary === undefined || !isGone(error)) throw error;
        return undefined;
      },
    );
    if (outcome === undefined)
      return waiting(at, { percent: 90, because: `${site.name} is gone: another run of this test was cancelled` });
    const measured = { step, outcome };
    await keepStep(world, folder, attempt, done.length, measured);
    return waiting(at, { percent: 90, because: `load: ${stepText(measured)}` });
  },
};

/** AWS: InvokeEndpoint, "Model containers must respond to requests within 60 seconds". */
const longestAnswer = seconds(60);

const loadIn = ({ regression }: Standing): Load => {
  const { load } = regression.asking;
  if (load === undefined) throw new Error('the manifest has no load');
  return load;
};

/** Of a dark variant all instances, of a temporary endpoint its one. */
const instancesOf = ({ look }: Standing, { variant }: Pick<Endpoint, 'variant'>): number =>
  Math.max(1, look?.live.variants.find(({ name }) => name === variant)?.current ?? 1);

/** @returns undefined where the target is a multiple of a rate that is not known */
const courseOf = (load: Load, { perInstance }: RecordedRate, instances: number): Course | undefined => {
  const one = load.by === 'rate' ? 1 : perInstance;
  if (one === undefined) return undefined;
  return {
    target: load.target * one * instances,
    durationSeconds: load.durationSeconds,
    ...withoutUndefined({ upTo: load.upTo === undefined ? undefined : load.upTo * one * instances }),
  };
};

const withoutTraffic = ({ target }: Load): string =>
  `no request to the version that serves is recorded in the last 7 days, so that load.factor: ${target} names no rate; give load.rate instead`;

/** The 99th percentile without a queue: more callers wait longer, and the first one may meet a cold model. */
const calmOf = (done: readonly DoneStep[]): number | undefined => {
  const all = done.flatMap(({ step, outcome }) =>
    step.is === 'closed' ? (latencyIn(outcome, 0.99, usualConfidence)?.value ?? []) : [],
  );
  const calm = Math.min(...all);
  return Number.isFinite(calm) ? calm : undefined;
};

const mostRequestsOf = (step: LoadStep): number =>
  step.is === 'open' ? Math.ceil(step.rate * step.seconds) : step.mostRequests;

/** Reading a row between two requests would delay them: those of a step are made before it. */
const mostBodyBytes = 64 * 1024 * 1024;

/** The golden rows in their order, again and again, over all steps. Where the requests of one are more than 64 MB, its first ones come again. */
const requestsOf = async (
  { golden, regression }: Standing,
  to: Endpoint,
  done: readonly DoneStep[],
  most: number,
): Promise<Requests> => {
  const { request: form } = regression.asking;
  if (form === undefined || golden === undefined || golden.size === 0)
    throw new Error('a load test has no golden rows');
  const from = done.reduce((sum, { outcome }) => sum + requestsIn(outcome), 0);
  const bodies: Buffer[] = [];
  let bytes = 0;
  for await (const row of rowsFrom(golden, from % golden.size)) {
    if (bodies.length >= Math.min(most, golden.size) || bytes >= mostBodyBytes) break;
    const body = requestOf(row, form);
    bodies.push(body);
    bytes += body.length;
  }
  return {
    to,
    form,
    body: (number) => {
      const body = bodies[number % bodies.length];
      if (body === undefined) throw new Error('a load test has no request');
      return body;
    },
  };
};

/** All rows from this place on, then those before it. */
const rowsFrom = async function* (golden: GoldenRows, first: number): AsyncGenerator<GoldenRow, void> {
  for await (const rows of golden.batches(first)) yield* rows;
  for await (const rows of golden.batches()) yield* rows;
};

/** The hardware that was tested, and the fleet that the manifest plans. */
const capacityOf = async (
  at: Standing,
  site: Endpoint,
): Promise<{ readonly tested: string; readonly capacity: Capacity }> => {
  const { look, candidate } = at;
  const { instance, autoscaling } = endpointEnvironment(at).endpoint;
  const live = look?.config?.ProductionVariants?.find(({ VariantName }) => VariantName === servingOf(at));
  const made = candidate === undefined ? (await contentOf(at)).config.ProductionVariants?.[0] : undefined;
  const dark = look?.config?.ProductionVariants?.find(({ VariantName }) => VariantName === site.variant);
  const count = look?.live.variants.find(({ name }) => name === servingOf(at))?.desired;
  const type = live?.InstanceType;
  return {
    tested: (made ?? dark)?.InstanceType ?? 'serverless endpoint',
    capacity: withoutUndefined({
      concurrency: made?.ServerlessConfig?.MaxConcurrency,
      instances: instance ?? (type === undefined || count === undefined ? undefined : { type, count }),
      scaling:
        autoscaling &&
        withoutUndefined({
          min: autoscaling.min,
          max: autoscaling.max,
          invocationsPerInstance: autoscaling.invocationsPerInstance,
        }),
    }),
  };
};

const servingOf = ({ look }: Standing): string | undefined => look && canonicalOf(look.live);

const notesOf = (at: Standing, load: Load, recorded: RecordedRate): readonly string[] => {
  const { candidate } = at;
  const instances = candidate?.is === 'endpoint' ? instancesOf(at, candidate) : 1;
  const course = courseOf(load, recorded, instances);
  if (course === undefined) return [`load: ${withoutTraffic(load)}`];
  const { requests, seconds: length } = foreseen(course);
  const few = tooFewRequests(course.target, load);
  const target =
    load.by === 'rate'
      ? rate(course.target)
      : `${rate(course.target)}, ${load.target} times the busiest minute of the last 7 days${recorded.minute === undefined ? '' : ` (${iso(recorded.minute)})`}`;
  return [
    `load: ${target}${load.upTo === undefined ? '' : `, then up to ${rate(course.upTo ?? course.target)}`}; up to ${requests} requests in about ${duration(seconds(length))}, ${
      candidate === undefined
        ? 'for which the temporary endpoint stays up'
        : `to ${candidate.name}: the metrics of that endpoint count them, and so do its alarms`
    }`,
    ...(few === undefined ? [] : [`load: ${few}`]),
  ];
};
