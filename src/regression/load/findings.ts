import { duration } from '../../clock.ts';
import type { Ruling } from '../../findings/comparison.ts';
import type { Check } from '../../findings/regression.ts';
import { counted, percent } from '../../judge/amounts.ts';
import type { Load } from '../../manifest/asking.ts';
import { usualConfidence } from '../../manifest/regression.ts';
import { adviceOf, type Capacity, rate } from './advice.ts';
import { type JudgedLimit, judgedLimits, limitText, milliseconds, tooFewRequests } from './judged.ts';
import { failedIn, keptSchedule, latencyIn, type Outcome, outcomeOf, requestsIn } from './outcome.ts';
import { type Breaks, type Course, type DoneStep, openSteps, throughput } from './steps.ts';

export interface Loaded {
  readonly load: Load;
  readonly course: Course;
  readonly done: readonly DoneStep[];
  readonly breaks: Breaks;
  /** Instances that answered. */
  readonly instances: number;
  /** Instance type that answered. */
  readonly tested: string;
  readonly capacity: Capacity;
  /** Requests per second to all of production in its busiest minute. */
  readonly peak?: number;
}

/** The result of a load test whose steps are all measured. */
export const loadFindings = (loaded: Loaded): Check => {
  const { load, course, done, instances } = loaded;
  const measured = outcomeOf(openSteps(done, 'target'));
  const limits = judgedLimits(measured, load.limits);
  const turn = turningPoint(loaded);
  const at = `at ${rate(course.target)}${instances === 1 ? '' : ` to ${counted(instances, 'instance')}`}`;
  const { verdict, because } = ruling(loaded, measured, limits);
  return {
    name: 'load',
    level: load.level,
    verdict,
    because: `${at} ${because}; ${turnText(turn, instances)}`,
    cases: limits.map((limit) => ({
      name: `${limit.name} ${at}`,
      verdict: verdict === 'inconclusive' && !keptSchedule(measured) ? 'inconclusive' : limit.decision,
      because: boundText(limit),
    })),
    table: tableOf(done, measured, course),
    notes: [
      ...(turn.held === undefined
        ? []
        : adviceOf({
            held: turn.held / instances,
            isLeast: turn.broken === undefined,
            factor: load.by === 'factor' ? load.target : 1,
            capacity: loaded.capacity,
            tested: loaded.tested,
            ...(loaded.peak === undefined ? {} : { peak: loaded.peak }),
          })),
    ],
  };
};

/** No result is a pass where nothing was measured. */
const ruling = (
  { load, course }: Loaded,
  measured: Outcome,
  limits: readonly JudgedLimit[],
): { readonly verdict: Ruling; readonly because: string } => {
  if (!keptSchedule(measured)) {
    return {
      verdict: 'inconclusive',
      because: `the machine that sends was the bottleneck, not the model: ${latenessOf(measured)}; run the test on a larger runner, or lower the rate`,
    };
  }
  for (const verdict of ['fail', 'inconclusive'] as const) {
    const one = limits.find(({ decision }) => decision === verdict);
    if (one === undefined) continue;
    const few =
      tooFewRequests(course.target, load) ??
      `${counted(requestsIn(measured), 'request')} do not decide that: lengthen load.duration`;
    const open = verdict === 'fail' ? '' : `: ${few}`;
    return { verdict, because: `${limitText(one)}${open}${errorsText(measured)}` };
  }
  return limits.length === 0
    ? { verdict: 'inconclusive', because: 'no request was sent' }
    : { verdict: 'pass', because: limits.map(limitText).join(', ') };
};

/** The sender gives up at a request that it would send too late, and that one is in no histogram. */
const latenessOf = (measured: Outcome): string => {
  if (measured.stopped === 'lag') return 'a request was due more than a second before it could be sent';
  const late = latencyIn({ ...measured, latencies: measured.lag, good: requestsIn(measured) }, 0.99, usualConfidence);
  return `one request of a hundred was sent ${milliseconds(late?.value ?? 0)} late or later`;
};

const errorsText = (outcome: Outcome): string => {
  const { modelErrors, refused, lost, unsent } = outcome;
  if (failedIn(outcome) === 0) return '';
  const parts = [
    [modelErrors, 'model errors'],
    [refused, 'refused for want of capacity'],
    [lost, 'lost'],
    [unsent, 'not sent, since too many had no answer'],
  ] as const;
  return ` (of ${requestsIn(outcome)}: ${parts.flatMap(([count, text]) => (count > 0 ? [`${count} ${text}`] : [])).join(', ')})`;
};

