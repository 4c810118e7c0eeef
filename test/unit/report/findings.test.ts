import { describe, expect, it } from '@jest/globals';
import type { AnyFindings } from '../../../src/findings/findings.ts';
import type { Judgement } from '../../../src/findings/judgement.ts';
import type { SmokeTest } from '../../../src/findings/smoke.ts';
import type { FindingsRenderer } from '../../../src/report/findings/renderer.ts';
import { renderers } from '../../../src/report/findings/renderers.ts';
import { smokeRenderer } from '../../../src/report/findings/smoke.ts';
import { storyAsHtml } from '../../../src/report/html.ts';
import { junitOf } from '../../../src/report/junit.ts';
import type { Report } from '../../../src/report/result.ts';
import { findingsOf, type ResultJson, resultJson } from '../../../src/report/result-json.ts';
import { runPage } from '../../../src/report/run-page.ts';
import type { Chapter } from '../../../src/report/story.ts';
import { summaryOf } from '../../../src/report/summary.ts';

const reportOf = (findings?: AnyFindings): Report => ({
  result: {
    'schema-version': 1,
    operation: 'shift-traffic',
    outcome: 'rolled-back',
    reason: 'convicted',
    because: 'errors',
    outputs: {},
    ...(findings ? { findings } : {}),
    dryRun: false,
    startedAt: '2026-01-05T09:00:00Z',
    endedAt: '2026-01-05T09:31:05Z',
  },
  inputs: {},
  timeline: [],
  remarks: [],
});

const chapterOf = (findings: AnyFindings): Chapter => ({
  title: 'churn 1.4.0',
  startedAt: 0,
  endedAt: 60_000,
  inputs: [],
  verdict: { outcome: 'rolled-back', reason: 'convicted', because: 'errors' },
  minutes: [{ arm: 'candidate', minute: 0, requests: 7, errors: 0, clientErrors: 0 }],
  findings,
  evidence: [],
  bakes: [],
  happenings: [],
  alarms: [],
  servesNow: '',
  undo: '',
});

const judgement = (logEvidence: number): Judgement => ({
  is: 'judgement',
  exposed: 873,
  harmed: 36,
  logEvidence,
  threshold: 4.605,
  metrics: [
    {
      says: 'errors <5xx>',
      candidate: { requests: 873, bad: 36 },
      baseline: { requests: 8127, bad: 0 },
      excess: 0.04124,
      interval: [0.02, 0.0679],
      logEvidence,
    },
  ],
});

describe('a new kind of findings', () => {
  interface Weather extends AnyFindings {
    readonly is: 'weather';
    readonly sky: string;
  }
  const weather: FindingsRenderer<Weather> = {
    member: 'forecast',
    summary: ({ sky }) => `### The weather\n\n${sky}`,
    html: ({ sky }, { minutes }) => `<h3>The weather</h3><p>${sky} over ${minutes?.length ?? 'unknown'} minute</p>`,
    junit: ({ sky }) => [
      { classname: 'sky', name: 'is blue', ended: { is: 'failed', type: 'grey', message: sky, details: 'wait' } },
      { classname: 'sky', name: 'is up', ended: { is: 'passed' } },
      { classname: 'sky', name: 'is dry', ended: { is: 'skipped', message: 'not looked at' } },
    ],
  };
  const table = { ...renderers, weather };
  const found: Weather = { is: 'weather', sky: 'clouds & rain' };

  it('is rendered in summary, HTML and JUnit by its entry in the table alone', () => {
    expect(summaryOf(reportOf(found), table)).toContain('### The weather\n\nclouds & rain');
    const html = storyAsHtml({ title: '', about: '', chapters: [chapterOf(found)] }, table);
    expect(html).toContain('<h3>The weather</h3><p>clouds & rain over 1 minute</p>');
    expect(runPage(reportOf(found), table)).toContain('<h3>The weather</h3><p>clouds & rain over unknown minute</p>');
    const xml = junitOf(reportOf(found), table);
    expect(xml).toContain('<testsuite name="model-delivery" tests="4" failures="2" skipped="1" time="1865.000">');
    expect(xml).toContain(
      '<testcase classname="sky" name="is blue" time="0.000"><failure type="grey" message="clouds &#38; rain">wait</failure></testcase>',
    );
    expect(xml).toContain('<testcase classname="sky" name="is up" time="0.000"></testcase>');
    expect(xml).toContain('name="is dry" time="0.000"><skipped message="not looked at"/></testcase>');
  });

  it('has a member of its own in the JSON result, and comes back from it', () => {
    const json = resultJson(reportOf(found).result, table);
    expect(json).toMatchObject({ 'schema-version': 1, forecast: { sky: 'clouds & rain' } });
    expect(json).not.toHaveProperty('findings');
    expect(findingsOf(JSON.parse(JSON.stringify(json)) as ResultJson, table)).toEqual(found);
  });
});

