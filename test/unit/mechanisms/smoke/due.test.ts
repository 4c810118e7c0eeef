import { describe, expect, test } from '@jest/globals';
import type { EndpointSpec } from '../../../../src/manifest/manifest.ts';
import type { Smoke } from '../../../../src/manifest/smoke.ts';
import { requireAsked, smokeDue } from '../../../../src/mechanisms/smoke/due.ts';
import type { NewRelease, Served } from '../../../../src/release/record.ts';
import { configuration, guarded, release } from '../../../support/release.ts';

const smoke: Smoke = { contentType: 'text/csv', times: 20, requests: [{ body: '1' }, { body: '2' }] };
const spec = { name: 'churn', instance: { type: 'ml.m5.large', count: 1 } } as EndpointSpec;
const created = release({
  submission: { mechanism: 'replacement', kind: 'create', variant: 'AllTraffic', expectedSeconds: 1 },
});
const updated = release({ submission: guarded });
const dark = release({
  submission: {
    mechanism: 'variants',
    kind: 'update',
    variant: 'AllTraffic-next',
    canonical: 'AllTraffic',
    exclude: [],
    expectedSeconds: 1,
  },
  candidate: { ...configuration('1.1.0'), beside: { candidate: 'churn-1-1-0-alone', baseline: 'churn-1-0-0' } },
});
const unchanged = release({
  submission: { mechanism: 'replacement', kind: 'none', variant: 'AllTraffic', exclude: [] },
});
const served = (good: boolean): Served => ({ ...configuration('1.0.0'), from: 0, good });

const due = (one: NewRelease, history: readonly Served[] = [], more: Partial<EndpointSpec> = {}) =>
  smokeDue(smoke, one, { history }, { ...spec, ...more });

describe('the requests of `smoke` are sent', () => {
  test.each<[string, NewRelease, readonly Served[], RegExp]>([
    ['to a new endpoint', created, [], /^smoke: 40 requests to churn before the release ends; .*failed\/smoke-failed/],
    [
      'to a dark candidate',
      dark,
      [served(true)],
      /^smoke: 40 requests to the candidate on churn .*candidate is removed$/,
    ],
    ['while nothing served well', updated, [served(false)], /^smoke: 40 requests to churn/],
  ])('%s', (_what, one, history, note) => {
    const { smoke: progress, notes } = due(one, history);
    expect(progress).toMatchObject({ of: 40, answered: 0, unexpected: 0 });
    expect(notes).toEqual([expect.stringMatching(note)]);
  });
});

describe('nothing is sent', () => {
  test.each<[string, ReturnType<typeof smokeDue>, readonly unknown[]]>([
    ['without the section', smokeDue(undefined, created, { history: [] }, spec), []],
    ['to an update', due(updated, [served(true)]), [expect.stringMatching(/^smoke sends nothing: it is for a new/)]],
    ['to an update of an endpoint of others', due(updated), [expect.stringMatching(/^smoke sends nothing/)]],
    ['by a rollback', due(release({ ...created, operation: 'rollback' })), []],
    ['where the version serves already', due(unchanged, [served(false)]), []],
    [
      'to an asynchronous endpoint',
      due(created, [], { async: { output: 's3://b/k/' } } as Partial<EndpointSpec>),
      ['smoke sends nothing: churn takes asynchronous requests, and no others'],
    ],
  ])('%s', (_what, { smoke: progress, notes }, expected) => {
    expect(progress).toBeUndefined();
    expect(notes).toEqual(expected);
  });
});

test('a candidate gets no traffic before its smoke test has ended', () => {
  const shift = { version: '1.1.0', candidate: configuration('1.1.0') };
  const alone = { ...shift, candidate: { ...shift.candidate, endpointConfig: 'churn-1-1-0-alone' } };
  const asked = (answered: number) => ({
    ended: [release({ ...dark, id: 'up', smoke: { questions: '', of: 40, answered, unexpected: 0 } })],
  });
  expect(() => requireAsked(alone, asked(39))).toThrow(
    'the candidate of 1.1.0 is up, but its smoke test did not end (up: 39 of 40 requests had an answer)',
  );
  expect(requireAsked(alone, asked(40))).toEqual([]);
  expect(requireAsked(shift, asked(39))).toEqual([]);
  expect(requireAsked(alone, { ended: [dark] })).toEqual([]);
});
