import { describe, expect, test } from '@jest/globals';
import { loadManifest } from '../../../src/manifest/load.ts';
import { manifestText } from '../../../src/rehearsal/manifest.ts';

const alone = 'approval: { reviewers: { of: [alice] } }\n';
const load = (lines: string, own = '') =>
  loadManifest(
    manifestText()
      .replace('environments:\n', `${lines}environments:\n`)
      .replace(/^( {4}endpoint:)/m, `${own}$1`),
    'delivery.yml',
  );

describe('risk in the manifest', () => {
  test('for all environments, and for one', () => {
    const manifest = load('risk: high\n', '    risk: normal\n');
    expect(manifest.risk).toBe('high');
    expect(manifest.environments['production']?.risk).toBe('normal');
  });

  test('another word is refused', () => {
    expect(() => load('risk: low\n')).toThrow('risk: "low" is not a risk; expected normal or high');
  });

  test.each([
    [`risk: high\n${alone}`, '', 'delivery.yml:4:30: approval.reviewers.of: has one person'],
    [alone, '    risk: high\n', 'with `risk: high` two different people have to approve in production'],
    ['risk: high\n', `    ${alone}`, 'environments.production.approval.reviewers.of: has one person'],
  ])('one reviewer cannot fulfil it: %j %j', (lines, own, problem) => {
    expect(() => load(lines, own)).toThrow(problem);
  });

  test.each([
    [`risk: high\n${alone}`, '    risk: normal\n'],
    [alone, ''],
    ['risk: high\napproval: { reviewers: { of: ["@acme/leads"] } }\n', ''],
    ['risk: high\napproval: { reviewers: { of: [alice, bob] } }\n', ''],
  ])('two people, a team, or no high risk: %j %j', (lines, own) => {
    expect(() => load(lines, own)).not.toThrow();
  });
});
