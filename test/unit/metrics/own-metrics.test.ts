import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import nock from 'nock';
import { type Instant, minutes } from '../../../src/clock.ts';
import { policyOf } from '../../../src/judge/policy.ts';
import type { OwnMetric } from '../../../src/manifest/manifest.ts';
import { type NamedArms, ownReads, readOwn } from '../../../src/metrics/own-metrics.ts';
import { ownNotes, ownPast } from '../../../src/metrics/own-past.ts';
import type { World } from '../../../src/world.ts';
import { clientsFor, url } from '../../support/aws.ts';
import { classes, confident, emptyAnswers, judgeWith } from '../../support/own-metrics.ts';
import { nine } from '../../support/stepping.ts';

const names: NamedArms = {
  candidate: { endpoint: 'churn', variant: 'AllTraffic-next', endpointConfig: 'churn-1-4-0', version: '1.4.0' },
  baseline: { endpoint: 'churn', variant: 'AllTraffic', endpointConfig: 'churn-1-3-0', version: '1.3.0' },
};
const long = nine + minutes(600);

beforeEach(() => nock.disableNetConnect());
afterEach(() => {
  nock.cleanAll();
  nock.enableNetConnect();
});
// A test file that follows in this process would send its requests through this file's nock.
afterAll(() => nock.restore());

interface Query {
  readonly Id: string;
  readonly MetricStat: {
    readonly Metric: {
      readonly Namespace: string;
      readonly MetricName: string;
      readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[];
    };
    readonly Period: number;
    readonly Stat: string;
  };
}
type Answer = { readonly values?: readonly (number | undefined)[]; readonly status?: string } | undefined;

/** CloudWatch at the wire: the answer to each query, page by page. */
const answering = (...pages: readonly ((query: Query) => Answer)[]) => {
  const asked: { readonly MetricDataQueries: readonly Query[]; readonly NextToken?: string }[] = [];
  nock(url)
    .post('/')
    .times(pages.length)
    .reply(200, async (request) => {
      const input: (typeof asked)[number] = JSON.parse(await request.text());
      asked.push(input);
      const page = Number(input.NextToken ?? 0);
      return {
        MetricDataResults: input.MetricDataQueries.flatMap((query) => {
          const found = pages[page]?.(query);
          if (found === undefined) return [];
          const { values = [], status = 'Complete' } = found;
          const points = values.flatMap((value, index) =>
            value === undefined ? [] : [[(nine + minutes(index)) / 1000, value] as const],
          );
          return [
            {
              Id: query.Id,
              StatusCode: status,
              Timestamps: points.map(([at]) => at),
              Values: points.map(([, value]) => value),
            },
          ];
        }),
        ...(page + 1 < pages.length ? { NextToken: String(page + 1) } : {}),
      };
    });
  return asked;
};

const worldAt = (now: Instant): World => {
  const clock = { now: () => now };
  return { clock, read: { cloudwatch: clientsFor().reads.cloudwatch } } as unknown as World;
};
const read = async (metrics: readonly OwnMetric[], now = long) => {
  const reads = ownReads(judgeWith(...metrics), names);
  const arms = [
    { reads, arm: 'candidate' },
    { reads, arm: 'baseline' },
  ] as const;
  const [candidate, baseline] = await readOwn(worldAt(now), arms, nine, nine + minutes(3));
  if (!candidate || !baseline) throw new Error('an arm is missing');
  return { candidate, baseline };
};
const nameOf = ({ MetricStat: { Metric } }: Query): string =>
  [Metric.MetricName, ...Metric.Dimensions.map(({ Value }) => Value)].join(' ');

