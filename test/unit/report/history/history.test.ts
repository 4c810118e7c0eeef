import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { minutes } from '../../../../src/clock.ts';
import { newRecord } from '../../../../src/release/lifecycle.ts';
import type { Release, ReleaseRecord } from '../../../../src/release/record.ts';
import { type HistoryFilter, historyOf } from '../../../../src/report/history/history.ts';
import { configuration, fullRecord, release, subject } from '../../../support/release.ts';

const ended = (overrides: Partial<Release> = {}): Release =>
  release({
    phase: 'ended',
    outcome: 'succeeded',
    reason: 'delivered',
    serving: 'candidate',
    startedAt: minutes(60),
    endedAt: minutes(75),
    baseline: configuration('1.0.0'),
    ...overrides,
  });

const record = (overrides: Partial<ReleaseRecord> = {}): ReleaseRecord => ({ ...newRecord(subject), ...overrides });

const history = (one: ReleaseRecord, filter: HistoryFilter = {}) =>
  historyOf('churn', [{ environment: 'production', endpoint: 'churn', record: one }], filter);
const shareOf = (one: Release) => history(record({ ended: [one] })).releases[0]?.share;

const stepping = fullRecord().live?.stepping;
if (stepping === undefined) throw new Error('the full record has no steps');
const moves = [
  { from: 0, share: 0.1 },
  { from: 1, share: 0.5 },
  { from: 2, share: 0 },
];

describe('the share of the traffic', () => {
  test.each<[string, Release, number | undefined]>([
    ['a delivered version', ended(), 1],
    ['a candidate without traffic', ended({ candidate: fullRecordCandidate() }), 0],
    ['one that was taken back', ended({ outcome: 'rolled-back', reason: 'alarm', serving: 'baseline' }), 0],
    ['one of which nothing is known', ended({ serving: 'unknown' }), undefined],
  ])('of %s', (_name, one, expected) => {
    expect(shareOf(one)).toBe(expected);
  });

  test('of a rollout that is under way is that of its last move, and its highest is kept', () => {
    const live = release({ phase: 'stepping', stepping: { ...stepping, moves } });
    const [one] = history(record({ live })).releases;
    expect(one).toMatchObject({ live: 'stepping', share: 0, 'highest-share': 0.5 });
    expect(one).not.toHaveProperty('ended-at');
  });
});

function fullRecordCandidate() {
  return { ...configuration('1.1.0'), beside: { candidate: 'churn-1-1-0-b', baseline: 'churn-1-0-0' } };
}

test('a record with all members fits the published schema', () => {
  const validates = new Ajv({ allErrors: true }).compile(JSON.parse(readFileSync('docs/history.schema.json', 'utf8')));
  const found = history(fullRecord());
  expect(found.releases.some(({ commands }) => commands.length > 0)).toBe(true);
  validates(JSON.parse(JSON.stringify(found)));
  expect(validates.errors ?? []).toEqual([]);
  // A member that the schema does not have is noticed.
  validates({ ...found, releases: [{ ...found.releases[0], surprise: 1 }] });
  expect(validates.errors).toHaveLength(1);
});

test('who is the actor, else the run', () => {
  const [by, without] = history(
    record({ ended: [ended({ run: { actor: 'mina' } }), ended({ id: 'churn-b', run: {} })] }),
  ).releases;
  expect([by?.actor, by?.holder]).toEqual(['mina', undefined]);
  expect([without?.actor, without?.holder]).toEqual([undefined, 'run-1']);
});

describe('since', () => {
  const one = record({ ended: [ended()], live: release({ startedAt: 0 }) });
  test.each([
    [minutes(75), 2],
    [minutes(75) + 1, 1],
  ])('%d: a release counts until its end, and one that is under way always', (since, count) => {
    expect(history(one, { since }).releases).toHaveLength(count);
  });

  test('a configuration counts until it is replaced', () => {
    const served = { ...configuration('1.0.0'), from: 0, good: true };
    const all = record({
      history: [
        { ...served, from: minutes(2) },
        { ...served, until: minutes(2), ended: 'replaced' },
      ],
    });
    expect(history(all, { since: minutes(2) }).served).toHaveLength(2);
    expect(history(all, { since: minutes(3) }).served).toHaveLength(1);
  });
});

describe('of one version', () => {
  const to = (version: string, from: string, more: Partial<Release> = {}): Release =>
    ended({
      id: `churn-${version}-after-${from}`,
      version,
      candidate: configuration(version),
      baseline: configuration(from),
      ...more,
    });
  const all = record({
    ended: [
      to('1.2.0', '1.1.0'),
      to('1.1.0', '1.0.0'),
      to('1.0.0', '0.9.0'),
      to('1.0.0', '1.0.0', { id: 'churn-removal', operation: 'rollback', withdraws: '1.1.0' }),
    ],
  });
  test('its coming, its going, and its removal', () => {
    const { releases } = history(all, { version: { version: '1.1.0' } });
    expect(releases.map(({ id }) => id)).toEqual([
      'churn-1.2.0-after-1.1.0',
      'churn-1.1.0-after-1.0.0',
      'churn-removal',
    ]);
  });
  test('by its package', () => {
    const numbered = record({
      ended: [ended({ candidate: { ...configuration('1.1.0'), packageVersion: 7 } }), ended()],
    });
    expect(history(numbered, { version: { packageVersion: 7 } }).releases).toHaveLength(1);
  });
  test('by its package, the removal of a candidate that has no version', () => {
    const removal = { operation: 'rollback', withdraws: 'package-7' } as const;
    const unnamed = record({ ended: [ended({ id: 'churn-removal', ...removal }), ended()] });
    expect(history(unnamed, { version: { packageVersion: 7 } }).releases.map(({ id }) => id)).toEqual([
      'churn-removal',
    ]);
    expect(history(unnamed, { version: { packageVersion: 8 } }).releases).toEqual([]);
  });
});

test('several environments: by time, and at one time in the order of the manifest', () => {
  const at = (environment: string, startedAt: number) => ({
    environment,
    endpoint: environment,
    record: record({ ended: [ended({ id: `churn-${environment}`, startedAt })] }),
  });
  const { releases } = historyOf('churn', [at('staging', 5000), at('eu', 9000), at('us', 9000)], { limit: 2 });
  expect(releases.map(({ environment }) => environment)).toEqual(['eu', 'us']);
});
