import { describe, expect, it } from '@jest/globals';
import { evidenceDigest, shownStamp } from '../../../src/approval/evidence-stamp.ts';
import { readStamps, writeStamp } from '../../../src/findings/evidence-stamp.ts';
import { registeredVersion } from '../../support/registered.ts';

const at = Date.parse('2026-01-05T10:00:00Z');
const later = Date.parse('2026-01-05T12:00:00Z');
const waiting = registeredVersion({ version: '1.4.0', approval: 'PendingManualApproval' });
const stamp = { tag: 'churn_v1.4.0', digest: evidenceDigest(waiting), since: at };

describe('the stamp of the evidence', () => {
  it('is one hidden line, and is read from a whole comment', () => {
    const line = writeStamp(stamp);
    expect(line).toBe(`<!-- model-delivery evidence churn_v1.4.0 ${stamp.digest} 2026-01-05T10:00:00Z -->`);
    const other = { ...stamp, tag: 'churn_v2.0.0-rc.1', since: later };
    expect(readStamps(`<!-- model-delivery: churn -->\n${line}\n## approve-gate\n${writeStamp(other)}`)).toEqual([
      stamp,
      other,
    ]);
  });

  it.each([
    '',
    '> <!-- model-delivery evidence churn_v1.4.0 0123456789ab 2026-01-05T10:00:00Z -->',
    '<!-- model-delivery evidence churn_v1.4.0 0123456789ab yesterday -->',
    '<!-- model-delivery evidence churn_v1.4.0 0123 2026-01-05T10:00:00Z -->',
  ])('is not in %j', (body) => expect(readStamps(body)).toEqual([]));

  it('is shown since the first environment showed it', () => {
    expect(shownStamp(waiting, [])).toBeUndefined();
    expect(shownStamp(waiting, [{ ...stamp, since: later }, stamp])).toEqual(stamp);
  });

  it.each([
    ['a write to the package', { ...waiting, lastModified: { at } }],
    ['its approval', { ...waiting, approval: 'Approved' as const }],
    ['other content', { ...waiting, contentDigestNow: 'ff'.repeat(32) }],
    ['another package', { ...waiting, arn: `${waiting.arn}1` }],
  ])('is another one after %s', (_name, changed) => {
    expect(shownStamp(changed, [stamp])).toBeUndefined();
    expect(evidenceDigest(changed)).not.toBe(stamp.digest);
  });

  it('is another one for another version', () => {
    expect(shownStamp({ ...waiting, tag: 'churn_v1.5.0' }, [stamp])).toBeUndefined();
  });
});
