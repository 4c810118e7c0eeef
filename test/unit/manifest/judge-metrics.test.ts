import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { loadJudge, loadManifest, ManifestError } from '../../../src/manifest/load.ts';

const questions =
  'convict: { worse-than: 1.2x, false-rollback: 0.01 }\nhealthy: { excess-below: 0.5%, confidence: 0.95 }\n';
const load = (...metrics: readonly string[]) =>
  loadJudge(`${questions}metrics:\n${metrics.map((metric) => `  - ${metric}\n`).join('')}`, 'judge.yml').metrics ?? [];
const problemsOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof ManifestError) return error.message;
    throw error;
  }
  return 'accepted';
};
const place = 'namespace: Acme, dimensions: { V: "{variant}" }';

describe('a metric', () => {
  test('has the defaults of a count, and of cells', () => {
    const [bad, cells] = load(
      `{ name: empty-answers, ${place}, bad: { metric: Empty } }`,
      `{ name: classes, ${place}, cells: { a: { metric: P, dimensions: { Class: a } }, b: { metric: P, statistic: SampleCount } } }`,
    );
    const series = { namespace: 'Acme', metric: 'Empty', statistic: 'Sum', dimensions: { V: '{variant}' } };
    expect(bad).toEqual({
      name: 'empty-answers',
      counts: 'bad',
      verdict: 'convict',
      absent: 'zero',
      candidate: { events: [series] },
      baseline: { events: [series] },
    });
    expect(cells).toMatchObject({ counts: 'cells', verdict: 'hold', cells: ['a', 'b'] });
    expect(cells?.candidate.events).toEqual([
      { namespace: 'Acme', metric: 'P', statistic: 'Sum', dimensions: { V: '{variant}', Class: 'a' } },
      { namespace: 'Acme', metric: 'P', statistic: 'SampleCount', dimensions: { V: '{variant}' } },
    ]);
  });

  test('may be two metrics, one for each version, which share what stands around them', () => {
    const [metric] = load(
      '{ name: complaints, namespace: Acme, dimensions: { Shop: north }, candidate: { bad: { metric: New } }, baseline: { bad: { metric: Old, namespace: Before } }, worse-than: 2x, weight: 3, excess-below: 1% }',
    );
    expect(metric).toMatchObject({
      worseThan: 2,
      weight: 3,
      excessBelow: 0.01,
      candidate: { events: [{ namespace: 'Acme', metric: 'New', dimensions: { Shop: 'north' } }] },
      baseline: { events: [{ namespace: 'Before', metric: 'Old', dimensions: { Shop: 'north' } }] },
    });
  });

  test.each<readonly [problem: string, ...metrics: readonly string[]]>([
    ['judge.yml:4:13: metrics.0.name: "Empty" is not a name', `{ name: Empty, ${place}, bad: { metric: E } }`],
    [
      'metrics.0.name: is the name of a metric that the judge has already',
      `{ name: errors, ${place}, bad: { metric: E } }`,
    ],
    ['metrics.0.name: is taken; expected another name', `{ name: constructor, ${place}, bad: { metric: E } }`],
    ['metrics.0.name: is the name of a key in files of buckets', `{ name: share, ${place}, bad: { metric: E } }`],
    ['metrics.0.foo: unknown key; allowed here: name, namespace', `{ name: e, ${place}, bad: { metric: E }, foo: 1 }`],
    ['metrics.0.bad.metrik: unknown key; did you mean metric?', `{ name: e, ${place}, bad: { metrik: E } }`],
    [
      'metrics.0.bad.statistic: "Average" is not a statistic that counts',
      `{ name: e, ${place}, bad: { metric: E, statistic: Average } }`,
    ],
    [
      'metrics.0.dimensions.V: has an unknown placeholder; allowed here: {endpoint}',
      '{ name: e, namespace: A, dimensions: { V: "{varient}" }, bad: { metric: E } }',
    ],
    ['metrics.0.weight: 0 is not a weight', `{ name: e, ${place}, bad: { metric: E }, weight: 0 }`],
    ['metrics.0.bad: has no namespace', '{ name: e, dimensions: { V: "{variant}" }, bad: { metric: E } }'],
    ['metrics.0: has no count; expected `bad`, `good` or `cells`', `{ name: e, ${place} }`],
    ['metrics.0.cells: stands beside `bad`', `{ name: e, ${place}, bad: { metric: E }, cells: { a: { metric: E } } }`],
    ['metrics.0.good: needs `of`', `{ name: e, ${place}, good: { metric: E } }`],
    [
      'metrics.0.cells: has one cell, which is all of its own sum',
      `{ name: e, ${place}, cells: { a: { metric: E } } }`,
    ],
    [
      'metrics.0.weight: is a part of the budget for rollbacks',
      `{ name: e, ${place}, bad: { metric: E }, verdict: hold, weight: 1 }`,
    ],
    [
      'metrics.0.excess-below: needs `bad`',
      `{ name: e, ${place}, good: { metric: E }, of: { metric: A }, excess-below: 1% }`,
    ],
    [
      'metrics.1.name: is a second metric of this name',
      `{ name: e, ${place}, bad: { metric: E } }`,
      `{ name: e, ${place}, bad: { metric: F } }`,
    ],
    ['metrics.0.candidate: needs `baseline` too', `{ name: e, namespace: A, candidate: { bad: { metric: E } } }`],
    [
      'metrics.0.bad: stands in `candidate` and `baseline`',
      '{ name: e, namespace: A, bad: { metric: E }, candidate: { bad: { metric: E } }, baseline: { bad: { metric: F } } }',
    ],
    [
      'metrics.0.baseline: counts other events than `candidate`',
      '{ name: e, namespace: A, candidate: { bad: { metric: E } }, baseline: { good: { metric: F }, of: { metric: G } } }',
    ],
    [
      'metrics.0.baseline: has `of` for one version only',
      '{ name: e, namespace: A, candidate: { bad: { metric: E } }, baseline: { bad: { metric: F }, of: { metric: G } } }',
    ],
    ['metrics: is not a list of metrics; expected 1 to 50 of them'.replace('is', '[] is'), '[]'],
  ])('is refused with its place: %s', (problem, ...metrics) => {
    const written =
      metrics[0] === '[]' ? () => loadJudge(`${questions}metrics: []\n`, 'judge.yml') : () => load(...metrics);
    expect(problemsOf(written)).toContain(problem);
  });

  test('and others have at most as many counts as one call of CloudWatch answers', () => {
    const many = Array.from({ length: 251 }, (_, index) => `c${index}: { metric: P, dimensions: { C: "${index}" } }`);
    expect(problemsOf(() => load(`{ name: e, ${place}, cells: { ${many.join(', ')} } }`))).toMatch(
      /metrics: have 502 counts for both versions together; CloudWatch answers at most 500/,
    );
  });
});

