import { describe, expect, test } from '@jest/globals';
import { minutes } from '../../../src/clock.ts';
import { armsOfVersions } from '../../../src/metrics/alias-arms.ts';
import type { World } from '../../../src/world.ts';

const nine = Date.UTC(2026, 0, 5, 9);
const versions = { from: '6', to: '7' };

/** Sums of one minute: of the alias, and by version. */
type Sums = Readonly<Record<'alias' | '6' | '7', Readonly<{ requests?: number; errors?: number }>>>;

/** Both arms in the minute of `nine`. @param age minutes since its end @param before sums of the minute before it */
const read = async (sums: Sums, { age = 2, before = undefined as Sums | undefined, status = 'Complete' } = {}) => {
  const asked: unknown[] = [];
  const world = {
    clock: { now: () => nine + minutes(1 + age) },
    read: {
      cloudwatch: {
        getMetricData: async ({ MetricDataQueries }: { MetricDataQueries: readonly Query[] }) => {
          asked.push(...MetricDataQueries.map(({ MetricStat: { Metric } }) => Metric));
          return {
            MetricDataResults: MetricDataQueries.map(({ Id, MetricStat: { Metric } }) => {
              const version = Metric.Dimensions.find(({ Name }) => Name === 'ExecutedVersion')?.Value ?? 'alias';
              const points = [
                [nine - minutes(1), before],
                [nine, sums],
              ] as const;
              const found = points.flatMap(([at, one]) => {
                const value = one?.[version as keyof Sums][ownId(Id) as 'requests' | 'errors'];
                return value === undefined ? [] : [[new Date(at), value] as const];
              });
              return {
                Id,
                StatusCode: status,
                Timestamps: found.map(([at]) => at),
                Values: found.map(([, value]) => value),
              };
            }),
          };
        },
      },
    },
  } as unknown as World;
  const { candidate, baseline } = armsOfVersions(world, { function: 'churn', alias: 'live' }, versions, undefined);
  const [from, to] = [nine - minutes(1), nine + minutes(1)];
  const [one, other] = await Promise.all([candidate(from, to), baseline(from, to)]);
  return { candidate: one(nine), baseline: other(nine), asked };
};
/** One request has the series of both arms: of two that have one id, the second has a number. */
const ownId = (id: string): string => id.replace(/_\d+$/, '');

interface Query {
  readonly Id: string;
  readonly MetricStat: {
    readonly Metric: { readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[] };
  };
}

const whole: Sums = {
  alias: { requests: 100, errors: 4 },
  '6': { requests: 90, errors: 3 },
  '7': { requests: 10, errors: 1 },
};
const counts = (requests: number, errors: number) => ({ requests, errors, clientErrors: 0 });

test('each version has its own metrics, by way of the alias', async () => {
  const { candidate, baseline, asked } = await read(whole);
  expect(candidate).toEqual(counts(10, 1));
  expect(baseline).toEqual(counts(90, 3));
  // Invocations and Errors of the alias and both versions, each once.
  expect(asked).toHaveLength(6);
  expect(asked).toContainEqual({
    Namespace: 'AWS/Lambda',
    MetricName: 'Errors',
    Dimensions: [
      { Name: 'FunctionName', Value: 'churn' },
      { Name: 'Resource', Value: 'churn:live' },
      { Name: 'ExecutedVersion', Value: '7' },
    ],
  });
});

describe('a minute whose counts do not fit together', () => {
  const late: Sums = { ...whole, '6': { requests: 40, errors: 3 } };
  test('is not read while it is young, and counts as it is afterwards', async () => {
    expect(await read(late)).toMatchObject({ candidate: 'unsettled', baseline: 'unsettled' });
    expect(await read(late, { age: 6 })).toMatchObject({ candidate: counts(10, 1), baseline: counts(40, 3) });
  });

  test('is unknown when the alias has requests and no version has any', async () => {
    const untold: Sums = { alias: { requests: 100, errors: 4 }, '6': {}, '7': {} };
    expect(await read(untold)).toMatchObject({ candidate: 'unsettled', baseline: 'unsettled' });
    expect(await read(untold, { age: 6 })).toMatchObject({ candidate: undefined, baseline: undefined });
  });

  test('is unknown when it has errors without requests, or more errors than requests', async () => {
    const [without, more]: readonly [Sums, Sums] = [
      { ...whole, '7': { errors: 1 } },
      { ...whole, '7': { requests: 10, errors: 11 } },
    ];
    expect((await read(without, { age: 6 })).candidate).toBeUndefined();
    expect((await read(more, { age: 6 })).candidate).toBeUndefined();
  });
});

test('without callers both versions had no requests, which is a fact', async () => {
  const idle: Sums = { alias: {}, '6': {}, '7': {} };
  expect(await read(idle)).toMatchObject({ candidate: counts(0, 0), baseline: counts(0, 0) });
  expect(await read(idle, { status: 'PartialData' })).toMatchObject({ candidate: undefined, baseline: undefined });
});

describe('a version without a data point of Errors', () => {
  const missing: Sums = { ...whole, '7': { requests: 10 } };
  const zero: Sums = { ...whole, '7': { requests: 10, errors: 0 } };
  test('had no errors where Lambda publishes none', async () => {
    expect((await read(missing)).candidate).toEqual(counts(10, 0));
  });

  test('is not complete where a minute without errors has a data point, and counts later', async () => {
    expect((await read(missing, { before: zero })).candidate).toBe('unsettled');
    expect((await read(missing, { before: zero, age: 6 })).candidate).toEqual(counts(10, 0));
  });
});
