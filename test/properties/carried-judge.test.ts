import { expect, test } from '@jest/globals';
import type { AwsReads, AwsWrites } from '../../src/aws/clients.ts';
import { type Instant, minutes } from '../../src/clock.ts';
import { judge } from '../../src/judge/judge.ts';
import { policyOf } from '../../src/judge/policy.ts';
import { judgeVariants } from '../../src/metrics/judge-fleets.ts';
import { journal } from '../../src/release/journal.ts';
import { journalKey } from '../../src/release/location.ts';
import type { Stepping } from '../../src/release/record.ts';
import { wholeJournal } from '../../src/release/segments.ts';
import { bucketsAt, readWitnessed } from '../../src/release/witnessed.ts';
import { withoutUndefined } from '../../src/without-undefined.ts';
import type { World } from '../../src/world.ts';
import { type Random, randomFrom } from '../benchmarks/random.ts';
import { type Did, fakeMetrics } from '../support/metrics.ts';
import { fc } from '../support/properties.ts';
import { judgePolicy, nine, stepping } from '../support/stepping.ts';

const policy = policyOf(judgePolicy, { clientErrors: true, minimumRequests: 100, usual: { errors: 0.002 } });
const location = { bucket: 'releases', prefix: '' };
const hoursPlayed = 5;

interface Played {
  /** Each look that carries the state, and the same look as a fold over all minutes. */
  readonly looks: readonly { readonly carried: unknown; readonly whole: unknown }[];
  readonly differs: readonly string[];
  readonly journal: string;
  /** Minutes that a look asked for, at most, in a session that lasted. */
  readonly asked: number;
  readonly seen: Readonly<Record<'blind' | 'partial' | 'revised' | 'moved' | 'resumed' | 'accused', number>>;
}

/** A minute as CloudWatch has it: at first, and from `revisedAt` on. */
interface Recorded {
  readonly first: Did | undefined;
  readonly last: Did | undefined;
  readonly revisedAt: Instant;
}

/** Counts, gaps, counts that never fit together, and revisions within the hour. */
const recordedIn = (seed: string, badness: number) => {
  const known = new Map<string, Recorded>();
  return (fleet: string, at: Instant): Recorded => {
    const key = `${fleet} ${at}`;
    const found = known.get(key);
    if (found) return found;
    const random = randomFrom(`${seed} ${key}`);
    const requests = 20 + random.binomial(60, 0.5);
    const errors = random.binomial(requests, fleet.endsWith('-next') ? badness : 0.003);
    const whole: Did = { requests, errors, clientErrors: random.binomial(requests, 0.02) };
    const kind = random.next();
    const last = kind < 0.03 ? undefined : kind < 0.05 ? { requests: 3, errors: 9 } : whole;
    const part: Did | undefined = kind > 0.9 ? undefined : { requests: requests - 10, errors: errors + 3 };
    const made = { first: random.next() < 0.15 ? part : last, last, revisedAt: at + minutes(2 + 53 * random.next()) };
    known.set(key, made);
    return made;
  };
};

const bucketInMemory = () => {
  const objects = new Map<string, string>();
  const s3 = {
    getObject: async ({ Key }: { readonly Key: string }) => {
      const text = objects.get(Key);
      if (text === undefined) throw Object.assign(new Error('NoSuchKey'), { name: 'NoSuchKey' });
      return { text, etag: '"e"' };
    },
    putObject: async ({ Key, Body }: { readonly Key: string; readonly Body: string }) => {
      objects.set(Key, Body);
      return { ETag: '"e"' };
    },
  };
  return { objects, s3 };
};

