import { describe, expect, test } from '@jest/globals';
import { type Instant, minutes } from '../../../src/clock.ts';
import { latencyPlan } from '../../../src/judge/latency.ts';
import { policyOf } from '../../../src/judge/policy.ts';
import type { OwnMetric } from '../../../src/manifest/manifest.ts';
import type { Turn } from '../../../src/mechanisms/turn.ts';
import { judgeFleets, judgeVariants } from '../../../src/metrics/judge-fleets.ts';
import { ownReads } from '../../../src/metrics/own-metrics.ts';
import type { Bake, Stepping } from '../../../src/release/record.ts';
import { type Did, fakeMetrics, type MetricsOptions } from '../../support/metrics.ts';
import { classes, judgeWith } from '../../support/own-metrics.ts';
import { configuration, release } from '../../support/release.ts';
import { judgePolicy, nine, policy, stepping } from '../../support/stepping.ts';

const steady = (fleet: string): Did => ({ requests: fleet.startsWith('AllTraffic-next') ? 300 : 2700 });

interface Look {
  readonly did?: (fleet: string, at: Instant) => Did | undefined;
  readonly options?: MetricsOptions;
  readonly now?: Instant;
  readonly fails?: Error;
}

const turnWith = ({ did = steady, options = {}, now = nine + minutes(12), fails }: Look) => {
  const metrics = fakeMetrics(did, options);
  const getMetricData = fails
    ? async () => {
        throw fails;
      }
    : metrics.getMetricData;
  const turn = {
    world: {
      clock: { now: () => now },
      signal: new AbortController().signal,
      read: { cloudwatch: { getMetricData } },
    },
    endpoint: 'churn',
    release: release({ candidate: configuration('1.1.0'), baseline: configuration('1.0.0') }),
  } as unknown as Turn;
  return { turn, requested: metrics.requested };
};

const variants = async (look: Look, overrides: Partial<Stepping> = {}) => {
  const { turn, requested } = turnWith(look);
  const ruling = await judgeVariants(turn, stepping(overrides));
  if (ruling === undefined) throw new Error('the judge was not asked');
  return { ...ruling, buckets: ruling.evidence.buckets, requested };
};

/** The metrics of the user's own, read for these names. */
const ownOf = (...metrics: readonly OwnMetric[]) => {
  const named = { endpoint: 'churn', endpointConfig: 'churn-dark', version: '1.0.0' };
  const names = {
    candidate: { ...named, variant: 'AllTraffic-next' },
    baseline: { ...named, variant: 'AllTraffic' },
  };
  const judge = judgeWith(...metrics);
  return {
    own: ownReads(judge, names),
    policy: policyOf(judge, { own: Object.fromEntries(metrics.map(({ name }) => [name, { burstGuard: false }])) }),
  };
};
/** A third of the answers of each class; the candidate's by `share`. */
const classed =
  (share: readonly number[]) =>
  (fleet: string): Did => {
    const [requests, shares] = fleet === 'AllTraffic' ? [2700, [1 / 3, 1 / 3, 1 / 3]] : [300, share];
    const names = ['setosa', 'versicolor', 'virginica'];
    return {
      requests,
      own: Object.fromEntries(
        names.flatMap((name, index) =>
          (shares[index] ?? 0) > 0 ? [[`Predictions/${name}`, Math.round(requests * (shares[index] ?? 0))]] : [],
        ),
      ),
    };
  };

describe('metrics of the user’s own', () => {
  test('stand beside SageMaker’s in each bucket, and hold a candidate whose answers are all the same', async () => {
    const { verdict, buckets } = await variants({ did: classed([0, 0, 1]) }, ownOf(classes));
    expect(verdict).toMatchObject({ decision: 'hold', because: expect.stringContaining('classes "') });
    expect(buckets[1]).toMatchObject({
      candidate: { requests: 300, cells: { classes: [0, 0, 300] } },
      baseline: { requests: 2700, cells: { classes: [900, 900, 900] } },
    });
  });

  test('convict where the manifest says so', async () => {
    const { verdict } = await variants({ did: classed([0, 0, 1]) }, ownOf({ ...classes, verdict: 'convict' }));
    expect(verdict).toMatchObject({ decision: 'rollback', why: 'convicted' });
  });

  test('are no hindrance to one whose answers are as before', async () => {
    const { verdict } = await variants({ did: classed([0.3, 0.3, 0.4]) }, ownOf(classes));
    expect(verdict.decision).toBe('promote');
  });

  test('that do not arrive hold, and close no bucket while they may still come', async () => {
    const missing = (fleet: string): Did => ({ ...classed([0, 0, 1])(fleet), own: {} });
    const { verdict, buckets } = await variants({ did: missing }, ownOf(classes));
    expect(verdict).toMatchObject({ decision: 'hold', because: expect.stringContaining('no data of classes for') });
    // Ten settled minutes, of which the newest three are younger than CloudWatch's patience.
    expect(buckets).toHaveLength(7);
  });
});

