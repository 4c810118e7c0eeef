import { expect, test } from '@jest/globals';
import type { SimulatedEvent, Simulator } from '../../../simulator/contracts.ts';
import { minutes } from '../../../src/clock.ts';
import { policyOf } from '../../../src/judge/policy.ts';
import { chartEvidenceOf, walkedSteps } from '../../../src/rehearsal/evidence.ts';

const judge = {
  convict: { worseThan: 1.2, falseRollback: 0.01 },
  healthy: { excessBelow: 0.005, confidence: 0.95 },
} as const;
const at = '2026-01-05T09:30:00Z';
const bucket = (t: number, errors: number) => ({
  kind: 'bucket',
  at,
  t,
  seconds: 60,
  candidate: { requests: 500, bad: { errors } },
  baseline: { requests: 500, bad: { errors: 0 } },
});
const verdict = { kind: 'verdict', at, t: 0, decision: 'continue', because: '' };
const keeping = (...segments: readonly (readonly object[])[]): Simulator => {
  const keys = ['iris/releases/r1/journal.jsonl', 'iris/releases/r1/2/journal.jsonl'];
  const get = (bucketName: string, key: string) => {
    const lines = segments[keys.indexOf(key)];
    return bucketName === 'model-delivery-111122223333-eu-west-1' && lines
      ? { body: Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join('')), etag: '' }
      : undefined;
  };
  return { objects: { get, put: () => undefined } } as unknown as Simulator;
};

test('the curve is what the judge says of the journal, minute by minute, revisions in', () => {
  const plan = { kind: 'plan', at, stepping: { policy: policyOf(judge) } };
  // CloudWatch revised the first minute after the second was read.
  const simulator = keeping([
    plan,
    bucket(0, 9),
    verdict,
    bucket(0, 0),
    bucket(60, 0),
    verdict,
    bucket(120, 9),
    verdict,
  ]);
  const curve = chartEvidenceOf(simulator, 'iris', 'r1');
  expect(curve.map(({ minute }) => minute)).toEqual([0, minutes(1), minutes(2)]);
  const [first, second, third] = curve.map(({ worse, healthy }) => ({ worse: worse.log, healthy: healthy?.log ?? 0 }));
  expect(first?.worse).toBeLessThanOrEqual(0);
  expect(second?.worse).toBe(first?.worse);
  expect(second?.healthy).toBeGreaterThan(Math.log(20));
  expect(third?.worse).toBeGreaterThan(1);
  expect(third?.healthy).toBeLessThan(second?.healthy ?? 0);
  expect(curve[0]).toMatchObject({
    worse: { threshold: expect.closeTo(Math.log(100)) },
    healthy: { threshold: expect.closeTo(Math.log(20)) },
  });
});

test('a journal in two segments has one curve', () => {
  const plan = { kind: 'plan', at, stepping: { policy: policyOf(judge) } };
  const whole = [plan, bucket(0, 0), verdict, bucket(60, 0), verdict];
  const parts = [[...whole.slice(0, 3), { at, kind: 'sealed', next: 2 }], whole.slice(3)];
  const curve = chartEvidenceOf(keeping(...parts), 'iris', 'r1');
  expect(curve).toHaveLength(2);
  expect(curve).toEqual(chartEvidenceOf(keeping(whole), 'iris', 'r1'));
});

test('without a judge, or without a journal, there is no curve', () => {
  expect(
    chartEvidenceOf(
      keeping([
        { kind: 'plan', at },
        { kind: 'end', at },
      ]),
      'iris',
      'r1',
    ),
  ).toEqual([]);
  expect(chartEvidenceOf(keeping([]), 'iris', 'another')).toEqual([]);
  expect(chartEvidenceOf(keeping([]), 'iris', undefined)).toEqual([]);
});

test('a step lasts from the end of one change of weights to the beginning of the next', () => {
  const event = (minute: number, what: string, detail = ''): SimulatedEvent => ({
    at: minutes(minute),
    source: 'endpoint',
    object: 'iris',
    what,
    detail,
  });
  const weights = (all: number, next: number) =>
    `AllTraffic: weight ${all}, 4 instance(s); AllTraffic-next: weight ${next}, 4 instance(s)`;
  const events = [
    event(0, 'rescaling', 'AllTraffic: weight 1, 5 instance(s)'),
    event(1, 'in-service'),
    event(2, 'rescaling', weights(0.9, 0.1)),
    event(3, 'in-service'),
    event(9, 'rescaling', weights(1, 0)),
    event(10, 'in-service'),
  ];
  expect(walkedSteps(events)).toEqual([{ from: minutes(3), to: minutes(9), label: '10 %' }]);
});
