import { describe, expect, test } from '@jest/globals';
import { bucketsOf, readBucketLines } from '../../../src/commands/bucket-lines.ts';
import { bothArms, dayOfBaseline, jsonLines } from '../../support/bucket-lines.ts';

describe('the lines of a file', () => {
  test('what lies before the first candidate line is history, and decides the guard', () => {
    const { history, buckets } = bucketsOf(readBucketLines(jsonLines(...dayOfBaseline, ...bothArms(0, 0)), 'x'), 1.2);
    expect(history).toHaveLength(120);
    expect(history[0]).toEqual({ requests: 3000, bad: 3, seconds: 60 });
    expect(buckets).toHaveLength(1);
  });
});