describe('the call', () => {
  test('is one for both versions, with the placeholders filled in', async () => {
    const asked = answering(() => ({}));
    await read([emptyAnswers, confident, classes]);
    expect(asked).toHaveLength(1);
    const queries = asked[0]?.MetricDataQueries ?? [];
    expect(queries.map(nameOf)).toEqual(
      ['AllTraffic-next', 'AllTraffic'].flatMap((variant) => [
        `EmptyAnswers ${variant}`,
        `Confident ${variant}`,
        `Answers ${variant}`,
        `Predictions ${variant} setosa`,
        `Predictions ${variant} versicolor`,
        `Predictions ${variant} virginica`,
      ]),
    );
    expect(queries[0]?.MetricStat).toMatchObject({ Metric: { Namespace: 'Acme/Churn' }, Period: 60, Stat: 'Sum' });
    expect(new Set(queries.map(({ Id }) => Id)).size).toBe(queries.length);
    for (const { Id } of queries) expect(Id).toMatch(/^[a-z][a-zA-Z0-9_]*$/);
  });

  test('is not made without such metrics', async () => {
    const { candidate } = await read([]);
    expect(candidate(nine, 100)).toEqual({ bad: {}, of: {}, cells: {} });
  });

  test('fills in the version, the endpoint and its configuration', () => {
    const series = { ...emptyAnswers.candidate.events[0], dimensions: { D: '{endpoint}/{endpoint-config}/{version}' } };
    const metric = { ...emptyAnswers, candidate: { events: [series] }, baseline: { events: [series] } } as OwnMetric;
    const [filled] = ownReads(judgeWith(metric), names);
    expect(filled?.candidate.events[0]?.dimensions).toEqual({ D: 'churn/churn-1-4-0/1.4.0' });
    const { version: _, ...unknown } = names.baseline;
    expect(() => ownReads(judgeWith(metric), { ...names, baseline: unknown })).toThrow(
      'empty-answers has {version} in its dimensions, and the version that serves churn has no registered version',
    );
  });
});

describe('a minute', () => {
  test('takes the counts of all pages; a metric is known when its last page is complete', async () => {
    answering(
      (query) => ({ values: [3], status: nameOf(query).includes('next') ? 'PartialData' : 'Complete' }),
      (query) => (nameOf(query).includes('next') ? { values: [undefined, 4] } : undefined),
    );
    const { candidate, baseline } = await read([emptyAnswers]);
    expect(candidate(nine, 100)).toMatchObject({ bad: { 'empty-answers': 3 } });
    expect(candidate(nine + minutes(1), 100)).toMatchObject({ bad: { 'empty-answers': 4 } });
    expect(baseline(nine, 100)).toMatchObject({ bad: { 'empty-answers': 3 } });
  });

  test('is unknown where CloudWatch answered in part, and the metric alone', async () => {
    answering((query) =>
      nameOf(query).startsWith('Empty') ? { values: [3], status: 'PartialData' } : { values: [1, 2] },
    );
    const { candidate } = await read([emptyAnswers, classes]);
    expect(candidate(nine + minutes(1), 100)).toEqual({ bad: {}, of: {}, cells: { classes: [2, 2, 2] } });
  });

  test('without a data point: zero where requests were seen, unknown where the publisher sends zeros', async () => {
    answering(() => ({}));
    expect((await read([emptyAnswers])).candidate(nine, 100)).toMatchObject({ bad: { 'empty-answers': 0 } });
    answering(() => ({}));
    const unknown = await read([{ ...emptyAnswers, absent: 'unknown' }]);
    expect(unknown.candidate(nine, 100)).toEqual({ bad: {}, of: {}, cells: {} });
    // Nothing to count: known, whatever is published.
    expect(unknown.candidate(nine, 0)).toMatchObject({ bad: { 'empty-answers': 0 } });
  });

  test('of a count with `of` or of cells is unknown when nothing of it was published, and zero beside another count', async () => {
    answering((query) => (/virginica|Answers/.test(nameOf(query)) ? { values: [undefined, 100] } : {}));
    const { candidate } = await read([confident, classes]);
    expect(candidate(nine, 100)).toEqual({ bad: {}, of: {}, cells: {} });
    expect(candidate(nine + minutes(1), 100)).toEqual({
      bad: { confident: 0 },
      of: { confident: 100 },
      cells: { classes: [0, 0, 100] },
    });
    expect(candidate(nine, 0)).toEqual({ bad: { confident: 0 }, of: { confident: 0 }, cells: { classes: [0, 0, 0] } });
  });

  test('may still be completed while it is young', async () => {
    answering(() => ({}));
    const { candidate } = await read([classes], nine + minutes(3));
    expect(candidate(nine, 100)).toBe('unsettled');
    expect(candidate(nine, 0)).toMatchObject({ cells: { classes: [0, 0, 0] } });
  });

  test('whose counts do not fit together is unknown', async () => {
    answering((query) => ({ values: [nameOf(query).startsWith('Confident') ? 101 : 100, -1] }));
    const { candidate } = await read([confident, emptyAnswers]);
    expect(candidate(nine, 100)).toEqual({ bad: { 'empty-answers': 100 }, of: {}, cells: {} });
    expect(candidate(nine, 99)).toEqual({ bad: {}, of: {}, cells: {} });
    expect(candidate(nine + minutes(1), 100)).toEqual({ bad: {}, of: {}, cells: {} });
  });
});

