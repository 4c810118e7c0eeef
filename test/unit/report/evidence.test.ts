import { describe, expect, it } from '@jest/globals';
import type { Evidence } from '../../../src/findings/evidence.ts';
import { readStamps } from '../../../src/findings/evidence-stamp.ts';
import { evidenceRenderer } from '../../../src/report/findings/evidence.ts';
import { commentOf, longestComment, sectionIn } from '../../../src/report/publications/comment.ts';
import type { Report, Result } from '../../../src/report/result.ts';

const evidence = (change: Partial<Evidence> = {}): Evidence => ({
  is: 'evidence',
  tag: 'churn_v1.4.0',
  state: 'a1b2c3d4e5f6',
  environment: 'production',
  rules: ['2 different people have to approve, of alice, @acme/ml-leads.'],
  serves: { is: 'known', value: { endpoint: 'churn', name: 'churn_v1.3.0' } },
  metrics: [
    { name: 'binary.auc', candidate: 0.934567891, serving: 0.92, better: 'higher' },
    { name: 'binary.false_positive_rate', candidate: 0.1, serving: 0.05, better: 'lower' },
    { name: 'binary.lift', candidate: 3, serving: 2 },
    { name: 'binary.recall', candidate: 0.7, serving: 0.7, better: 'higher' },
    { name: 'binary.f1', candidate: 0.8, better: 'higher' },
    { name: 'binary.brier', serving: 0.8 },
  ],
  metricsLeft: 3,
  metricNotes: [],
  verdict: { is: 'known', value: { verdict: 'pass', because: 'every rule holds', page: 'https://ci.example/7' } },
  changes: {
    is: 'known',
    value: {
      title: 'deploy churn 1.4.0 to churn by canary',
      changes: [{ verb: 'update', object: 'endpoint churn', details: ['old → new', 'at most 42m'] }],
      notes: ['rolling back means 1.3.0'],
      left: 2,
      refused: 'an alarm is in ALARM',
    },
  },
  card: { status: 'Draft', riskRating: 'High', sections: { purpose: 'rank customers' } },
  lineage: { commit: 'c0ffee', image: 'sha256:5e5e' },
  ...change,
});
const markdown = (change: Partial<Evidence> = {}): string => evidenceRenderer.summary(evidence(change));

describe('the evidence in brief', () => {
  const brief = (change: Partial<Evidence> = {}, most = 1200): string => evidenceRenderer.brief(evidence(change), most);
  const whole =
    'Whole evidence: model-delivery approve-gate --environment production --version churn_v1.4.0 --html evidence.html';

  it('has the people, the metrics, the verdict, the changes, the risk and the origin, the worse metrics first', () => {
    expect(brief()).toBe(
      [
        '2 different people have to approve, of alice, @acme/ml-leads.',
        'churn_v1.3.0 serves at churn.',
        'Metrics: binary.false_positive_rate 0.1, serving 0.05 (+0.05 ▼ worse); binary.auc 0.934568, serving 0.92 (+0.0146 ▲ better); binary.lift 3, serving 2 (+1); binary.recall 0.7, serving 0.7 (same); 5 more.',
        'Regression test: pass: every rule holds.',
        'Deployment: would be refused: an alarm is in ALARM; deploy churn 1.4.0 to churn by canary, 3 changes.',
        'Model card: risk rating High.',
        'Lineage: commit c0ffee.',
        whole,
      ].join(' '),
    );
  });

  it('has the reason in the place of each part that is not known', () => {
    const unknown = (because: string) => ({ is: 'unknown', because }) as const;
    const text = brief({
      ...{ serves: unknown('no look'), verdict: unknown('no record'), changes: unknown('no plan') },
      ...{ card: { sections: {}, unreadable: true }, metrics: [], metricsLeft: 0, metricNotes: ['no report'] },
      policy: {
        is: 'approval-policy',
        rules: [
          { rule: 'auc at least 0.9', ruling: 'open', because: 'there is no report' },
          { rule: 'recall at least 0.6', ruling: 'holds', because: '0.7' },
        ],
      },
    });
    for (const said of [
      'Policy: auc at least 0.9: there is no report. ',
      'The version that serves is not known: no look No version has registered metrics. no report ',
      'Regression test: not known: no record. ',
      'Deployment: not known: no plan. ',
      'Model card: unreadable. ',
    ])
      expect(text).toContain(said);
    expect(text).not.toContain('recall');
  });

  it('has the run that registered a version that was taken over, and that of its source', () => {
    expect(
      brief({
        lineage: {
          ...{ image: 'sha256:5e5e', commit: 'c0ffee', run: 'https://ci/1' },
          ...{ 'run that registered it': 'https://ci/7', 'taken from package': 'churn/3' },
        },
      }),
    ).toContain(
      'Lineage: commit c0ffee, run that registered it https://ci/7, run https://ci/1, taken from package churn/3.',
    );
  });

  it('keeps its last sentence, whatever is cut', () => {
    expect(brief({ verdict: { is: 'unknown', because: 'x'.repeat(900) } })).toContain(`x… Deployment: `);
    for (const most of [150, 300, whole.length + 2]) {
      expect(brief({}, most).length).toBeLessThanOrEqual(most);
      expect(brief({}, most).endsWith(whole)).toBe(true);
    }
    expect(brief({}, 20)).toBe(whole.slice(0, 20));
  });
});

