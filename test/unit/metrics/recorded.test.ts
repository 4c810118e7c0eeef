import { describe, expect, test } from '@jest/globals';
import { type Instant, minutes } from '../../../src/clock.ts';
import { readPast } from '../../../src/metrics/recorded.ts';
import { newRecord } from '../../../src/release/lifecycle.ts';
import type { Release, ReleaseRecord, Stepping } from '../../../src/release/record.ts';
import type { World } from '../../../src/world.ts';
import { rejection } from '../../support/aws.ts';
import { type Did, fakeMetrics } from '../../support/metrics.ts';
import { release, subject } from '../../support/release.ts';
import { servingWorld } from '../../support/serving.ts';
import { judgePolicy, nine, stepping } from '../../support/stepping.ts';

const [from, to] = [nine, nine + minutes(10)];
const serving = (fleet: string): Did | undefined =>
  fleet === 'AllTraffic' ? { requests: 100, errors: 2, clientErrors: 1 } : undefined;
const both = (fleet: string): Did => ({ requests: fleet === 'AllTraffic' ? 90 : 10 });

const read = async (
  did: (fleet: string, at: Instant) => Did | undefined,
  record?: ReleaseRecord,
  { begin = from, endpoint = {} }: { readonly begin?: Instant; readonly endpoint?: object | null } = {},
) => {
  const { getMetricData, requested } = fakeMetrics(did);
  const world = servingWorld(endpoint === null ? {} : { endpoint: { ...endpoint } });
  const cloudwatch = { ...world.read.cloudwatch, getMetricData };
  const later = {
    ...world,
    clock: { now: () => to + minutes(600) },
    read: { ...world.read, cloudwatch },
  } as unknown as World;
  return { ...(await readPast(later, 'churn', judgePolicy, record, begin, to)), requested };
};

const walked = (moves: Stepping['moves']): Release => release({ stepping: stepping({ moves }) });

describe('the metrics of a past release', () => {
  test('of an endpoint that does not exist now cannot be read: its variants are not known', async () => {
    const error = await rejection(read(serving, undefined, { endpoint: null }));
    expect(error).toMatchObject({ reason: 'endpoint-unusable', message: 'churn does not exist' });
  });

  test('of an endpoint whose fleets the judge cannot compare are not read', async () => {
    const error = await rejection(read(serving, undefined, { endpoint: { AsyncInferenceConfig: {} } }));
    expect(error).toMatchObject({ reason: 'endpoint-unusable' });
    expect(error.message).toContain('endpoint churn takes asynchronous requests, and CloudWatch has no metric');
  });

  test('without a candidate are those of the one fleet, by minute', async () => {
    const { buckets, alone } = await read(serving);
    expect(buckets).toEqual([]);
    expect(alone).toEqual(Array.from({ length: 10 }, () => ({ requests: 100, bad: 2, seconds: 60 })));
  });

  test('leave out a minute that is not known', async () => {
    const hole = nine + minutes(3);
    // More mistakes than failures: the series do not fit together.
    const { alone } = await read((fleet, at) =>
      at === hole && fleet === 'AllTraffic' ? { requests: 10, errors: 30 } : serving(fleet),
    );
    expect(alone).toHaveLength(9);
  });

  test('with a candidate that had requests are both, side by side', async () => {
    const { buckets, alone } = await read(both);
    expect(alone).toEqual([]);
    expect(buckets).toHaveLength(10);
    expect(buckets[4]).toMatchObject({ candidate: { requests: 10 }, baseline: { requests: 90 } });
  });

  test('with a candidate beside that had none are those of the one fleet', async () => {
    const { buckets, alone } = await read((fleet) => (fleet === 'AllTraffic' ? { requests: 100 } : { requests: 0 }));
    expect(buckets).toEqual([]);
    expect(alone).toHaveLength(10);
  });

  test('are judged by the day before them, of the whole minute in which they begin', async () => {
    const { requested, frozen } = await read(serving, undefined, { begin: nine + 20_000 });
    expect(requested.filter(({ to: end }) => end === nine).map(({ from: begin }) => begin)).toContain(
      nine - minutes(1440),
    );
    expect(Math.max(...requested.filter(({ fleet }) => fleet === 'AllTraffic').map(({ to: end }) => end))).toBe(to);
    expect(frozen.rates['errors']).toBeCloseTo(0.02, 9);
    expect(frozen.policy.minimumRequests).toBe(0);
  });
});

describe('the moves of the weights', () => {
  const shares = async (record: ReleaseRecord | undefined) =>
    (await read(both, record)).buckets.map(({ share, weightMoved = false }) => [share, weightMoved]);
  const at = (minute: number) => nine + minutes(minute);
  const record = (ended: readonly Release[], live?: Release): ReleaseRecord => ({
    ...newRecord(subject),
    ended,
    ...(live === undefined ? {} : { live }),
  });

  test('are not known without a record, or of a release that moved none', async () => {
    const unknown = Array.from({ length: 10 }, () => [undefined, false]);
    expect(await shares(undefined)).toEqual(unknown);
    expect(await shares(record([release()], release()))).toEqual(unknown);
  });

  test('are those of every release in the time, in their order, whichever ended first', async () => {
    const first = walked([{ from: at(1), until: at(2), share: 0.1 }]);
    const second = walked([{ from: at(4), until: at(5), share: 0.2 }]);
    const live = walked([{ from: at(7), share: 0.5 }]);
    // The record has the newest first.
    expect(await shares(record([second, first], live))).toEqual([
      [undefined, false],
      [0.1, true],
      [0.1, false],
      [0.1, false],
      [0.2, true],
      [0.2, false],
      [0.2, false],
      // Not over yet: nothing after it is at rest.
      [0.5, true],
      [0.5, true],
      [0.5, true],
    ]);
  });

  test('before and after the time are another story', async () => {
    const before = walked([{ from: at(-9), until: at(0), share: 0.9 }]);
    const after = walked([{ from: at(10), until: at(11), share: 0.9 }]);
    const across = walked([{ from: at(-1), until: at(1), share: 0.3 }]);
    expect((await shares(record([after, before]))).every(([share]) => share === undefined)).toBe(true);
    expect((await shares(record([across])))[0]).toEqual([0.3, true]);
  });
});