describe('the day before', () => {
  const past = (metrics: readonly OwnMetric[], requests = 100, length = 120) =>
    ownPast(worldAt(long), ownReads(judgeWith(...metrics), names), nine, nine + minutes(length), () => requests);

  test('gives rates, trials per request, usual share, burst guard and dispersion, of the version that serves', async () => {
    const asked = answering((query) => ({
      values: Array.from({ length: 120 }, (_, index) =>
        nameOf(query).startsWith('Answers') ? 300 : nameOf(query).startsWith('Empty') ? index % 2 : 200,
      ),
    }));
    const found = await past([emptyAnswers, confident, classes]);
    expect(asked[0]?.MetricDataQueries.every((query) => !nameOf(query).includes('next'))).toBe(true);
    expect(found.rates).toMatchObject({ 'empty-answers': 0.005, confident: 2 / 3, classes: 1 / 3 });
    expect(found.perRequest).toEqual({ 'empty-answers': 1, confident: 3, classes: 6 });
    expect(found.watched['empty-answers']).toEqual({ burstGuard: false, usual: 0.005 });
    expect(found.dispersion['empty-answers']).toMatchObject({ against: 1, burstSeconds: 60 });
    expect(found.notes).toContain(
      'classes: Acme/Churn Predictions (VariantName=AllTraffic, Class=setosa) and 2 other counts: shares of 33.3 %, 33.3 %, 33.3 % in the day before',
    );
    const policy = policyOf(judgeWith(emptyAnswers, confident, classes), { own: found.watched });
    expect(ownNotes(policy, found).slice(0, 3)).toEqual([
      "your metric empty-answers: more than 1.2 times the old version's share convicts, with 25 % of the budget",
      "your metric confident: less than the old version's share divided by 1.2 convicts, with 25 % of the budget",
      'your metric classes: a share of 3 cells that changed by more than a factor of 2 holds the weight, and convicts nothing',
    ]);
  });

  test('without any data of a metric that would be unknown refuses the release', async () => {
    answering(() => ({}));
    await expect(past([classes])).rejects.toMatchObject({
      reason: 'metric-missing',
      message: expect.stringContaining('Acme/Churn Predictions (VariantName=AllTraffic, Class=setosa)'),
    });
  });

  test('without a data point of a rare event warns, and without requests says that nothing was checked', async () => {
    answering(() => ({}));
    expect((await past([emptyAnswers])).notes.join()).toMatch(
      /^warning: empty-answers: .* has no event in the last day/,
    );
    answering(() => ({}));
    expect((await past([classes], 0)).notes.join()).toMatch(/had no requests in the last day, so it is not checked$/);
  });

  test('that is too short to show bursts leaves the guard on', async () => {
    answering(() => ({ values: [1, 2, 3] }));
    expect((await past([emptyAnswers], 100, 3)).watched['empty-answers']?.burstGuard).toBe(true);
  });
});