describe('the evidence in a summary', () => {
  it('has the metrics side by side, with an arrow only where the better direction is certain', () => {
    const rows = markdown()
      .split('\n')
      .filter((line) => line.startsWith('| binary.'));
    expect(rows).toEqual([
      '| binary.auc | 0.934568 | 0.92 | +0.0146 ▲ better |',
      '| binary.false\\_positive\\_rate | 0.1 | 0.05 | +0.05 ▼ worse |',
      '| binary.lift | 3 | 2 | +1 |',
      '| binary.recall | 0.7 | 0.7 | same |',
      '| binary.f1 | 0.8 | – | – |',
      '| binary.brier | – | 0.8 | – |',
    ]);
    expect(markdown()).toContain('3 more metrics');
  });

  it('has the verdict, the changes, the card and the lineage, in the order of their weight', () => {
    const text = markdown();
    const places = [
      'The decision about churn',
      '### Metrics',
      '### ✅ Regression test: pass',
      'What deploy-endpoint would change in production',
      'It would be refused: an alarm is in ALARM',
      '| update | endpoint churn | old → new<br>at most 42m |',
      '### Model card',
      '| risk rating | High |',
      'Lineage of churn',
      '| commit | c0ffee |',
    ].map((part) => text.indexOf(part));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places[0]).toBeGreaterThan(0);
  });

  it('has the reason in the place of each part that is not known', () => {
    const unknown = (because: string) => ({ is: 'unknown', because }) as const;
    const text = markdown({
      serves: unknown('no look'),
      verdict: unknown('no record'),
      changes: unknown('no plan'),
      card: { sections: {}, unreadable: true },
      metrics: [],
      metricNotes: ['no report'],
    });
    for (const said of [
      'The version that serves is not known: no look',
      'The verdict is not known: no record',
      'The plan is not known: no plan',
      'Its content is no JSON object',
      'no report',
    ])
      expect(text).toContain(said);
  });

  it('shows that nothing serves, and shows the candidate alone', () => {
    const text = markdown({ serves: { is: 'known', value: { endpoint: 'churn' } } });
    expect(text).toContain('Nothing serves at churn yet');
    expect(text).toContain('| metric | churn\\_v1.4.0 |');
  });

  it('takes no foreign text for a command, in Markdown and in HTML', () => {
    const evil = '@everyone <img src=x onerror=1> [x](https://evil.example) | ::error::\n## ✅ approved';
    const found = evidence({
      rules: [evil],
      metricNotes: [evil],
      metrics: [{ name: evil, candidate: 1 }],
      serves: { is: 'unknown', because: evil },
      verdict: { is: 'known', value: { verdict: 'none', because: evil, page: evil } },
      changes: { is: 'unknown', because: evil },
      card: { status: evil, riskRating: evil, sections: { [evil]: evil } },
      lineage: { [evil]: evil },
    });
    const text = evidenceRenderer.summary(found);
    expect(text).not.toMatch(/<img|(?<!`)@everyone|(?<!`)\[x\]\(|^## /m);
    expect(evidenceRenderer.html(found, { because: '' })).not.toContain('<img');
  });

  it('has every fact that the gate keeps, of the card and of the lineage', () => {
    const facts = (of: string) => Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`${of} ${n}`, 'known']));
    const found = evidence({ card: { sections: facts('section') }, lineage: facts('origin') });
    for (const last of ['section 39', 'origin 39']) {
      expect(evidenceRenderer.summary(found)).toContain(`| ${last} | known |`);
      expect(evidenceRenderer.html(found, { because: '' })).toContain(last);
    }
  });

  it('shortens the text of a card', () => {
    const text = markdown({ card: { sections: { purpose: 'word '.repeat(5_000) } }, rules: ['word '.repeat(5_000)] });
    expect(text.length).toBeLessThan(5_000);
  });
});