describe('two variants', () => {
  test('a clean candidate is proven from the minutes since the first move, without those that are not settled', async () => {
    const { verdict, buckets } = await variants({});
    expect(verdict).toMatchObject({ decision: 'promote', newest: nine + minutes(10), stepRequests: 2700 });
    expect(buckets).toHaveLength(10);
    expect(buckets[0]).toMatchObject({ t: nine / 1000, weightMoved: true, share: 0.1 });
    expect(buckets[1]).toEqual({
      t: nine / 1000 + 60,
      seconds: 60,
      share: 0.1,
      candidate: { requests: 300, bad: { errors: 0, 'client-errors': 0 } },
      baseline: { requests: 2700, bad: { errors: 0, 'client-errors': 0 } },
    });
  });

  test('what another candidate did under the same variant name before the first move is no evidence', async () => {
    const { verdict, requested } = await variants({
      did: (fleet, at) => ({ ...steady(fleet), errors: fleet === 'AllTraffic-next' && at < nine ? 150 : 0 }),
    });
    expect(verdict.decision).toBe('promote');
    expect(Math.min(...requested.map(({ from }) => from))).toBe(nine);
  });

  test('before the first move nobody is judged', async () => {
    const { turn } = turnWith({});
    expect(await judgeVariants(turn, stepping({ moves: [] }))).toBeUndefined();
  });

  test('minutes in which weights moved count for nothing, and the share that was meant goes with each', async () => {
    const moves = [
      { from: nine, until: nine + 30_000, share: 0.1 },
      { from: nine + minutes(5) + 1, until: nine + minutes(6) + 1, share: 0.5 },
    ];
    const failing = nine + minutes(5);
    const { verdict, buckets } = await variants(
      { did: (fleet, at) => ({ ...steady(fleet), errors: fleet === 'AllTraffic-next' && at === failing ? 40 : 0 }) },
      { moves },
    );
    expect(buckets.map(({ weightMoved = false }) => weightMoved)).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((minute) => [0, 5, 6].includes(minute)),
    );
    expect(buckets.map(({ share }) => share)).toEqual([0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.5, 0.5, 0.5, 0.5]);
    expect(verdict.decision).not.toBe('rollback');
  });

  test('a minute that ends as a move begins, and one that begins as it ends, are whole', async () => {
    const { buckets } = await variants(
      {},
      {
        moves: [
          { from: nine, until: nine + 30_000, share: 0.1 },
          { from: nine + minutes(5), until: nine + minutes(6), share: 0.5 },
        ],
      },
    );
    expect(buckets.flatMap(({ weightMoved }, minute) => (weightMoved ? [minute] : []))).toEqual([0, 5]);
  });

  test('the minute in which the first move begins is the first one, whole', async () => {
    const moves = [{ from: nine + 20_000, until: nine + 50_000, share: 0.1 }];
    const { buckets, requested } = await variants({ now: nine + minutes(12) + 40_000 }, { moves });
    expect(buckets[0]?.t).toBe(nine / 1000);
    expect(buckets.at(-1)?.t).toBe((nine + minutes(9)) / 1000);
    expect(new Set(requested.map(({ from, to }) => `${from}–${to}`))).toEqual(
      new Set([`${nine}–${nine + minutes(10)}`]),
    );
  });

  test('there is no minute to judge before one is over', async () => {
    const { buckets, requested } = await variants({ now: nine + minutes(2) + 59_000 });
    expect([buckets, requested]).toEqual([[], []]);
  });

  test('a verdict gives the reason of a rollback, and no other has one', async () => {
    expect((await variants({})).verdict).not.toHaveProperty('why');
    expect((await variants({ now: nine + minutes(4) })).verdict).not.toHaveProperty('why');
  });

  test('while weights move nothing after it counts either', async () => {
    const { buckets } = await variants({}, { moves: [{ from: nine, share: 0.1 }] });
    expect(buckets.every(({ weightMoved }) => weightMoved)).toBe(true);
  });

  test('a bucket that CloudWatch revised is judged as it is now', async () => {
    const late = nine + minutes(4);
    const before = await variants({ now: nine + minutes(8) });
    expect(before.verdict.decision).not.toBe('rollback');
    const did: Look['did'] = (fleet, at) => ({
      ...steady(fleet),
      errors: fleet === 'AllTraffic-next' && at === late ? 60 : 0,
    });
    const after = await variants({ now: nine + minutes(8), did });
    expect(after.verdict).toMatchObject({ decision: 'hold', because: expect.stringContaining('read again') });
    const { countsRead = [] } = after.verdict;
    const again = await variants({ now: nine + minutes(9), did }, { countsRead });
    expect(again.verdict).toMatchObject({ decision: 'rollback', why: 'convicted' });
  });

  const worse = (bad: 'errors' | 'clientErrors') => ({
    did: (fleet: string): Did => ({ ...steady(fleet), [bad]: fleet === 'AllTraffic-next' ? 30 : 1 }),
  });

  test('a worse candidate is convicted of errors, and of 4xx only where the manifest asks for it', async () => {
    expect((await variants(worse('errors'))).verdict).toMatchObject({ decision: 'rollback', why: 'convicted' });
    expect((await variants(worse('clientErrors'))).verdict.decision).toBe('promote');
    const judged = policyOf({ ...judgePolicy, clientErrors: 'judge' }, { clientErrors: true });
    expect((await variants(worse('clientErrors'), { policy: judged })).verdict).toMatchObject({
      decision: 'rollback',
      why: 'convicted',
    });
  });

  test("callers' mistakes are a figure of their own: neither errors, nor the safety net's business", async () => {
    const { verdict, buckets } = await variants({
      did: (fleet) => ({
        ...steady(fleet),
        clientErrors: steady(fleet).requests * 0.4,
        errors: fleet === 'AllTraffic' ? 9 : 1,
      }),
    });
    expect(buckets[1]?.candidate?.bad).toEqual({ errors: 1, 'client-errors': 120 });
    expect(buckets[1]?.baseline?.bad).toEqual({ errors: 9, 'client-errors': 1080 });
    expect(verdict.decision).not.toBe('rollback');
    expect(verdict.figures?.evidence['client-errors']?.candidate.bad).toBe(1080);
  });

  test("callers' mistakes whose series is late look like failures for one look, and convict nobody", async () => {
    const late = nine + minutes(9);
    const seen =
      (mistakes: number): NonNullable<Look['did']> =>
      (fleet, at) =>
        fleet === 'AllTraffic-next' && at === late
          ? { ...steady(fleet), errors: 120 - mistakes, clientErrors: mistakes }
          : steady(fleet);
    const first = await variants({ did: seen(20) });
    expect(first.verdict.decision).toBe('hold');
    const { countsRead = [] } = first.verdict;
    const complete = await variants({ did: seen(120), now: nine + minutes(12) + 30_000 }, { countsRead });
    expect(complete.verdict.decision).toBe('promote');
  });

  test('both failing takes the traffic back, and convicts no version', async () => {
    const { verdict } = await variants({ did: (fleet) => ({ ...steady(fleet), errors: steady(fleet).requests / 2 }) });
    expect(verdict).toMatchObject({ decision: 'rollback', why: 'shared-outage' });
  });

  test('slow answers count above the edges that were frozen', async () => {
    const latency = latencyPlan({ cells: [0, 0, 0] }, [10, 20]);
    if (!latency) throw new Error('no rung');
    const { buckets } = await variants(
      { did: () => ({ requests: 6, latencies: [5, 10, 11, 20, 21, 500] }) },
      { latency },
    );
    expect(buckets[1]?.candidate?.bad).toMatchObject({ 'latency-1': 4, 'latency-2': 2 });
  });
});

