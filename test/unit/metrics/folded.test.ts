import { describe, expect, test } from '@jest/globals';
import { type Instant, minutes } from '../../../src/clock.ts';
import { judgeVariants } from '../../../src/metrics/judge-fleets.ts';
import type { Stepping } from '../../../src/release/record.ts';
import type { World } from '../../../src/world.ts';
import { type Did, fakeMetrics } from '../../support/metrics.ts';
import { nine, stepping } from '../../support/stepping.ts';

type Table = (fleet: string, at: Instant) => Did | undefined;
const steady: Table = (fleet) => ({ requests: fleet.endsWith('-next') ? 300 : 2700, errors: 1 });

/** One look, and the minutes that it asked for. */
const look = async (
  session: object | undefined,
  after: number,
  steps: Stepping,
  did: Table = steady,
  options: Parameters<typeof fakeMetrics>[1] = {},
) => {
  const { getMetricData, requested } = fakeMetrics(did, options);
  const world = {
    clock: { now: () => nine + minutes(after) },
    signal: new AbortController().signal,
    read: { cloudwatch: { getMetricData } },
    ...(session ? { session } : {}),
  } as unknown as World;
  const judged = await judgeVariants({ world, endpoint: 'churn' }, steps);
  if (judged === undefined) throw new Error('the judge was not asked');
  return { ...judged, from: Math.min(...requested.map(({ from }) => from)) };
};

describe('the next look of a session', () => {
  test('reads the minutes of the last hour, and has all for pictures', async () => {
    const session = {};
    const first = await look(session, 200, stepping());
    expect(first.from).toBe(nine);
    expect(first.folded?.until).toBe(nine + minutes(140));
    const next = await look(session, 210, stepping());
    expect(next.from).toBe(nine + minutes(140));
    expect(next.evidence.buckets).toHaveLength(208 - 140);
    expect(next.evidence.earlier?.map(({ t }) => t * 1000)).toEqual(
      Array.from({ length: 140 }, (_, index) => nine + minutes(index)),
    );
    expect(next.evidence.earlier?.[7]?.candidate).toEqual({ requests: 300, bad: { errors: 1 } });
    expect(next.verdict).toStrictEqual((await look(undefined, 210, stepping())).verdict);
  });

  test('keeps a minute without counts open for three hours, and those after it', async () => {
    const session = {};
    // More failures than requests: the series do not fit together.
    const hole: Table = (fleet, at) => (at === nine + minutes(30) ? { requests: 1, errors: 5 } : steady(fleet, at));
    await look(session, 200, stepping(), hole);
    expect((await look(session, 211, stepping(), hole)).from).toBe(nine + minutes(30));
    expect((await look(session, 212, stepping(), hole)).from).toBe(nine + minutes(151));
  });

  test('keeps a minute without requests open for three hours: its points may come late', async () => {
    const session = {};
    const late: Table = (fleet, at) =>
      at === nine + minutes(30) && fleet.endsWith('-next') ? undefined : steady(fleet, at);
    await look(session, 200, stepping(), late);
    const next = await look(session, 201, stepping());
    expect(next.from).toBe(nine + minutes(30));
    expect(next.verdict).toStrictEqual((await look(undefined, 201, stepping())).verdict);
  });

  test('settles nothing by an answer in part', async () => {
    const session = {};
    await look(session, 200, stepping(), steady, { status: { Invocations: 'PartialData' } });
    const next = await look(session, 201, stepping());
    expect([next.from, next.verdict.figures?.candidateRequests]).toEqual([nine, 300 * (199 - 1)]);
  });

  test('judges all minutes again when another change of the weights lies in them', async () => {
    const session = {};
    await look(session, 200, stepping());
    const { moves } = stepping();
    const moved = stepping({ moves: [...moves, { from: nine + minutes(60), until: nine + minutes(62), share: 0.5 }] });
    const next = await look(session, 201, moved);
    expect(next.from).toBe(nine);
    expect(next.verdict).toStrictEqual((await look(undefined, 201, moved)).verdict);
    // One after them changes none of them.
    const later = stepping({ moves: [...moved.moves, { from: nine + minutes(200), share: 1 }] });
    expect((await look(session, 202, later)).from).toBe(nine + minutes(141));
  });
});

describe('a new process', () => {
  const folded = async (): Promise<Stepping> => {
    const { folded: found } = await look({}, 200, stepping());
    if (found === undefined) throw new Error('nothing was folded');
    return stepping({ folded: found });
  };

  test('that finds the same minutes has no remark', async () => {
    expect(await look({}, 230, await folded())).not.toHaveProperty('differs');
  });

  test('that finds other counts has one, and the new counts decide', async () => {
    const revised: Table = (fleet, at) =>
      at === nine + minutes(20) && fleet.endsWith('-next') ? { requests: 300, errors: 200 } : steady(fleet, at);
    const session = {};
    const found = await look(session, 230, await folded(), revised);
    expect(found.differs).toMatch(
      /^CloudWatch has other counts than before for minutes until 2026-01-05T11:20:00Z: all minutes were judged again/,
    );
    expect(found.verdict).toStrictEqual((await look(undefined, 230, stepping(), revised)).verdict);
    expect(found.verdict).not.toEqual((await look(undefined, 230, stepping())).verdict);
    // Once: the session goes on from the new counts.
    expect(await look(session, 231, await folded(), revised)).not.toHaveProperty('differs');
  });

  test('does not compare by an answer in part, nor where the weights were changed in those minutes', async () => {
    const part = { status: { Invocations: 'PartialData' }, lacks: (_: string, at: Instant) => at < nine + minutes(50) };
    expect(await look({}, 230, await folded(), steady, part)).not.toHaveProperty('differs');
    const steps = await folded();
    const moved = { ...steps, moves: [...steps.moves, { from: nine + minutes(60), share: 0.5 }] };
    expect(await look({}, 230, moved)).not.toHaveProperty('differs');
  });
});
