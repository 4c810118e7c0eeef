import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { offers } from '../../../src/offers.ts';
import { reasonCodes } from '../../../src/reason-codes.ts';
import { checkOf } from '../../../src/report/publications/check.ts';
import { commentOf, longestComment, markerOf } from '../../../src/report/publications/comment.ts';
import { deploymentOf } from '../../../src/report/publications/deployment.ts';
import { publicationNames, publications, wanted } from '../../../src/report/publications/publications.ts';
import { shortenedMarkdown } from '../../../src/report/publications/shortened.ts';
import type { Report, Result } from '../../../src/report/result.ts';

const subject = { model: 'churn', environment: 'production', version: '1.4.0' };
const report = (change: Partial<Result> = {}, url = 'https://github.com/acme/churn/actions/runs/7'): Report => ({
  result: {
    'schema-version': 1,
    operation: 'regression-test',
    outcome: 'succeeded',
    reason: 'regression-passed',
    because: 'recall kept',
    outputs: {},
    dryRun: false,
    startedAt: '2026-01-05T09:00:00Z',
    endedAt: '2026-01-05T09:31:05Z',
    ...change,
  },
  inputs: { manifest: 'delivery.yml', environment: 'production', version: '1.4.0' },
  timeline: [],
  url,
  remarks: [],
});
const headings = (comment: string): readonly string[] => comment.match(/^## .*$/gm) ?? [];
const gate = { operation: 'approve-gate', reason: 'approved', because: 'noor approved it' } as const;

describe('the one comment of a model', () => {
  it('begins with its marker, and has the verdict, the version and a way to the run', () => {
    const comment = commentOf(report(), subject, undefined);
    expect(comment.startsWith(`${markerOf('churn')}\n`)).toBe(true);
    expect(headings(comment)).toEqual(['## ✅ regression-test: succeeded']);
    expect(comment).toContain('environment `production`, version `1.4.0`');
    expect(comment).toContain('(https://github.com/acme/churn/actions/runs/7)');
  });

  it('has a section for each operation and environment, in the order of a delivery, and replaces only its own', () => {
    const first = commentOf(report(), subject, undefined);
    const second = commentOf(report(gate), subject, first);
    const third = commentOf(report(), { ...subject, environment: 'staging' }, second);
    const fourth = commentOf(report({ outcome: 'rejected', reason: 'regression-failed' }), subject, third);
    expect(headings(fourth)).toEqual([
      '## ✅ approve-gate: succeeded',
      '## ⛔ regression-test: rejected',
      '## ✅ regression-test: succeeded',
    ]);
    expect(commentOf(report({ outcome: 'rejected', reason: 'regression-failed' }), subject, fourth)).toBe(fourth);
  });

  it('takes no foreign text for the end or the beginning of a section', () => {
    const because =
      '\n<!-- model-delivery end -->\n<!-- model-delivery section: approve-gate/production  -->\n## ✅ approved\n';
    const forged = commentOf(report({ because }), subject, undefined);
    expect(headings(forged)).toEqual(['## ✅ regression-test: succeeded']);
    const next = commentOf(report(gate), subject, forged);
    expect(headings(next)).toEqual(['## ✅ approve-gate: succeeded', '## ✅ regression-test: succeeded']);
    expect(headings(commentOf(report(), subject, next))).toHaveLength(2);
  });

  it('is shortened to the limit of GitHub: the longest sections, each with a link to its own run', () => {
    const long = 'word '.repeat(30_000);
    const plan = {
      title: 'deploy',
      changes: Array.from({ length: 900 }, (_, n) => ({
        verb: 'update' as const,
        object: `object ${n}`,
        details: [long.slice(0, 60)],
      })),
      notes: [],
      expectedSeconds: 1,
      peakInstances: {},
      permissions: [],
    };
    const url = 'https://github.com/acme/churn/actions/runs/8';
    const one = commentOf(
      report({ operation: 'deploy-endpoint', reason: 'planned', plan, dryRun: true }),
      subject,
      undefined,
    );
    const all = commentOf(report({ operation: 'rollback', reason: 'planned', plan, dryRun: true }, url), subject, one);
    const short = commentOf(report(gate), subject, all);
    for (const comment of [one, all, short]) expect(comment.length).toBeLessThanOrEqual(longestComment);
    expect(all.length).toBeGreaterThan(longestComment - 1000);
    expect(short.match(/\[The whole report\]\((.*)\)/g)).toEqual([
      '[The whole report](https://github.com/acme/churn/actions/runs/7)',
      `[The whole report](${url})`,
    ]);
    expect(short).toContain('noor approved it');
    expect(short.split('<details>')).toHaveLength(short.split('</details>').length);
  });
});

describe('shortened Markdown', () => {
  it('stays as it is where it fits', () => expect(shortenedMarkdown('a\nb', 3, 'note')).toBe('a\nb'));

  it('ends at a line, closes open elements, and never exceeds the limit', () => {
    const text = `start\n<details>\n${'line\n'.repeat(50)}</details>`;
    for (let most = 40; most < text.length; most++) {
      const cut = shortenedMarkdown(text, most, '> note');
      expect(cut.length).toBeLessThanOrEqual(most);
      expect(cut.endsWith('\n\n> note')).toBe(true);
      expect(cut.split('<details>')).toHaveLength(cut.split('</details>').length);
    }
  });
});

describe('the check', () => {
  it('passes for a success and for nothing else', () => {
    const good = [...new Set(Object.values(reasonCodes).map(({ outcome }) => outcome))].filter(
      (outcome) => checkOf(report({ outcome }), subject, 'c0ffee', true).conclusion === 'success',
    );
    expect(good).toEqual(['succeeded']);
  });

  it('fails where the step is red, such as a dry run that must change nothing', () => {
    expect(checkOf(report(), subject, 'c0ffee', false).conclusion).toBe('failure');
    expect(checkOf(report({ outcome: 'cancelled' }), subject, 'c0ffee', false).conclusion).toBe('cancelled');
  });

  it('fits into GitHub’s limits', () => {
    const check = checkOf(report({ because: 'word '.repeat(30_000) }), subject, 'c0ffee', true);
    expect(check.title).toHaveLength(255);
    expect(check.summary.length).toBeLessThanOrEqual(65_535);
    for (const before of ['a', 'ab'])
      expect(
        checkOf(report({ because: `${before}${'😀'.repeat(200)}` }), subject, 'c0ffee', true).title.isWellFormed(),
      ).toBe(true);
  });
});

describe('the deployment', () => {
  const stateOf = (change: Partial<Result>, begun: boolean) =>
    deploymentOf(report({ operation: 'deploy-endpoint', ...change }), subject, 'c0ffee', begun)?.state;

  it('ends as a success only where the endpoint serves the version', () => {
    const good = Object.entries(reasonCodes).flatMap(([code, { outcome }]) =>
      stateOf({ outcome, reason: code as keyof typeof reasonCodes }, false) === 'success' ? [code] : [],
    );
    const ofOthers = ['registered', 'already-registered', 'approved', 'regression-passed', 'predictions-passed'];
    expect(good.filter((code) => !ofOthers.includes(code))).toEqual(['delivered', 'restored']);
  });

  it('goes on while the version is up without traffic', () => {
    expect(stateOf({ reason: 'candidate-dark' }, true)).toBe('in_progress');
    expect(stateOf({ outcome: 'pending', reason: 'in-progress' }, true)).toBe('in_progress');
  });

  it('is none where nothing was to be deployed, unless it has begun', () => {
    for (const reason of ['planned', 'already-delivered', 'candidate-withdrawn'] as const)
      expect([stateOf({ reason }, false), stateOf({ reason }, true)]).toEqual([undefined, 'success']);
    expect(stateOf({ outcome: 'failed', reason: 'invalid-input' }, false)).toBeUndefined();
    expect(stateOf({ outcome: 'failed', reason: 'invalid-input' }, true)).toBe('failure');
  });
});

describe('the publications of a run', () => {
  it('are documented, each with its operations', () => {
    const page = readFileSync('docs/github.md', 'utf8');
    const [, ...rows] = [...page.matchAll(/^\| `([\w-]+)` \|[^|]*\|([^|]*)\|/gm)].map(([, name = '', of = '']) => [
      name,
      of.trim(),
    ]);
    expect(rows.map(([name]) => name)).toEqual([...publicationNames, 'auto', 'none']);
    for (const name of publicationNames) {
      const { of } = publications[name];
      const shown =
        of.length === Object.keys(offers).length ? 'all' : of.map((operation) => `\`${operation}\``).join(', ');
      expect(rows).toContainEqual([name, shown]);
    }
  });

  it('are by default, on a pull request, a comment, and of a gate a check', () => {
    expect(wanted('auto', 'deploy-endpoint', true)).toEqual(['comment']);
    expect(wanted('auto', 'approve-gate', true)).toEqual(['comment', 'check']);
    expect(wanted('auto', 'approve-gate', false)).toEqual([]);
  });

  it('are those that the user names, where the operation has them', () => {
    expect(wanted(publicationNames, 'rollback', false)).toEqual(['comment', 'check', 'deployment']);
    expect(wanted(publicationNames, 'register-model', false)).toEqual(['comment', 'check']);
    expect(wanted([], 'rollback', true)).toEqual([]);
  });
});