describe('what is not known', () => {
  test('a minute without a data point in a full answer had no requests', async () => {
    const { buckets } = await variants({ did: (fleet) => (fleet === 'AllTraffic' ? steady(fleet) : undefined) });
    expect(buckets[3]?.candidate).toEqual({ requests: 0, bad: { errors: 0, 'client-errors': 0 } });
  });

  test.each(['Invocations', 'InvocationModelErrors', 'Invocation4XXErrors'])(
    'nothing is healthy or guilty while CloudWatch cannot say %s',
    async (metric) => {
      const { verdict, buckets } = await variants({ options: { status: { [metric]: 'InternalError' } } });
      expect(buckets[3]).not.toHaveProperty('candidate');
      expect(buckets[3]).not.toHaveProperty('baseline');
      expect(verdict.decision).toBe('hold');
    },
  );

  test('for too long takes the traffic back', async () => {
    const { verdict } = await variants({
      now: nine + minutes(14),
      options: { status: { InvocationModelErrors: 'InternalError' } },
    });
    expect(verdict).toMatchObject({ decision: 'rollback', why: 'metrics-blind' });
  });

  test('a part of an answer is known where it speaks', async () => {
    const { buckets } = await variants({ options: { status: { InvocationModelErrors: 'PartialData' } } });
    expect(buckets[3]?.candidate?.requests).toBe(300);
  });

  test('a part of an answer says nothing of the minutes it is silent about: they are not minutes without errors', async () => {
    const silent = nine + minutes(4);
    const { buckets } = await variants({
      options: {
        status: { InvocationModelErrors: 'PartialData' },
        lacks: (metric, at) => metric === 'InvocationModelErrors' && at === silent,
      },
    });
    expect(buckets[4]).not.toHaveProperty('candidate');
    expect(buckets[4]).not.toHaveProperty('baseline');
    expect(buckets[5]).toHaveProperty('candidate');
  });

  test('a run that is ended while CloudWatch answers is not blind: it ends', async () => {
    const { turn } = turnWith({ fails: new Error('aborted') });
    const ended = new AbortController();
    ended.abort();
    const world = { ...turn.world, signal: ended.signal };
    await expect(judgeVariants({ ...turn, world }, stepping())).rejects.toThrow('aborted');
  });

  test('no answer at all holds, and after max-blind takes the traffic back', async () => {
    const fails = new Error('CloudWatch is down');
    const now = nine + minutes(12);
    const held = await variants({ fails, now });
    expect(held.verdict).toMatchObject({ decision: 'hold', blind: true, stepRequests: 0 });
    expect(held.verdict.because).toContain('CloudWatch is down');
    expect(held.evidence.buckets).toEqual([]);
    const blindSince = now - 600_000;
    expect((await variants({ fails, now }, { blindSince: blindSince + 1 })).verdict.decision).toBe('hold');
    expect((await variants({ fails, now }, { blindSince })).verdict).toMatchObject({
      decision: 'rollback',
      why: 'metrics-blind',
    });
  });
});

