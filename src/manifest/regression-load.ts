import * as z from 'zod/mini';
import { withoutUndefined } from '../without-undefined.ts';
import type { CandidateSite, Load } from './asking.ts';
import { checkLevel } from './check-level.ts';
import type { Refuse } from './refuse.ts';
import * as v from './values.ts';

/** `load` of `regression:`: how many requests the candidate must answer at a time, and how well. */

const about = z.describe;

const above0 = (noun: string, most: number, example: string) => {
  const error = `${noun}; expected a number above 0 and up to ${most}, e.g. ${example}`;
  return z.number({ error }).check(z.gt(0, { error }), z.lte(most, { error }));
};

/** More, one machine does not send. */
const mostRate = 5000;
const mostFactor = 1000;

export const loadKeys = {
  load: z.optional(
    v
      .mapping({
        factor: z.optional(
          above0('a factor', mostFactor, '2').check(
            about(
              'The target rate, in multiples of the recorded one: the busiest minute that one instance of the serving version had in the last 7 days.',
            ),
          ),
        ),
        rate: z.optional(
          above0('a rate', mostRate, '40').check(
            about('The target rate instead, in requests per second to one instance.'),
          ),
        ),
        duration: z.optional(
          v
            .durationWithin(30, 3600, '30s to 60m')
            .check(about('How long the target rate is measured; 30s to 60m. Default: `3m`.')),
        ),
        'up-to': z.optional(
          above0('an end', mostRate, '4').check(
            about(
              'After the target rate, the rate rises by a quarter at a time up to this factor (beside `rate`: this rate), or to the one at which the candidate breaks.',
            ),
          ),
        ),
        limits: z.optional(
          v
            .mapping({
              p95: z.optional(v.latency().check(about('Longest 95th percentile at the target rate, e.g. `200ms`.'))),
              p99: z.optional(v.latency().check(about('Longest 99th percentile at the target rate, e.g. `500ms`.'))),
              'error-rate': z.optional(
                v
                  .share()
                  .check(about('Largest share of requests without a good answer at the target rate. Default: `1%`.')),
              ),
            })
            .check(about('What the candidate must keep at the target rate.')),
        ),
        level: checkLevel(),
      })
      .check(
        about(
          'A load test of the temporary endpoint or of the dark variant: latency, errors, and the rate at which it breaks.',
        ),
      ),
  ),
};

type RawLoad = z.output<typeof loadKeys.load>;

const usualSeconds = 180;
const usualErrorRate = 0.01;

/** @param refuse is called for each problem */
export const loadOf = (written: RawLoad, candidate: CandidateSite, refuse: Refuse): Load | undefined => {
  if (written === undefined) return undefined;
  const { factor, rate, limits, level = 'fail', 'up-to': upTo } = written;
  const target = factor ?? rate ?? 0;
  if ((factor === undefined) === (rate === undefined)) refuse('needs either factor or rate', 'load');
  else if (upTo !== undefined && upTo <= target)
    refuse(`must be above ${factor === undefined ? 'rate' : 'factor'}, which is ${target}`, 'load', 'up-to');
  if (candidate.is !== 'temporary' && candidate.is !== 'dark-variant')
    refuse(
      'needs `candidate: temporary` or `candidate: dark-variant`: any other place has callers of its own, or takes no requests',
      'load',
    );
  return {
    by: factor === undefined ? 'rate' : 'factor',
    target,
    durationSeconds: written.duration ?? usualSeconds,
    limits: {
      errorRate: limits?.['error-rate'] ?? usualErrorRate,
      ...withoutUndefined({ p95: limits?.p95, p99: limits?.p99 }),
    },
    level,
    ...withoutUndefined({ upTo }),
  };
};

/** Requests of an asynchronous endpoint wait in a queue of SageMaker: neither their latency nor their rate is the model's. */
export const cannotLoad = ({
  name,
  async,
}: {
  readonly name: string;
  readonly async?: object | true | undefined;
}): string | undefined =>
  async === undefined
    ? undefined
    : `regression.load: endpoint ${name} is asynchronous, where a queue takes any rate and each answer waits in it; leave load out`;
