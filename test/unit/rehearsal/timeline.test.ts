import { describe, expect, test } from '@jest/globals';
import { scenarioLine, verdictOfChapter } from '../../../src/rehearsal/timeline.ts';
import type { ScenarioVerdict } from '../../../src/rehearsal/verdict.ts';
import type { Chapter } from '../../../src/report/story.ts';

const verdict = (change: Partial<ScenarioVerdict>): ScenarioVerdict => ({
  name: 'bad-canary',
  outcome: 'rolled-back',
  reasonCode: 'alarm',
  expected: { outcome: 'rolled-back', reasonCode: 'alarm' },
  endpointConfig: 'iris-1-0-0',
  virtualSeconds: 600,
  wallMs: 900,
  requests: 1,
  mutations: 1,
  relations: [],
  problems: [],
  ...change,
});
const chapter: Chapter = {
  title: '',
  startedAt: 0,
  endedAt: 600_000,
  inputs: [],
  verdict: { outcome: 'rolled-back', reason: 'alarm', because: 'it failed' },
  minutes: [],
  evidence: [],
  bakes: [],
  happenings: [],
  alarms: [],
  servesNow: '',
  undo: '',
};

describe('a rehearsal on a terminal', () => {
  test('marks a success, another end that was expected, and a surprise each in its own way', () => {
    expect(scenarioLine(verdict({ outcome: 'succeeded', reasonCode: 'delivered' }))).toMatch(/^✔ bad-canary/);
    expect(scenarioLine(verdict({}))).toMatch(/^○ bad-canary .*10m in 0.9 s, 1 request, 1 write$/);
    expect(scenarioLine(verdict({ problems: ['ended otherwise'] }))).toMatch(/^✘ bad-canary .*\n {4}ended otherwise$/);
    expect(scenarioLine(verdict({ outcome: 'succeeded', problems: ['but should not'] }))).toMatch(/^✘ /);
  });

  test('says in words as well whether a release ended as it should', () => {
    expect(verdictOfChapter(chapter, verdict({}))).toContain(
      '  ○ rolled-back/alarm, as expected, after 10m: it failed\n',
    );
    expect(verdictOfChapter(chapter, verdict({ problems: ['x'] }))).toContain(
      '  ✘ rolled-back/alarm, NOT as expected, after 10m: it failed\n',
    );
  });
});