describe('a minute whose series do not fit together', () => {
  const at = nine + minutes(7);
  const late = (lost: string, now: Instant) =>
    variants({
      now,
      did: (fleet) => ({ ...steady(fleet), clientErrors: 40 }),
      options: { lacks: (metric, minute) => metric === lost && minute >= at },
    });

  test.each(['Invocations', 'InvocationModelErrors', 'Invocation4XXErrors'])(
    'is not closed while it is young: without %s',
    async (lost) => {
      const { verdict, buckets } = await late(lost, at + minutes(5));
      expect(verdict.newest).toBe(at);
      expect(buckets.at(-1)?.t).toBe((at - minutes(1)) / 1000);
      expect(verdict.decision).not.toBe('rollback');
    },
  );

  test('is a hole where later ones are complete', async () => {
    const { buckets } = await variants({
      did: (fleet) => ({ ...steady(fleet), clientErrors: 40 }),
      options: { lacks: (metric, minute) => metric === 'Invocation4XXErrors' && minute === at },
    });
    expect(buckets).toHaveLength(10);
    expect(buckets[7]).not.toHaveProperty('candidate');
    expect(buckets[8]).toHaveProperty('candidate');
  });

  test('is what is known of it when the rest never comes: a series that is missing is one in which nothing happened', async () => {
    const { buckets } = await late('Invocation4XXErrors', at + minutes(7));
    expect(buckets[7]?.candidate).toEqual({ requests: 300, bad: { errors: 40, 'client-errors': 0 } });
  });

  test('is never evidence when it has more mistakes than failures, or failures without requests', async () => {
    for (const lost of ['InvocationModelErrors', 'Invocations']) {
      const { buckets } = await late(lost, at + minutes(12));
      expect(buckets[7]).not.toHaveProperty('candidate');
      expect(buckets[7]).not.toHaveProperty('baseline');
    }
  });
});