const report = (findings: Evidence | undefined, endedAt: string, change: Partial<Result> = {}): Report => ({
  result: {
    'schema-version': 1,
    operation: 'approve-gate',
    outcome: 'pending',
    reason: 'approval-pending',
    because: 'it waits',
    outputs: {},
    dryRun: false,
    startedAt: endedAt,
    endedAt,
    ...change,
    ...(findings === undefined ? {} : { findings }),
  },
  inputs: {},
  timeline: [],
  remarks: [],
});
const subject = { model: 'churn', environment: 'production' };
const key = 'approve-gate/production';
const stampIn = (comment: string) => readStamps(sectionIn(comment, key) ?? '')[0];
const [first, later, latest] = ['2026-01-05T10:00:00Z', '2026-01-05T11:00:00Z', '2026-01-05T12:00:00Z'] as const;

describe('the stamp of the evidence in the comment', () => {
  const shown = commentOf(report(evidence(), first), subject, undefined);
  const state = { tag: 'churn_v1.4.0', digest: 'a1b2c3d4e5f6' };

  it('has the version, its state, and the time since when this state is shown', () => {
    expect(shown).toContain('<!-- model-delivery evidence churn_v1.4.0 a1b2c3d4e5f6 2026-01-05T10:00:00Z -->');
    expect(stampIn(shown)).toEqual({ ...state, since: Date.parse(first) });
  });

  it('keeps the time while the state is the same, and has a new one for another state or version', () => {
    const again = commentOf(report(evidence({ rules: ['another text'] }), later), subject, shown);
    expect(stampIn(again)?.since).toBe(Date.parse(first));
    const edited = commentOf(report(evidence({ state: 'f'.repeat(12) }), later), subject, again);
    expect(stampIn(edited)).toEqual({ ...state, digest: 'f'.repeat(12), since: Date.parse(later) });
    const back = commentOf(report(evidence(), latest), subject, edited);
    expect(stampIn(back)?.since).toBe(Date.parse(latest));
    const other = commentOf(report(evidence({ tag: 'churn_v1.5.0' }), latest), subject, shown);
    expect(stampIn(other)?.since).toBe(Date.parse(latest));
    expect(other.match(/model-delivery evidence/g)).toHaveLength(1);
  });

  it('stays when a run shows no evidence: the decision is a write to the package', () => {
    const approved = commentOf(report(undefined, later, { outcome: 'succeeded', reason: 'approved' }), subject, shown);
    expect(stampIn(approved)).toEqual({ ...state, since: Date.parse(first) });
    expect(approved).not.toContain('### Metrics');
  });

  it('is of its own section: staging shows the evidence of staging', () => {
    const both = commentOf(
      report(evidence({ environment: 'staging' }), later),
      { ...subject, environment: 'staging' },
      shown,
    );
    expect(stampIn(both)?.since).toBe(Date.parse(first));
    expect(readStamps(sectionIn(both, 'approve-gate/staging') ?? '')[0]?.since).toBe(Date.parse(later));
    expect(sectionIn(both, 'approve-gate/test')).toBeUndefined();
  });

  it('no text of others is one, at any place', () => {
    const line = '<!-- model-delivery evidence churn_v1.4.0 000000000000 2020-01-05T10:00:00Z -->';
    const forged = commentOf(
      report(evidence({ rules: [`\n${line}\n`], lineage: { [line]: `\n${line}` } }), first, { because: `\n${line}\n` }),
      subject,
      undefined,
    );
    expect(readStamps(forged)).toEqual([{ ...state, since: Date.parse(first) }]);
    const without = commentOf(report(undefined, first, { because: `\n${line}\n` }), subject, undefined);
    expect(readStamps(without)).toEqual([]);
  });

  it('survives the shortening of the comment', () => {
    const cell = 'w'.repeat(290);
    const lineage = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`${n} ${cell}`, cell]));
    const changes = Array.from({ length: 200 }, () => ({ verb: 'update', object: cell, details: [cell] }));
    const long = evidence({
      lineage,
      changes: { is: 'known', value: { title: 'deploy', changes, notes: [], left: 0 } },
    });
    const comment = commentOf({ ...report(long, first), url: 'https://ci.example/7' }, subject, undefined);
    expect(comment.length).toBeLessThanOrEqual(longestComment);
    expect(comment).toContain('[The whole report](https://ci.example/7)');
    expect(stampIn(comment)).toEqual({ ...state, since: Date.parse(first) });
  });
});
