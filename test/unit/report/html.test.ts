import { describe, expect, it } from '@jest/globals';
import { minutes } from '../../../src/clock.ts';
import type { Judgement } from '../../../src/findings/judgement.ts';
import { type Chart, drawChart, niceTop, percentGrid, stagger } from '../../../src/report/chart.ts';
import { evidenceChart } from '../../../src/report/evidence-chart.ts';
import { storyAsHtml } from '../../../src/report/html.ts';
import type { Chapter } from '../../../src/report/story.ts';

const start = Date.parse('2026-01-05T09:30:00Z');
const nasty = `<script>alert("x")</script>&'\u202e\u001b`;

const chapter: Chapter = {
  title: `A bad version ${nasty}`,
  startedAt: start,
  endedAt: start + minutes(10),
  inputs: [['version', nasty]],
  verdict: { outcome: 'rolled-back', reason: 'alarm', because: nasty },
  baseline: { label: '1.0.0', endpointConfig: 'iris-1-0-0-aaaaaaaa' },
  candidate: { label: nasty, endpointConfig: nasty },
  minutes: [
    { arm: 'baseline', minute: start, requests: 400, errors: 0, clientErrors: 3 },
    { arm: 'candidate', minute: start, requests: 100, errors: 5, clientErrors: 2 },
    { arm: 'baseline', minute: start + minutes(1), requests: 500, errors: 0, clientErrors: 0 },
  ],
  errorThreshold: 0.01,
  evidence: [],
  bakes: [{ from: start, to: start + minutes(3), label: nasty }],
  happenings: [
    { at: start + 1000, who: 'endpoint', what: 'update-started', detail: nasty, weight: 'marked' },
    { at: start + 2000, who: 'alarm', what: 'ALARM', detail: nasty, weight: 'marked' },
    { at: start + 3000, who: 'workflow', what: 'deploy-endpoint', detail: 'rolled-back/alarm', weight: 'fine' },
  ],
  alarms: [{ name: nasty, watches: nasty, changes: [{ at: start, state: nasty }] }],
  servesNow: nasty,
  undo: nasty,
};
const html = storyAsHtml({ title: nasty, about: nasty, chapters: [chapter] });