describe('two fleets of one variant', () => {
  const bakes: readonly Bake[] = [{ stage: 'canary', startedAt: nine, endsAt: nine + minutes(10) }];
  const fleets = async (did: Look['did']) => {
    const { turn } = turnWith({ ...(did ? { did } : {}) });
    const ruling = await judgeFleets(turn, { policy }, bakes);
    if (ruling === undefined) throw new Error('the judge was not asked');
    return ruling;
  };

  test('the old one is what is left of the variant, and nobody has less than nothing', async () => {
    const { evidence } = await fleets((fleet, at) =>
      fleet.includes('/') ? { requests: 250, errors: 4 } : { requests: 1000, errors: at === nine + minutes(3) ? 3 : 9 },
    );
    expect(evidence.buckets[2]).toMatchObject({
      candidate: { requests: 250, bad: { errors: 4 } },
      baseline: { requests: 750, bad: { errors: 5 } },
    });
    expect(evidence.buckets[3]?.baseline?.bad).toMatchObject({ errors: 0 });
  });

  test('a minute that one of the two metrics lacks is not closed, and a hole once later ones are', async () => {
    const hole = nine + minutes(6);
    const did = (fleet: string): Did => (fleet.includes('/') ? { requests: 250 } : { requests: 1000 });
    for (const lost of ['AllTraffic', 'AllTraffic/churn-1-1-0']) {
      const lacks = (since: boolean) => (metric: string, at: Instant, fleet: string) =>
        metric === 'Invocation4XXErrors' && fleet === lost && (since ? at >= hole : at === hole);
      const open = turnWith({ did, now: hole + minutes(3), options: { lacks: lacks(true) } });
      const before = await judgeFleets(open.turn, { policy }, bakes);
      expect(before?.evidence.buckets.at(-1)?.t).toBe((hole - minutes(1)) / 1000);
      const closed = turnWith({ did, now: hole + minutes(5), options: { lacks: lacks(false) } });
      const after = (await judgeFleets(closed.turn, { policy }, bakes))?.evidence.buckets ?? [];
      expect(after).toHaveLength(9);
      expect(after[6]).not.toHaveProperty('baseline');
      expect(after[7]).toMatchObject({ candidate: { requests: 250 }, baseline: { requests: 750 } });
    }
  });

  test('a mean is that of what is left, too: a slower candidate is not hidden in the variant', async () => {
    const latency = latencyPlan({ sum: 0 }, []);
    if (!latency) throw new Error('no rung');
    const latencies = (count: number, milliseconds: number) => Array.from({ length: count }, () => milliseconds);
    const slower = async (candidate: number): Promise<readonly unknown[]> => {
      const did = (fleet: string): Did =>
        fleet.includes('/')
          ? { requests: 100, latencies: latencies(100, candidate) }
          : { requests: 200, latencies: [...latencies(100, candidate), ...latencies(100, 50)] };
      const { turn } = turnWith({ did });
      const ruling = await judgeFleets(turn, { policy, latency }, bakes);
      return ruling?.evidence.buckets.map(({ candidate: arm }) => arm?.bad['latency-mean']) ?? [];
    };
    // The variant's mean is 54 ms, which is not worse by a fifth; the old fleet's is 50.
    expect(await slower(62)).toEqual(Array.from({ length: 10 }, () => 1));
    expect(await slower(58)).toEqual(Array.from({ length: 10 }, () => 0));
  });

  test('cells are what is left of each', async () => {
    const latency = latencyPlan({ cells: [0, 0, 0] }, [10, 20]);
    if (!latency) throw new Error('no rung');
    const did = (fleet: string): Did => ({
      requests: fleet.includes('/') ? 3 : 9,
      latencies: fleet.includes('/') ? [5, 15, 500] : [5, 5, 5, 5, 15, 15, 15, 500, 500],
    });
    const { turn } = turnWith({ did });
    const ruling = await judgeFleets(turn, { policy, latency }, bakes);
    expect(ruling?.evidence.buckets[1]).toMatchObject({
      candidate: { bad: { 'latency-1': 2, 'latency-2': 1 } },
      baseline: { bad: { 'latency-1': 3, 'latency-2': 1 } },
    });
  });

  test('outside of the bakes fleets come and go: nothing counts', async () => {
    const { turn } = turnWith({ now: nine + minutes(14) });
    const ruling = await judgeFleets(turn, { policy }, bakes);
    expect(ruling?.evidence.buckets.map(({ weightMoved = false }) => weightMoved)).toEqual([
      ...Array.from({ length: 10 }, () => false),
      true,
      true,
    ]);
    expect(await judgeFleets(turn, { policy }, [])).toBeUndefined();
  });

  test('a worse fleet is convicted', async () => {
    const { verdict } = await fleets((fleet) =>
      fleet.includes('/') ? { requests: 250, errors: 20 } : { requests: 1000, errors: 20 },
    );
    expect(verdict).toMatchObject({ decision: 'rollback', why: 'convicted' });
  });
});
