import { describe, expect, test } from '@jest/globals';
import type { Release, ReleaseRecord } from '../../../src/release/record.ts';
import { ForeignRecord, ownRecord } from '../../../src/release/subject.ts';
import { fullRecord, guarded, subject } from '../../support/release.ts';

const live = (change: (release: Release) => Partial<Release>): ReleaseRecord => {
  const record = fullRecord();
  if (record.live === undefined) throw new Error('the fixture has a live release');
  return { ...record, live: { ...record.live, ...change(record.live) } };
};
const scaling = (change: object): ReleaseRecord =>
  live((release) => ({ scaling: { ...(release.scaling ?? fail()), ...change } }));
const fail = (): never => {
  throw new Error('the fixture has a snapshot of its autoscaling');
};

const refusalOf = (record: ReleaseRecord): string => {
  try {
    ownRecord(record, subject);
  } catch (error) {
    if (error instanceof ForeignRecord) return error.message;
    throw error;
  }
  return 'accepted';
};

describe('a release in the record', () => {
  test('of this endpoint is believed', () => expect(refusalOf(fullRecord())).toBe('accepted'));

  const policyArn = (endpoint: string, name: string): string =>
    `arn:aws:autoscaling:eu-west-1:111122223333:scalingPolicy:0a1b:resource/sagemaker/endpoint/${endpoint}/variant/AllTraffic:policyName/${name}`;
  test('the ARN of its own policy is believed', () =>
    expect(refusalOf(scaling({ arns: { wake: policyArn('churn', 'wake') } }))).toBe('accepted'));
  // Alarms that name the ARN are changed.
  test.each([
    ['another endpoint', policyArn('prices', 'wake')],
    ['another policy', policyArn('churn', 'sleep')],
    ['a policy with a longer name', policyArn('churn', 'wake-early')],
    ['a topic', policyArn('churn', 'wake').replace('autoscaling', 'sns')],
    ['no policy', `arn:aws:sns:eu-west-1:111122223333:${policyArn('churn', 'wake').split('0a1b').at(-1)}`],
  ])('the ARN of %s as that of its policy', (_what, arn) =>
    expect(refusalOf(scaling({ arns: { wake: arn } }))).toMatch(/the autoscaling of endpoint\/churn/),
  );

  test.each<[string, ReleaseRecord, RegExp]>([
    ['another endpoint’s release', live(() => ({ id: 'prices-1.0.0-aaaaaaaa-1' })), /the id of another endpoint/],
    [
      'another endpoint’s autoscaling',
      scaling({ resourceId: 'endpoint/prices/variant/AllTraffic', policies: [], scheduledActions: [] }),
      /the autoscaling of endpoint\/prices\/variant\/AllTraffic/,
    ],
    [
      'another variant’s autoscaling',
      scaling({ resourceId: 'endpoint/churn/variant/Other', policies: [], scheduledActions: [] }),
      /the autoscaling of endpoint\/churn\/variant\/Other/,
    ],
    [
      'a policy for another endpoint in the snapshot',
      scaling({ policies: [{ PolicyName: 'p', ResourceId: 'endpoint/prices/variant/AllTraffic' }] }),
      /the autoscaling/,
    ],
    [
      'a scheduled action for another endpoint in the snapshot',
      scaling({ scheduledActions: [{ ScheduledActionName: 'a', ResourceId: 'endpoint/prices/variant/AllTraffic' }] }),
      /the autoscaling/,
    ],
    [
      'an alarm of the team’s own to be deleted',
      live(() => ({ alarms: ['pages-the-team'] })),
      /the alarm pages-the-team/,
    ],
    [
      'an alarm of another endpoint to be deleted',
      live(() => ({ alarms: ['prices-1-0-0-aaaaaaaa-errors-bbbbbbbb'] })),
      /the alarm prices-1-0-0/,
    ],
    [
      'an alarm of an endpoint whose name only begins the same',
      live(() => ({ alarms: ['churning-1-0-0-aaaaaaaa-errors-bbbbbbbb'] })),
      /the alarm churning-1-0-0/,
    ],
    [
      'an alarm of the team’s own with a hash inside its name',
      live(() => ({ alarms: ['churn-deadbeef-pages-the-team'] })),
      /the alarm churn-deadbeef/,
    ],
    [
      'another endpoint’s alarm to abort with',
      live(() => ({ submission: { ...guarded, abortAlarm: 'prices-1-0-0-aaaaaaaa-abort-bbbbbbbb' } })),
      /the alarm prices-1-0-0/,
    ],
    [
      'steps from a variant that it does not publish',
      live(({ stepping }) => (stepping ? { stepping: { ...stepping, baselineVariant: 'Other' } } : {})),
      /variant Other/,
    ],
  ])('with %s is refused', (_what, record, expected) => expect(refusalOf(record)).toMatch(expected));

  describe('with alarms of a long name', () => {
    const recordOf = (endpoint: string, alarm: string): ReleaseRecord => {
      const { scaling: _scaling, ...release } = live(() => ({})).live ?? fail();
      return {
        ...fullRecord(),
        endpoint,
        ended: [],
        live: { ...release, id: `${endpoint}-1`, alarms: [`${alarm}-errors-bbbbbbbb`] },
      };
    };
    const own = (endpoint: string, alarm: string): boolean => {
      try {
        return ownRecord(recordOf(endpoint, alarm), { ...subject, endpoint }).endpoint === endpoint;
      } catch (error) {
        if (error instanceof ForeignRecord) return false;
        throw error;
      }
    };

    test('which was cut are its own', () => {
      const endpoint = `churn-${'x'.repeat(57)}`;
      expect(own(endpoint, `${endpoint.slice(0, 40)}-1-0-0-aaaaaaaa`)).toBe(true);
      expect(own(endpoint, `churn-${'y'.repeat(34)}-1-0-0-aaaaaaaa`)).toBe(false);
    });

    test('which was cut behind a hyphen are its own: no name ends with one', () => {
      const endpoint = `${'x'.repeat(22)}-europe`;
      expect(own(endpoint, `${'x'.repeat(22)}-1-0-0-aaaaaaaa`)).toBe(true);
    });

    test('which always fits have all of it', () => {
      const endpoint = 'x'.repeat(23);
      expect(own(endpoint, `${endpoint}-1-0-0-aaaaaaaa`)).toBe(true);
      expect(own(endpoint, `${endpoint}yz-1-0-0-aaaaaaaa`)).toBe(false);
    });
  });
});