describe('the HTML report', () => {
  it('lets no text become markup', () => {
    expect(html).not.toMatch(/<script|alert\("x"\)|\u202e/);
    expect(html).not.toContain('\u001b');
    expect(html).toContain('&#38;&#39;\\u202e\\u001b');
    expect(html).toContain('&#60;script&#62;');
  });

  it('needs nothing from elsewhere and closes what it opens', () => {
    expect(html).not.toMatch(/https?:|@import|url\(|src=/);
    const open: string[] = [];
    for (const [, close, name = '', self] of html.matchAll(/<(\/?)([a-z][a-z0-9]*)\b[^>]*?(\/?)>/g)) {
      if (['meta', 'br', 'line', 'rect', 'circle'].includes(name) && !close && (self || ['meta', 'br'].includes(name)))
        continue;
      if (self) continue;
      if (close) expect(open.pop()).toBe(name);
      else open.push(name);
    }
    expect(open).toEqual([]);
  });

  it('says the verdict, what it means and what to do, in words', () => {
    expect(html).toContain('rolled-back');
    expect(html).toContain('An alarm went off while the new version had traffic');
    expect(html).toContain('Look at the alarm and the candidate&#39;s logs');
  });

  it('numbers marked happenings the same in charts and list', () => {
    expect(html.match(/class="mark-number"[^>]*>2</g)).toHaveLength(4);
    const [reported, everyStep] = html.split('Every step');
    for (const list of [reported, everyStep])
      expect(list?.match(/class="number">\d/g)).toEqual(['class="number">1', 'class="number">2']);
  });

  it('keeps fine steps for those who unfold them', () => {
    const [reported, everyStep] = html.split('Every step');
    expect(reported).not.toContain('<strong>deploy-endpoint</strong>');
    expect(everyStep).toContain('<strong>deploy-endpoint</strong>');
  });
});

describe('a release under a judge', () => {
  const worse = (odds: number) => ({ log: Math.log(odds), threshold: Math.log(100) });
  const healthy = (odds: number) => ({ log: Math.log(odds), threshold: Math.log(20) });
  const findings: Judgement = {
    is: 'judgement',
    exposed: 873,
    harmed: 36,
    logEvidence: 5.407,
    threshold: 4.605,
    metrics: [
      {
        says: nasty,
        candidate: { requests: 873, bad: 36 },
        baseline: { requests: 8127, bad: 0 },
        excess: 0.04124,
        interval: [0.02, 0.0679],
        logEvidence: 6.3,
        health: { logEvidence: -20, threshold: 2.996 },
      },
      {
        says: 'tail',
        candidate: { requests: 0, bad: 0 },
        baseline: { requests: 0, bad: 0 },
        interval: [-1, 1],
        logEvidence: 0,
      },
    ],
  };
  const judgedChapter: Chapter = {
    ...chapter,
    findings,
    evidence: [
      { minute: start, worse: worse(1), healthy: healthy(1) },
      { minute: start + minutes(1), worse: worse(10), healthy: healthy(0.001) },
      { minute: start + minutes(2), worse: worse(1e9), healthy: healthy(20) },
    ],
  };
  const reported = storyAsHtml({ title: '', about: '', chapters: [judgedChapter] });

  it('says who was exposed and harmed, and what was found by which metric', () => {
    expect(reported).toContain(
      'the candidate had 873 requests and failed 36 times. In all it answered 100 requests, 5 of them',
    );
    const cells = [...reported.matchAll(/<tr>(.*?)<\/tr>/g)].map(([, row = '']) =>
      row.replaceAll('<br>', ' ').replace(/<[^>]+>/g, '|'),
    );
    expect(cells).toContainEqual(
      expect.stringMatching(
        /\|36 of 873 \(4\.12 %\)\|\|0 of 8127 \(0 %\)\|\|4\.12 % \(2 % to 6\.79 %\)\|\|545\|\|.* of 20\|/,
      ),
    );
    expect(cells).toContain('|tail||none||none||unknown||1||not required|');
    expect(cells).toContainEqual(expect.stringMatching(/^\|together\|.*\|223 of 100\|/));
    expect(reported).not.toMatch(/<script/);
  });

  it('draws both kinds of evidence against what each takes, on a scale of tens', () => {
    const { evidence } = judgedChapter;
    const frame = { from: start, to: start + minutes(4), origin: start, bucketMs: 60_000, bands: [], marks: [] };
    const drawn = drawChart(evidenceChart(evidence, frame) as Chart, 464, 80);
    // 20 px per decade from 1/10 at 100 px; what is beyond an end is drawn at the end.
    expect(drawn).toContain('class="line worse" d="M44 80H144L144 60H244L244 20H344"');
    expect(drawn).toContain('class="line healthy" d="M44 80H144L144 100H244L244 54H344"');
    expect(drawn).toMatch(/class="threshold worse"[^>]* y1="40" y2="40"/);
    expect(drawn).toMatch(/class="threshold healthy"[^>]* y1="54" y2="54"/);
    expect(drawn).toContain('convicts at 100');
    expect(drawn).toContain('proves at 20');
    expect(evidenceChart([], frame)).toBeUndefined();
  });

  it('without a judge says nothing of one', () => {
    expect(html).not.toMatch(/the judge|class="line worse"/i);
  });
});

describe('a chart', () => {
  const chart: Chart = {
    title: 'Error rate',
    from: start,
    to: start + minutes(4),
    origin: start,
    bucketMs: 60_000,
    top: 10,
    form: 'lines',
    series: [
      {
        style: 'candidate',
        label: 'candidate',
        values: [0, 1, 3].map((minute) => ({ at: start + minutes(minute), value: minute === 1 ? undefined : 5 })),
      },
    ],
    bottom: 0,
    grid: percentGrid(10),
    bands: [],
    marks: [],
    thresholds: [],
  };

  it('draws a minute without requests as a gap, not as zero', () => {
    const paths = drawChart(chart, 464, 100).match(/class="line candidate" d="[^"]+"/g);
    // 44 px to the left of the plot, 100 px per minute, 5 of 10 % at half the height.
    expect(paths).toEqual(['class="line candidate" d="M44 70H144"', 'class="line candidate" d="M344 70H444"']);
  });

  it('draws what is above the axis at its top', () => {
    const high = { ...chart, top: 2 };
    expect(drawChart(high, 464, 100)).toContain('d="M44 20H144"');
  });

  it('keeps markers apart', () => {
    expect(stagger([0, 5, 10, 30, 31], 18)).toEqual([0, 1, 2, 0, 1]);
  });

  it('ends axes at round numbers', () => {
    expect([0.01, 1, 1.5, 4.2, 6, 33, 80].map(niceTop)).toEqual([0.1, 1, 2, 5, 10, 50, 100]);
  });
});
