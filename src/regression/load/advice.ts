/** What the rates say about the size of the fleet. It fails no test. */

/** The manifest's capacity. */
export interface Capacity {
  readonly instances?: { readonly count: number; readonly type: string };
  /** Of an endpoint without instances: requests at once. */
  readonly concurrency?: number;
  readonly scaling?: { readonly min: number; readonly max: number; readonly invocationsPerInstance?: number };
}

export interface Advised {
  /** Requests per second that one instance held for half a minute or more. */
  readonly held: number;
  /** It did not break at a higher rate, so that it may hold more. */
  readonly isLeast: boolean;
  /** Requests per second to all instances in the busiest minute of production; absent where none is recorded. */
  readonly peak?: number;
  /** The manifest's `factor`; 1 beside `rate`. */
  readonly factor: number;
  readonly capacity: Capacity;
  /** Instance type that was tested. */
  readonly tested: string;
}

/**
 * A fleet needs some time to grow, and loses instances: AWS recommends to begin with half of the rate that one instance holds
 * (AWS: "Load testing your auto scaling configuration", SAFETY_FACTOR).
 */
const headroom = 0.5;

/** Sentences about `instance.count` and `autoscaling`. */
export const adviceOf = (advised: Advised): readonly string[] => {
  const { held, isLeast, capacity, tested } = advised;
  const { instances, concurrency } = capacity;
  const usable = held * headroom;
  if (concurrency !== undefined) return concurrencyAdvice(advised, concurrency, usable);
  return [
    `one ${tested} holds ${isLeast ? 'at least ' : ''}${rate(held)}; half of it, ${rate(usable)}, is planned with, so that a fleet has time to grow (AWS's SAFETY_FACTOR of 0.5)`,
    ...(instances !== undefined && instances.type !== tested
      ? [`the environment has ${instances.type}: the rates of ${tested} say nothing about its count`]
      : [...countAdvice(advised, usable), ...targetAdvice(advised, usable)]),
  ];
};

/** AWS: "Serverless Inference", MaxConcurrency. */
const mostConcurrency = 200;

/** Requests at once grow with the rate, as long as each takes as long as before. */
const concurrencyAdvice = (
  { held, isLeast, peak, factor }: Advised,
  concurrency: number,
  usable: number,
): readonly string[] => {
  const first = `with max-concurrency ${concurrency} it holds ${isLeast ? 'at least ' : ''}${rate(held)}; half of it, ${rate(usable)}, is planned with, since beyond it requests are refused`;
  if (peak === undefined) return [first, noPeak];
  const needed = Math.max(1, Math.ceil((concurrency * peak * factor) / usable));
  const demand = `${demandText(peak, factor)} needs max-concurrency ${isLeast ? 'of at most ' : ''}${needed}`;
  if (needed > mostConcurrency)
    return [first, `${demand}, and SageMaker has ${mostConcurrency} at most: serve it on instances`];
  return [first, needed > concurrency ? `${demand}: raise it` : `${demand}: ${concurrency} suffices`];
};

const noPeak = 'no traffic of production is recorded, so that the capacity it needs is not known';

const demandText = (peak: number, factor: number): string =>
  `the busiest minute of production (${rate(peak)})${factor === 1 ? '' : ` × ${factor}`}`;

const countAdvice = ({ peak, factor, capacity: { instances, scaling }, isLeast }: Advised, usable: number) => {
  if (peak === undefined) return [noPeak];
  const needed = Math.max(1, Math.ceil((peak * factor) / usable));
  const demand = `${demandText(peak, factor)} needs ${isLeast ? 'at most ' : ''}${needed} of them`;
  const count = scaling === undefined ? instances?.count : scaling.max;
  if (count === undefined) return [demand];
  const key = scaling === undefined ? 'instance.count' : 'autoscaling.max';
  // Without a rate at which it breaks, the number needed is no more than a limit.
  if (count < needed)
    return [
      `${demand}, and ${key} is ${count}: ${isLeast ? 'find the rate at which it breaks (load.up-to), or raise it' : `raise it to ${needed}`}`,
    ];
  if (count > needed && scaling === undefined)
    return [`${demand}, and ${key} is ${count}: ${count - needed} fewer would do`];
  return [`${demand}, and ${key} is ${count}: that suffices`];
};

const targetAdvice = ({ capacity: { scaling }, isLeast }: Advised, usable: number): readonly string[] => {
  if (scaling === undefined) return [];
  const target = Math.floor(usable * 60);
  const { invocationsPerInstance: stated } = scaling;
  const advice = `autoscaling.invocations-per-instance: ${isLeast ? 'at least ' : ''}${target} a minute (${rate(usable)} × 60)`;
  if (stated === undefined) return [advice];
  if (stated > target)
    return [
      `${advice}, and the manifest has ${stated}: ${isLeast ? 'whether an instance holds that is not shown' : 'an instance would be past half of its rate before another one starts'}`,
    ];
  return [`${advice}, and the manifest has ${stated}: that is ${stated === target ? 'the same' : 'more careful'}`];
};

/** `12.5 requests per second`. */
export const rate = (perSecond: number): string => {
  const number = Number(perSecond.toPrecision(3));
  return `${number.toLocaleString('en-US')} ${number === 1 ? 'request' : 'requests'} per second`;
};
