import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { newRecord } from '../../../src/release/lifecycle.ts';
import type { Release, ReleaseRecord, Submission } from '../../../src/release/record.ts';
import { parseRecord, UnreadableRecord } from '../../../src/release/record-schema.ts';
import { ownRecord } from '../../../src/release/subject.ts';
import { plain } from '../../support/broken-text.ts';
import { asSchema1 } from '../../support/older-record.ts';
import { configuration, fullRecord, guarded, release, secondSwap, subject } from '../../support/release.ts';

const judged = fullRecord().ended[0]?.submission;
const whole: Submission = {
  ...guarded,
  ...(judged?.mechanism === 'guardrail' ? judged : {}),
  deployment: { AutoRollbackConfiguration: { Alarms: [{ AlarmName: 'theirs' }] } },
  minimumRequests: 600,
  endpointKind: 'asynchronous',
};
const swap = { kind: 'update', variant: 'AllTraffic', expectedSeconds: 300 } as const;
const dark = { mechanism: 'variants', variant: 'AllTraffic-next', canonical: 'AllTraffic', exclude: [] } as const;

const recordOf = (overrides: Partial<Release>): ReleaseRecord => ({
  ...newRecord(subject),
  live: release(overrides),
  ended: [release({ ...overrides, phase: 'ended' })],
});

describe('a record with a configuration that has no model', () => {
  const nothing = { ...configuration('1.0.0'), model: '' };
  const text = (record: ReleaseRecord): string => JSON.stringify(record);

  test('loses it, and keeps the rest', () => {
    const written: ReleaseRecord = {
      ...newRecord(subject),
      ended: [release({ phase: 'ended', baseline: nothing })],
      history: [
        { ...nothing, from: 0, good: true },
        { ...configuration('1.1.0'), from: 1, good: true },
      ],
    };
    const record = parseRecord(text(written));
    const { baseline: _, ...rest } = release({ phase: 'ended' });
    expect(record.ended[0]).toEqual(rest);
    expect(record.history).toEqual(written.history.slice(1));
  });

  test('is no record while a release is live that would go back to it', () => {
    expect(() => parseRecord(text(recordOf({ baseline: nothing })))).toThrow(UnreadableRecord);
  });
});

describe('a record of schema 1', () => {
  test('that the last version which wrote it left in S3 keeps everything but the shape of its submissions', () => {
    const text = readFileSync(join(import.meta.dirname, '../../support/record-of-schema-1.json'), 'utf8');
    const record = ownRecord(parseRecord(text), { ...subject, endpoint: 'iris' });
    const releases = (one: ReleaseRecord) => [one.live, ...one.ended].flatMap((found) => found ?? []);
    expect(
      releases(record).map(({ operation, submission: { mechanism, kind } }) => [operation, mechanism, kind]),
    ).toEqual([
      ['shift-traffic', 'variants', 'update'],
      ['deploy-endpoint', 'variants', 'update'],
      ['rollback', 'replacement', 'update'],
      ['deploy-endpoint', 'guardrail', 'update'],
      ['deploy-endpoint', 'replacement', 'create'],
    ]);
    const written: ReleaseRecord = JSON.parse(text);
    const withoutSubmissions = (one: ReleaseRecord) => releases(one).map(({ submission: _, ...release }) => release);
    expect(withoutSubmissions(record)).toEqual(withoutSubmissions(written));
    expect(record.history).toEqual(written.history);
    // What was asked of SageMaker under guardrails is asked again to the letter.
    expect(record.ended[2]?.submission).toEqual({
      ...written.ended[2]?.submission,
      mechanism: 'guardrail',
      endpointKind: 'instances',
    });
    expect(parseRecord(JSON.stringify(record))).toEqual(record);
  });

  test.each<[string, Partial<Release>]>([
    ['an update under guardrails', { submission: whole }],
    ['an update that guardrails do not reach', { submission: { ...swap, mechanism: 'replacement', exclude: [] } }],
    [
      'a rollback',
      { operation: 'rollback', submission: { ...swap, mechanism: 'replacement', exclude: ['DesiredWeight'] } },
    ],
    [
      'a first deployment',
      { submission: { mechanism: 'replacement', kind: 'create', variant: 'AllTraffic', expectedSeconds: 300 } },
    ],
    [
      'a configuration that served',
      {
        submission: {
          mechanism: 'replacement',
          kind: 'none',
          variant: 'AllTraffic',
          exclude: ['DesiredInstanceCount'],
        },
      },
    ],
    [
      'a dark candidate',
      { submission: { ...dark, kind: 'update', expectedSeconds: 300 }, baseline: configuration('1.0.0') },
    ],
    ['a dark candidate that stood', { submission: { ...dark, kind: 'none' } }],
    ['steps', { ...(fullRecord().live ?? {}), submission: secondSwap }],
  ])('is read as what it was: %s', (_what, overrides) => {
    const record = recordOf(overrides);
    expect(parseRecord(asSchema1(record))).toEqual(plain(record));
  });

  test('keeps its history and its members of newer versions', () => {
    const record = { ...fullRecord(), later: { anything: [1] } };
    expect(parseRecord(asSchema1(record))).toEqual(plain(record));
  });

  test('without a release is brought to the present schema, too', () => {
    const { schemaVersion: _, ...empty } = newRecord(subject);
    expect(parseRecord(JSON.stringify({ ...empty, schemaVersion: 1 }))).toEqual({ ...empty, schemaVersion: 2 });
  });

  test.each([
    ['a mechanism that nobody knows', { ...swap, mechanism: 'magic', exclude: [] }],
    ['no mechanism', { ...swap, exclude: [] }],
    ['half an update under guardrails', { ...swap, mechanism: 'guardrail', exclude: [], deployment: {} }],
  ])('of schema 2 with %s is no record', (_what, submission) => {
    const record = recordOf({ submission: submission as Submission });
    expect(() => parseRecord(JSON.stringify(record))).toThrow(UnreadableRecord);
  });

  test('with a release that is none is refused by the name of the member', () => {
    const { live, ...record } = recordOf({ candidate: configuration('1.1.0') });
    for (const wrong of ['text', null, { ...live, submission: 'text' }, { ...live, submission: { kind: 'update' } }])
      expect(() => parseRecord(JSON.stringify({ ...record, schemaVersion: 1, live: wrong }))).toThrow(
        /^is not a release record: live/,
      );
  });
});