const play = async (seed: string, badness: number): Promise<Played> => {
  const random = randomFrom(seed);
  const recorded = recordedIn(seed, badness);
  const { objects, s3 } = bucketInMemory();
  let now = nine;
  let session: object = {};
  let partial: ((at: Instant) => boolean) | undefined;
  let blind = false;
  const seen = { blind: 0, partial: 0, revised: 0, moved: 0, resumed: 0, accused: 0 };
  let asked = 0;
  const worldWith = (own: object | undefined): World => {
    const metrics = fakeMetrics(
      (fleet, at) => {
        const { first, last, revisedAt } = recorded(fleet, at);
        if (now < revisedAt && first !== last) seen.revised += 1;
        return now < revisedAt ? first : last;
      },
      partial
        ? {
            status: { Invocations: 'PartialData' },
            lacks: (metric, at) => metric === 'Invocations' && partial?.(at) === true,
          }
        : {},
    );
    return {
      clock: { now: () => now },
      signal: new AbortController().signal,
      ...withoutUndefined({ session: own }),
      read: {
        cloudwatch: {
          getMetricData: async (input: Parameters<typeof metrics.getMetricData>[0]) => {
            if (blind) throw new Error('CloudWatch is down');
            if (own && seen.resumed === 0 && now > nine + minutes(120))
              asked = Math.max(asked, (Number(input.EndTime) - Number(input.StartTime)) / minutes(1));
            return metrics.getMetricData(input);
          },
        },
      },
    } as unknown as World;
  };
  let steps = stepping({ policy, moves: [{ from: nine, until: nine + 30_000, share: 0.5 }] });
  const looks: { readonly carried: unknown; readonly whole: unknown }[] = [];
  const differs: string[] = [];
  const keep = (noted: Parameters<ReturnType<typeof journal>>[0]) =>
    journal({
      reads: { s3 } as unknown as Pick<AwsReads, 's3'>,
      writes: { s3 } as unknown as Pick<AwsWrites, 's3'>,
      location,
      endpoint: 'churn',
      release: 'r1',
      session,
    })(noted);
  await keep({ entries: [{ at: now, kind: 'plan', stepping: { policy } }] });
  while (now < nine + minutes(60 * hoursPlayed)) {
    now += minutes(1) * (1 + Math.floor(9 * random.next())) + Math.floor(20_000 * random.next());
    blind = random.next() < 0.05;
    partial = random.next() < 0.1 ? partOf(random) : undefined;
    if (blind) seen.blind += 1;
    if (partial) seen.partial += 1;
    if (random.next() < 0.02) {
      session = {};
      seen.resumed += 1;
    }
    const carried = await judgeVariants({ world: worldWith(session), endpoint: 'churn' }, steps);
    const { folded: _, ...without } = steps;
    const whole = await judgeVariants({ world: worldWith(undefined), endpoint: 'churn' }, without);
    if (carried === undefined || whole === undefined) throw new Error('the judge was not asked');
    // An answer in part lacks old minutes, too, which the carried state has.
    if (partial === undefined) looks.push({ carried: carried.verdict, whole: whole.verdict });
    if (carried.differs !== undefined) differs.push(carried.differs);
    expect(await keep({ entries: [], evidence: carried.evidence })).toBeUndefined();
    const { countsRead, blind: isBlind } = carried.verdict;
    if (countsRead) seen.accused += 1;
    const { countsRead: _read, blindSince, ...seeing } = steps;
    steps = {
      ...seeing,
      ...withoutUndefined({ countsRead, folded: carried.folded ?? steps.folded }),
      ...(isBlind ? { blindSince: blindSince ?? now } : {}),
      moves: movesAfter(steps.moves, now, random),
    };
    seen.moved = steps.moves.length;
  }
  return {
    looks,
    differs,
    journal: wholeJournal((segment) => objects.get(journalKey(location, 'churn', 'r1', segment))) ?? '',
    asked,
    seen,
  };
};

/** Minutes that one answer lacks. */
const partOf = (random: Random): ((at: Instant) => boolean) => {
  const salt = Math.floor(1000 * random.next());
  return (at) => (at / minutes(1) + salt) % 7 === 0;
};

/** A change of the weights is recorded, is seen to have ended, or is refused. */
const movesAfter = (moves: Stepping['moves'], now: Instant, random: Random): Stepping['moves'] => {
  const last = moves.at(-1);
  if (last?.until === undefined && last !== undefined) {
    if (random.next() < 0.3) return moves.slice(0, -1);
    return random.next() < 0.5 ? [...moves.slice(0, -1), { ...last, until: now }] : moves;
  }
  return random.next() < 0.04 ? [...moves, { from: now, share: random.next() < 0.2 ? 1 : 0.3 }] : moves;
};

/** The verdicts of the journal, each by the buckets that it has until then. */
const replayed = (text: string) => {
  const { looks } = readWitnessed(text);
  return looks.flatMap(({ verdict: { because: _, ...witnessed } }, index) => {
    if (witnessed.t === undefined) return [];
    const { t, decision, reason, logEvidence } = judge(policy, [...bucketsAt(looks.slice(0, index + 1)).values()]);
    return [{ is: { t, decision, reason, logEvidence }, was: witnessed }];
  });
};

test('a look that goes on from the carried state has the verdict of a fold over all minutes, and so has the journal', async () => {
  const total = { blind: 0, partial: 0, revised: 0, moved: 0, resumed: 0, accused: 0 };
  let verdicts = 0;
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.constantFrom(0.003, 0.01, 0.1), async (seed, badness) => {
      const { looks, differs, journal: text, asked, seen } = await play(String(seed), badness);
      for (const { carried, whole } of looks) expect(carried).toStrictEqual(whole);
      expect(differs).toEqual([]);
      for (const { is, was } of replayed(text)) {
        expect(is).toEqual(was);
        verdicts += 1;
      }
      // Minutes that lack counts stay open for three hours, and those after them with them.
      expect(asked).toBeLessThan(60 * 4);
      for (const kind of Object.keys(total) as (keyof typeof total)[]) total[kind] += seen[kind];
    }),
    { numRuns: 4, endOnFailure: true },
  );
  // All of it happens, or nothing was tried.
  for (const count of Object.values(total)) expect(count).toBeGreaterThan(0);
  expect(verdicts).toBeGreaterThan(100);
}, 120_000);
