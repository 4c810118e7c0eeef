import * as z from 'zod/mini';
import { withoutUndefined } from '../without-undefined.ts';
import { type Fleet, type FleetEndpoint, onStopChoices, type Tolerated, type WaveChoice, wavesOf } from './fleet.ts';
import { loadAs } from './load.ts';
import * as v from './values.ts';

/**
 * The file of a fleet, `fleet.yml`: which endpoints, and in which waves. It is apart from the manifest, since it changes with the endpoints and may be
 * long.
 * @throws {ManifestError} one line a problem, with line and column
 */
export const loadFleet = (text: string, path: string): Fleet => loadAs(fleetSchema, text, path);

const word = (noun: string) => v.text(`${noun}; expected letters, digits, _ and -`, v.environmentPattern, 63);
const endpointName = () => v.resourceName('an endpoint name');
const longestList = 10_000;

const tolerated = z.union(
  [
    z.pipe(
      v.whole('a number of endpoints', 0, longestList),
      z.transform((count): Tolerated => ({ is: 'count', count })),
    ),
    z.pipe(
      v.share(),
      z.transform((share): Tolerated => ({ is: 'share', share })),
    ),
  ],
  { error: 'a number of endpoints, or a share of the wave; expected e.g. 0, 2 or 5%' },
);

const none: Tolerated = { is: 'count', count: 0 };

const endpoint = z.union(
  [
    z.pipe(
      endpointName(),
      z.transform((name): FleetEndpoint => ({ name, tags: [] })),
    ),
    v.mapping({ name: endpointName(), tags: v.listOf('a list of tags', word('a tag'), 1, 50) }),
  ],
  { error: 'an endpoint; expected its name, or { name: churn-acme, tags: [pilot] }' },
);

const place = z.pipe(
  v.mapping({
    account: v.accountId(),
    region: v.region(),
    role: z.optional(v.role()),
    'rollback-role': z.optional(v.role()),
    releases: z.optional(v.s3Uri(1024)),
    'max-concurrent': v.whole('a number of releases at one time', 1, 1000),
    'requests-per-second': v.whole('a number of requests to SageMaker in a second', 1, 1000),
    alarms: z.optional(v.listOf('a list of alarms', v.alarmName(), 1, 100)),
    endpoints: v.listOf('a list of endpoints', endpoint, 1, longestList),
  }),
  z.transform(
    ({
      'rollback-role': rollbackRole,
      'max-concurrent': maxConcurrent,
      'requests-per-second': requestsPerSecond,
      alarms = [],
      ...raw
    }) => withoutUndefined({ ...raw, rollbackRole, maxConcurrent, requestsPerSecond, alarms }),
  ),
);

const choices = ['endpoints', 'tag', 'count', 'percent'] as const;

const wave = z.pipe(
  v
    .mapping({
      name: word('a name of a wave'),
      endpoints: z.optional(v.listOf('a list of endpoints', endpointName(), 1, longestList)),
      tag: z.optional(word('a tag')),
      count: z.optional(v.whole('a number of endpoints', 1, longestList)),
      percent: z.optional(v.share()),
      bake: z.optional(v.duration()),
      'tolerated-failures': z.optional(tolerated),
    })
    .check((checked) => {
      const given = choices.filter((key) => checked.value[key] !== undefined);
      if (given.length > 1)
        checked.issues.push({
          code: 'custom',
          input: checked.value,
          path: [given[1] ?? ''],
          message: `stands beside \`${given[0]}\`; a wave takes its endpoints by one of ${choices.join(', ')}`,
        });
    }),
  z.transform(({ endpoints, tag, count, percent, ...raw }) => ({
    ...raw,
    takes: takesOf(endpoints, tag, count, percent),
  })),
);

const takesOf = (
  names: readonly string[] | undefined,
  tag: string | undefined,
  count: number | undefined,
  share: number | undefined,
): WaveChoice => {
  if (names !== undefined) return { is: 'endpoints', names };
  if (tag !== undefined) return { is: 'tag', tag };
  if (count !== undefined) return { is: 'count', count };
  return share === undefined ? { is: 'rest' } : { is: 'share', share };
};

const fleetSchema = z.pipe(
  v
    .mapping({
      version: z.literal(1, { error: 'a version of this format; expected 1' }),
      manifest: z.optional(v.text('a path; expected e.g. delivery.yml', /^[^/\s][^\s]*$/)),
      environment: word('an environment name'),
      places: v.listOf('a list of places', place, 1, 40),
      waves: v.listOf('a list of waves', wave, 1, 100),
      'tolerated-failures': z.optional(tolerated),
      'on-stop': z.optional(v.choice('a choice', onStopChoices)),
    })
    .check((checked) => {
      // A part with a problem of its own is as it was written, and has no meaning yet.
      if (checked.issues.length > 0) return;
      const { places, waves } = checked.value;
      const refuse = (path: readonly (string | number)[], message: string): void =>
        void checked.issues.push({ code: 'custom', input: checked.value, path: [...path], message });
      const seen = new Set<string>();
      for (const [at, { account, region, endpoints }] of places.entries()) {
        if (seen.has(`${account}/${region}`))
          refuse(['places', at, 'region'], 'has an entry for this account already; put its endpoints there');
        seen.add(`${account}/${region}`);
        for (const [index, { name }] of endpoints.entries()) {
          // SageMaker compares names of endpoints in lower case.
          const key = `${account}/${region}/${name.toLowerCase()}`;
          if (seen.has(key)) refuse(['places', at, 'endpoints', index], `is ${name} a second time`);
          seen.add(key);
        }
      }
      const names = waves.map(({ name }) => name);
      for (const [at, { name, bake }] of waves.entries()) {
        if (names.indexOf(name) < at) refuse(['waves', at, 'name'], `is ${name}, as an earlier wave`);
        if (bake === undefined && at < waves.length - 1)
          refuse(
            ['waves', at, 'bake'],
            'is missing; expected how long the next wave waits, e.g. 1h; 0s gives the bake up',
          );
      }
      const specs = waves.map(({ name, takes }) => ({ name, takes, bakeSeconds: 0, tolerated: none }));
      for (const { wave, key, message } of wavesOf({ places, waves: specs }).faults)
        refuse(['waves', wave, ...(key === undefined ? [] : [key])], message);
    }),
  z.transform(
    ({
      manifest = 'delivery.yml',
      environment,
      places,
      waves,
      'tolerated-failures': all = none,
      'on-stop': onStop,
    }): Fleet => ({
      ...{ manifest, environment, places },
      onStop: onStop ?? 'keep',
      waves: waves.map(({ name, takes, bake = 0, 'tolerated-failures': own = all }) => ({
        ...{ name, takes, bakeSeconds: bake, tolerated: own },
      })),
    }),
  ),
);