describe('the table of renderers', () => {
  it('gives every kind a member that no other kind and no other fact of the result has', () => {
    const members = Object.values(renderers).map(({ member }) => member);
    expect(new Set([...members, ...Object.keys(reportOf().result), 'plan', 'findings']).size).toBe(
      members.length + Object.keys(reportOf().result).length + 2,
    );
  });
});

describe('a judgement', () => {
  it('is `judged` in the JSON result, as before it was one kind of findings', () => {
    const { is: _, ...judged } = judgement(6);
    const json = resultJson(reportOf(judgement(6)).result);
    expect(json.judged).toEqual(judged);
    expect(json).not.toHaveProperty('findings');
    expect(findingsOf(json)).toEqual(judgement(6));
    expect(resultJson(reportOf().result)).not.toHaveProperty('judged');
    expect(findingsOf(resultJson(reportOf().result))).toBeUndefined();
  });

  it('is one test case, red only when all metrics together convict', () => {
    const convicted = junitOf(reportOf(judgement(6.3)));
    expect(convicted).toContain('tests="2" failures="2" skipped="0"');
    expect(convicted).toContain(
      '<testcase classname="model-delivery.judge" name="the judge does not convict the candidate" time="0.000"><failure type="convicted" message="evidence that the candidate is worse, all metrics together: 545 of 100">In the judged minutes the candidate had 873 requests and failed 36 times.</failure>',
    );
    expect(convicted).toContain(
      'errors &#60;5xx&#62;: candidate 36 of 873 (4.12 %), baseline 0 of 8127 (0 %), excess 4.12 % (2 % to 6.79 %), evidence that it is worse 545, evidence that it is healthy not required\ntogether: evidence that it is worse 545 of 100</system-out>',
    );
    expect(junitOf(reportOf(judgement(4.5)))).toContain('tests="2" failures="1" skipped="0"');
    expect(junitOf(reportOf())).toContain('tests="1" failures="1" skipped="0"');
  });
});

describe('a smoke test', () => {
  const smoked = (members: Partial<SmokeTest> = {}): SmokeTest => ({
    ...{ is: 'smoke-test', of: 12, answered: 12, unexpected: 3, wrong: [0, 3, 0] },
    first: 'request 2 got text <b> at $.label, and not "yes"',
    ...members,
  });
  const casesOf = (found: SmokeTest) => smokeRenderer.junit(found).map(({ name, ended }) => [name, ended.is]);

  it('is `smoked` in the JSON result', () => {
    const { is: _, ...members } = smoked();
    expect(resultJson(reportOf(smoked()).result)).toMatchObject({ smoked: members });
  });

  it('is a test case for each request', () => {
    expect(casesOf(smoked())).toEqual([
      ['request 1 is answered as expected', 'passed'],
      ['request 2 is answered as expected', 'failed'],
      ['request 3 is answered as expected', 'passed'],
    ]);
    expect(junitOf(reportOf(smoked()))).toContain(
      '<failure type="smoke-failed" message="3 of 4 answers not as expected">9 of 12 answers as expected, 3 not as expected; the first: request 2 got text &#60;b&#62; at $.label, and not &#34;yes&#34;</failure>',
    );
  });

  it('that did not end passes no request that has not failed', () => {
    expect(casesOf(smoked({ answered: 7 })).map(([, ended]) => ended)).toEqual(['skipped', 'failed', 'skipped']);
  });

  it('of an older record is one case', () => {
    expect(casesOf(smoked({ wrong: [] }))).toEqual([['each request is answered as expected', 'failed']]);
  });

  it('shows in summary and page the requests that failed, and no tag of others', () => {
    const [summary, page] = [smokeRenderer.summary(smoked()), smokeRenderer.html(smoked())];
    expect(summary).toContain('| 2 | 3 of 4 |');
    expect(page).toContain('3 of 4');
    expect(page).not.toContain('<b>');
    expect(smokeRenderer.summary(smoked({ unexpected: 0, wrong: [0, 0, 0] }))).toBe(
      '### Smoke test\n\n12 of 12 answers as expected',
    );
  });
});