const boundText = ({ name, low, high, ...limit }: JudgedLimit): string => {
  const text = name === 'error-rate' ? percent : milliseconds;
  return `${limitText({ name, low, high, ...limit })}; between ${text(low)} and ${Number.isFinite(high) ? text(high) : 'no limit'}`;
};

interface TurningPoint {
  /** The highest rate that was held, and the lowest that was not; of all instances, per second. */
  readonly held?: number;
  readonly broken?: number;
  /** The rate that the sender could not send. */
  readonly unsent?: number;
}

const turningPoint = ({ course, done, breaks }: Loaded): TurningPoint => {
  const open = [
    { rate: course.target, outcome: outcomeOf(openSteps(done, 'target')) },
    ...(['above', 'below'] as const).flatMap((at) =>
      openSteps(done, at).map(({ step, outcome }) => ({ rate: step.rate, outcome })),
    ),
  ];
  const known = open.filter(({ outcome }) => keptSchedule(outcome) && requestsIn(outcome) > 0);
  const broken = known.filter(({ outcome }) => breaks(outcome)).map((one) => one.rate);
  const lowest = broken.length === 0 ? undefined : Math.min(...broken);
  const held = known
    .filter((one) => !breaks(one.outcome) && one.rate < (lowest ?? Number.POSITIVE_INFINITY))
    .map((one) => one.rate);
  const unsent = open.filter(({ outcome }) => !keptSchedule(outcome)).map((one) => one.rate);
  return {
    ...(held.length === 0 ? {} : { held: Math.max(...held) }),
    ...(lowest === undefined ? {} : { broken: lowest }),
    ...(unsent.length === 0 ? {} : { unsent: Math.min(...unsent) }),
  };
};

const turnText = ({ held, broken, unsent }: TurningPoint, instances: number): string => {
  const of = instances === 1 ? '' : ` to ${counted(instances, 'instance')}`;
  if (broken !== undefined)
    return held === undefined
      ? `it breaks at ${rate(broken)}${of} and held no lower rate that was tried`
      : `it holds ${rate(held)}${of} and breaks at ${rate(broken)}`;
  if (unsent !== undefined)
    return `the rate at which it breaks is not known: ${rate(unsent)} could not be sent at their times`;
  return held === undefined ? 'no rate was held' : `it holds ${rate(held)}${of}, the highest rate that was tried`;
};

const tableOf = (done: readonly DoneStep[], measured: Outcome, { target }: Course): NonNullable<Check['table']> => {
  const row = (name: string, outcome: Outcome): readonly string[] => [
    name,
    String(requestsIn(outcome)),
    String(Number(throughput(outcome).toPrecision(3))),
    ...[0.5, 0.95, 0.99].map((level) => milliseconds(latencyIn(outcome, level, usualConfidence)?.value ?? 0)),
    `${failedIn(outcome)}${errorsText(outcome).replace(/^ \(of \d+: /, ' (')}`,
  ];
  const open = (at: 'above' | 'below'): readonly (readonly string[])[] =>
    openSteps(done, at).map(({ step, outcome }) => row(openName(step.rate, step.seconds), outcome));
  return {
    heads: ['load', 'requests', 'answers / s', 'p50', 'p95', 'p99', 'no good answer'],
    rows: [
      ...done.flatMap(({ step, outcome }) =>
        step.is === 'closed'
          ? [row(`${counted(step.concurrency, 'caller')}, one request after the other`, outcome)]
          : [],
      ),
      row(
        openName(
          target,
          openSteps(done, 'target').reduce((sum, { step }) => sum + step.seconds, 0),
        ),
        measured,
      ),
      ...open('above'),
      ...open('below'),
    ],
  };
};

const openName = (perSecond: number, seconds: number): string => `${rate(perSecond)} for ${duration(seconds * 1000)}`;

/** `p99 45 ms, 0 of 600 without a good answer`: of a step, for its turn. */
export const stepText = ({ step, outcome }: DoneStep): string => {
  const name =
    step.is === 'closed'
      ? `${counted(step.concurrency, 'caller')}, one request after the other`
      : openName(step.rate, step.seconds);
  const p99 = latencyIn(outcome, 0.99, usualConfidence)?.value;
  return `${name}: p99 ${milliseconds(p99 ?? 0)}, ${failedIn(outcome)} of ${counted(requestsIn(outcome), 'request')} without a good answer`;
};