describe('under a rollout', () => {
  const steps = readFileSync(new URL('../../../examples/steps.yml', import.meta.url), 'utf8');
  const canary = readFileSync(new URL('../../../examples/canary.yml', import.meta.url), 'utf8');
  const healthy = 'healthy: { excess-below: 0.5%, confidence: 0.95 }';
  const bySteps = (dimension: string, more = ''): string =>
    problemsOf(() =>
      loadManifest(
        steps.replace(
          healthy,
          `${healthy}\n        metrics: [{ name: e, namespace: A, dimensions: { D: "${dimension}" }, bad: { metric: E }${more} }]`,
        ),
        'delivery.yml',
      ),
    );
  const byCanary = (dimension: string, more = ''): string =>
    problemsOf(() =>
      loadManifest(
        canary.replace(
          'strategy: canary',
          `judge: { convict: { worse-than: 1.2x, false-rollback: 0.01 }, ${healthy}, metrics: [{ name: e, namespace: A, dimensions: { D: "${dimension}" }, bad: { metric: E }${more} }] }\n      strategy: canary`,
        ),
        'delivery.yml',
      ),
    );

  test.each(['{variant}', '{version}', '{endpoint}-{variant}'])('with steps the versions differ by %s', (dimension) => {
    expect(bySteps(dimension)).toBe('accepted');
  });

  test('nothing can be held under guardrails, so a metric that holds is refused there', () => {
    expect(bySteps('{version}', ', verdict: hold')).toBe('accepted');
    expect(byCanary('{version}', ', verdict: hold')).toMatch(
      /delivery\.yml:\d+:\d+: .*judge\.metrics\.0: has the verdict hold .* expected `verdict: convict`, or strategy: steps/,
    );
  });

  test.each(['{endpoint-config}', '{version}'])('under guardrails they differ by %s', (dimension) => {
    expect(byCanary(dimension)).toBe('accepted');
  });

  test.each([
    [
      '{endpoint}',
      bySteps,
      /delivery\.yml:\d+:\d+: .*judge\.metrics\.0: has the same data for both versions; expected \{variant\} or \{version\}/,
    ],
    ['{endpoint-config}', bySteps, /with steps both variants belong to one endpoint configuration/],
    ['{variant}', byCanary, /both fleets have the name of one variant\); expected \{endpoint-config\} or \{version\}/],
    ['none', byCanary, /has the same data for both versions/],
  ])('%s does not tell them apart, which is refused with the reason', (dimension, by, reason) => {
    expect(by(dimension)).toMatch(reason);
  });

  test('each count of a metric must differ', () => {
    expect(bySteps('{variant}', ', of: { metric: A, dimensions: { D: all } }')).toMatch(
      /in the dimensions of each count/,
    );
  });

  test('two metrics need no dimension', () => {
    const metrics =
      'metrics: [{ name: e, namespace: A, candidate: { bad: { metric: New } }, baseline: { bad: { metric: Old } } }]';
    expect(problemsOf(() => loadManifest(steps.replace(healthy, `${healthy}\n        ${metrics}`), 'x'))).toBe(
      'accepted',
    );
  });
});
