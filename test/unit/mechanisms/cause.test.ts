import { describe, expect, test } from '@jest/globals';
import { causeOf } from '../../../src/mechanisms/guardrail/cause.ts';
import type { Release, Submission } from '../../../src/release/record.ts';
import { secondSwap } from '../../support/release.ts';

const release = {
  submission: { mechanism: 'guardrail', timeoutSeconds: 1800, abortAlarm: 'churn-abort', deployment: {} } as Submission,
  witnessed: {},
} as Release;
const reported = { release, redAlarms: [], failureReason: undefined, elapsedSeconds: 600 };

describe('why an update was taken back', () => {
  test('an alarm is proven by its state, whatever FailureReason says', () => {
    const cause = causeOf({ ...reported, redAlarms: ['churn-errors'], failureReason: 'Request to service failed.' });
    expect(cause).toEqual({ reason: 'alarm', because: 'alarm churn-errors went off' });
  });

  test('our own abort is told by its reason, not as an alarm', () => {
    const aborted = {
      ...release,
      witnessed: { abort: { at: 0, why: 'insufficient-traffic' as const, published: true } },
    };
    expect(causeOf({ ...reported, release: aborted, redAlarms: ['churn-abort'] }).reason).toBe('insufficient-traffic');
  });

  test('a real alarm beside our abort wins: the model was bad as well', () => {
    const aborted = { ...release, witnessed: { abort: { at: 0, why: 'aborted-by-hand' as const, published: true } } };
    expect(causeOf({ ...reported, release: aborted, redAlarms: ['churn-abort', 'churn-errors'] })).toEqual({
      reason: 'alarm',
      because: 'alarm churn-errors went off',
    });
  });

  test.each([
    ['The primary container for production variant AllTraffic did not pass the ping health check.', 'health-check'],
    ['CannotStartContainerError. Please ensure the model container is correct.', 'health-check'],
    ['Failed to download model data for container "c" from URL: "s3://b/k".', 'health-check'],
    [
      'Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error.',
      'capacity-rolled-back',
    ],
    ['Something nobody has documented.', 'cause-unknown'],
  ])('%s', (failureReason, reason) => {
    expect(causeOf({ ...reported, failureReason }).reason).toBe(reason);
  });

  test('longer than its limit is a timeout when nothing else explains it', () => {
    expect(causeOf({ ...reported, elapsedSeconds: 1801 }).reason).toBe('deployment-timeout');
  });

  test('an update that was given no limit exceeds none', () => {
    const plain: Release = { ...release, submission: { ...secondSwap, mechanism: 'replacement' } };
    expect(causeOf({ ...reported, release: plain, elapsedSeconds: 9000 }).reason).toBe('cause-unknown');
  });

  test('no evidence is no cause', () => {
    expect(causeOf(reported)).toEqual({
      reason: 'cause-unknown',
      because: 'the endpoint serves the old configuration again, and SageMaker gives no reason',
    });
  });

  test('a reason that nothing confirms is quoted as SageMaker’s', () => {
    expect(
      causeOf({ ...reported, failureReason: 'Rolled back because alarm "churn-errors" is in ALARM state.' }),
    ).toEqual({
      reason: 'cause-unknown',
      because:
        'the endpoint serves the old configuration again, and SageMaker\'s reason is not confirmed: Rolled back because alarm "churn-errors" is in ALARM state.',
    });
  });
});
