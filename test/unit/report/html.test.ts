import { describe, expect, it } from '@jest/globals';
import { minutes } from '../../../src/clock.ts';
import { type Chart, drawChart, niceTop, stagger } from '../../../src/report/chart.ts';
import { storyAsHtml } from '../../../src/report/html.ts';
import type { Chapter } from '../../../src/report/story.ts';

const start = Date.parse('2026-01-05T09:30:00Z');
const nasty = `<script>alert("x")</script>&'`;

const chapter: Chapter = {
  title: `A bad version ${nasty}`,
  startedAt: start,
  endedAt: start + minutes(10),
  asked: [['version', nasty]],
  verdict: { outcome: 'rolled-back', reason: 'alarm', because: nasty },
  baseline: { label: '1.0.0', endpointConfig: 'iris-1-0-0-aaaaaaaa' },
  candidate: { label: nasty, endpointConfig: nasty },
  minutes: [
    { arm: 'baseline', minute: start, requests: 400, errors: 0 },
    { arm: 'candidate', minute: start, requests: 100, errors: 5 },
    { arm: 'baseline', minute: start + minutes(1), requests: 500, errors: 0 },
  ],
  errorThreshold: 0.01,
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
    expect(html).not.toMatch(/<script|alert\("x"\)/);
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
    expect(html).toContain('An alarm went off during the bake');
    expect(html).toContain('Look at the alarm and the candidate&#39;s logs');
  });

  it('numbers marked happenings the same in charts and list', () => {
    expect(html.match(/class="mark-number"[^>]*>2</g)).toHaveLength(4);
    const [told, everyStep] = html.split('Every step');
    for (const list of [told, everyStep])
      expect(list?.match(/class="number">\d/g)).toEqual(['class="number">1', 'class="number">2']);
  });

  it('keeps fine steps for those who unfold them', () => {
    const [told, everyStep] = html.split('Every step');
    expect(told).not.toContain('<strong>deploy-endpoint</strong>');
    expect(everyStep).toContain('<strong>deploy-endpoint</strong>');
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
        arm: 'candidate',
        label: 'candidate',
        values: [0, 1, 3].map((minute) => ({ at: start + minutes(minute), value: minute === 1 ? undefined : 5 })),
      },
    ],
    bands: [],
    marks: [],
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
