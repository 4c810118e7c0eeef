import { describe, expect, it } from '@jest/globals';
import type { Report } from '../../../src/report/result.ts';
import { runPage } from '../../../src/report/run-page.ts';
import { escapeXml } from '../../../src/report/xml.ts';
import { findingsOf } from '../../support/regression-findings.ts';

const report: Report = {
  result: {
    'schema-version': 1,
    operation: 'regression-test',
    outcome: 'rejected',
    reason: 'regression-failed',
    because: 'accuracy of <all> rows fell',
    outputs: { verdict: 'fail', rows: '150' },
    plan: {
      title: 'test churn_v1.4.0',
      changes: [],
      notes: ['golden & set'],
      expectedSeconds: 30,
      peakInstances: {},
      permissions: ['sagemaker:InvokeEndpoint'],
    },
    dryRun: false,
    startedAt: '2026-01-05T09:00:00Z',
    endedAt: '2026-01-05T09:31:05Z',
  },
  inputs: { environment: 'production', version: '<b>1.4.0</b>' },
  timeline: [{ at: Date.parse('2026-01-05T09:10:00Z'), percent: 50, because: '100 of 200 rows are answered' }],
  remarks: ['evaluation.json was not kept'],
};

describe('the page of a run', () => {
  it('has all that the run reports, as text', () => {
    const page = runPage(report);
    for (const part of [
      '<h1>regression-test: rejected</h1>',
      'took 31m 5s',
      '<p>accuracy of &#60;all&#62; rows fell</p>',
      '<td><code>rows</code></td><td>150</td>',
      '<td><code>version</code></td><td>&#60;b&#62;1.4.0&#60;/b&#62;</td>',
      '<td>2026-01-05T09:10:00Z</td><td>50 %</td><td>100 of 200 rows are answered</td>',
      'golden &#38; set',
      '<p>evaluation.json was not kept</p>',
      'train a better model',
    ])
      expect(page).toContain(part);
    expect(page).not.toContain('<h3>Regression test</h3>');
    expect(page).not.toMatch(/<script|<b>|https?:/);
  });

  it('has the plots of its findings', () => {
    const page = runPage({ ...report, result: { ...report.result, findings: findingsOf() } });
    expect(page).toContain('<h3>Regression test</h3>');
    expect(page).toContain('<svg');
  });

  it('has the sentence of the verdict once, and that of the findings where it is another one', () => {
    const findings = findingsOf();
    const times = (because: string): number =>
      runPage({ ...report, timeline: [], result: { ...report.result, because, findings } }).split(
        escapeXml(findings.because),
      ).length - 1;
    expect(times(findings.because)).toBe(1);
    expect(times(`churn_v1.4.0: ${findings.because}`)).toBe(2);
    expect(times('accuracy fell')).toBe(1);
  });

  it('leaves out the parts that a run did not reach', () => {
    const { plan: _, ...result } = report.result;
    const page = runPage({ result: { ...result, outputs: {} }, inputs: {}, timeline: [], remarks: [] });
    for (const head of ['Result', 'Inputs', 'What happened', 'Plan']) expect(page).not.toContain(`>${head}<`);
    expect(page).toContain('<h3>What to do</h3>');
  });
});
