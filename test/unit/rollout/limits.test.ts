import { describe, expect, test } from '@jest/globals';
import type { Capacity, Rollout } from '../../../src/manifest/manifest.ts';
import { type Compiled, compile, type FleetFacts, type Hardware } from '../../../src/rollout/compile.ts';

// What a rollout is compiled to, to the second, on both sides of every limit that AWS publishes.

const on = (instanceType: string): Hardware => ({ serverless: false, instanceType });
const serverlessFleet: Hardware = { serverless: true };
const fleet: FleetFacts = { exists: true, instanceCount: 4, fleet: on('ml.m5.large'), startSeconds: 300 };
const of = (instanceCount: number): FleetFacts => ({ ...fleet, instanceCount });
const guards = { alarms: { named: [] }, minimumRequests: 0 } as const;
const percent = (value: number): Capacity => ({ unit: 'percent', value });
const instances = (value: number): Capacity => ({ unit: 'instances', value });

type Times = { readonly bake?: number; readonly final?: number; readonly timeout?: number };
const canary = (size: Capacity, { bake = 600, final = 300, timeout }: Times = {}): Rollout => ({
  strategy: 'canary',
  size,
  bakeSeconds: bake,
  finalBakeSeconds: final,
  ...guards,
  ...(timeout === undefined ? {} : { timeoutSeconds: timeout }),
});
const linear = (step: Capacity, { bake = 300, final = 900 }: Times = {}): Rollout => ({
  strategy: 'linear',
  step,
  bakeSeconds: bake,
  finalBakeSeconds: final,
  ...guards,
});
const rolling = (batch: Capacity, rollbackBatch?: Capacity): Rollout => ({
  strategy: 'rolling',
  batch,
  bakeSeconds: 120,
  ...guards,
  ...(rollbackBatch ? { rollbackBatch } : {}),
});
const atOnce = (final: number, more: Partial<Rollout> = {}): Rollout =>
  ({ strategy: 'all-at-once', finalBakeSeconds: final, ...guards, ...more }) as Rollout;

const path = (rollout: Rollout, facts = fleet) => {
  const compiled = compile(rollout, facts);
  if (compiled.is === 'infeasible') throw new Error(compiled.because);
  return compiled.path;
};
const notes = (compiled: Compiled): string => (compiled.is === 'feasible' ? compiled.notes.join(' | ') : '');
const because = (rollout: Rollout, facts = fleet): string => {
  const compiled = compile(rollout, facts);
  if (compiled.is === 'feasible') throw new Error(JSON.stringify(compiled.path));
  return compiled.because;
};

describe('the whole of what is compiled', () => {
  test('a canary', () => {
    expect(compile(canary(percent(25)), fleet)).toEqual({
      is: 'feasible',
      path: {
        mechanism: 'guardrail',
        routing: 'CANARY',
        stepInstances: 1,
        waitSeconds: 600,
        terminationWaitSeconds: 300,
        stages: [
          { share: 0.25, bakeSeconds: 600 },
          { share: 1, bakeSeconds: 300 },
        ],
        timeoutSeconds: 2520,
        expectedSeconds: 1200,
      },
      notes: ['duration assumes about 5m to launch the new fleet (AWS publishes no figure)'],
    });
  });

  test('steps that do not divide the fleet', () => {
    expect(path(linear(instances(2)), of(5))).toEqual({
      mechanism: 'guardrail',
      routing: 'LINEAR',
      stepInstances: 2,
      waitSeconds: 300,
      terminationWaitSeconds: 900,
      stages: [
        { share: 0.4, bakeSeconds: 300 },
        { share: 0.8, bakeSeconds: 300 },
        { share: 1, bakeSeconds: 900 },
      ],
      timeoutSeconds: 2880,
      expectedSeconds: 1800,
    });
  });

  test('batches', () => {
    expect(path(rolling(instances(2), instances(2)))).toEqual({
      mechanism: 'guardrail',
      routing: 'ROLLING',
      stepInstances: 2,
      rollbackInstances: 2,
      waitSeconds: 120,
      terminationWaitSeconds: 0,
      stages: [
        { share: 0.5, bakeSeconds: 120 },
        { share: 1, bakeSeconds: 120 },
      ],
      timeoutSeconds: 1200,
      expectedSeconds: 540,
    });
    expect(path(rolling(instances(2)))).not.toHaveProperty('rollbackInstances');
    expect(path(rolling(instances(2), percent(30)), of(10))).toMatchObject({ rollbackInstances: 3 });
    expect(path(rolling(instances(2), percent(38)), of(10))).toMatchObject({ rollbackInstances: 3 });
    expect(path(rolling(instances(2), percent(10)))).toMatchObject({ rollbackInstances: 1 });
  });

  test('all at once, with and without a bake', () => {
    expect(compile(atOnce(300), fleet)).toEqual({
      is: 'feasible',
      path: {
        mechanism: 'guardrail',
        routing: 'ALL_AT_ONCE',
        waitSeconds: 0,
        terminationWaitSeconds: 300,
        stages: [{ share: 1, bakeSeconds: 300 }],
        timeoutSeconds: 1080,
        expectedSeconds: 600,
      },
      notes: ['duration assumes about 5m to launch the new fleet (AWS publishes no figure)'],
    });
    expect(notes(compile(atOnce(0), fleet))).toContain('no final bake');
  });

  test('a first deployment, also of what would be refused as an update', () => {
    const nothing = { ...fleet, exists: false, instanceCount: 1 };
    const created = { is: 'feasible', path: { mechanism: 'creation', expectedSeconds: 300 } };
    expect(compile(canary(percent(25)), nothing)).toMatchObject(created);
    const steps: Rollout = {
      strategy: 'steps',
      steps: [0.1, 1],
      bakeSeconds: 300,
      maxStepSeconds: 3600,
      judge: { convict: { worseThan: 1.2, falseRollback: 0.01 }, healthy: { excessBelow: 0.005, confidence: 0.95 } },
      ...guards,
    };
    expect(compile(steps, nothing)).toMatchObject(created);
    expect(notes(compile(steps, nothing))).toContain('steps begins with the next version');
    expect(because(steps)).toContain('carried out by variant weights');
    expect(compile(atOnce(0), { ...nothing, fleet: serverlessFleet })).toMatchObject(created);
  });
});

describe('sizes', () => {
  test.each([
    ['half', canary(percent(50)), of(4), 2],
    ['half of two', canary(percent(50)), of(2), 1],
    ['a tenth after rounding down', linear(percent(15)), of(10), 1],
    ['a tenth, linear', linear(percent(10)), of(10), 1],
    ['less than a tenth, rounded up', linear(percent(10)), of(15), 2],
    ['a twentieth, rolling', rolling(percent(5)), of(20), 1],
    ['less than a twentieth, rounded up', rolling(percent(5)), of(30), 2],
    ['a canary has no smallest share', canary(instances(1)), of(100), 1],
    ['rounded down', canary(percent(40)), of(4), 1],
  ])('%s', (_what, rollout, facts, expected) => {
    expect(path(rollout, facts)).toMatchObject({ stepInstances: expected });
  });

  test('that are not whole are said to be rounded, whole ones are not', () => {
    expect(notes(compile(linear(percent(10)), of(15)))).toContain(
      'step 10 % of 15 instances is 1.5; 2 of 15 (13.3 %) are used',
    );
    expect(notes(compile(linear(percent(10)), of(10)))).not.toContain('are used');
  });

  test.each([
    [canary(percent(25)), of(1), 'canary needs at least 2 instances and the fleet has 1'],
    [canary(percent(20)), of(4), 'size 20 % of 4 instances is 0.8 of an instance: use size: 1 instance'],
    [
      canary(instances(3)),
      of(4),
      'canary size 3 instances of 4 instances is 75 %, and AWS allows at most 50 %: use size: 2 instances or fewer',
    ],
    [
      canary(instances(2)),
      of(3),
      'canary size 2 instances of 3 instances is 66.7 %, and AWS allows at most 50 %: use size: 1 instance or fewer',
    ],
    [
      linear(instances(1)),
      of(20),
      'linear step 1 instance of 20 instances is 5 %, and AWS allows at least 10 %: use step: 2 instances',
    ],
    [
      rolling(instances(1)),
      of(30),
      'rolling batch 1 instance of 30 instances is 3.33 %, and AWS allows at least 5 %: use batch: 2 instances',
    ],
  ])('%j of %j is refused', (rollout, facts, says) => {
    expect(because(rollout, facts)).toContain(says);
  });
});

describe('times', () => {
  test.each([
    ['a wait of one hour', canary(percent(25), { bake: 3600 })],
    ['a last wait of one hour', canary(percent(25), { final: 3600 })],
    ['the shortest timeout', canary(percent(25), { bake: 60, final: 60, timeout: 600 })],
    ['the longest timeout', canary(percent(25), { timeout: 28_800 })],
    ['a timeout that holds the bakes and the launch exactly', canary(percent(25), { timeout: 1200 })],
  ])('%s is allowed', (_what, rollout) => {
    expect(compile(rollout, fleet).is).toBe('feasible');
  });

  test.each([
    ['a second more than an hour', canary(percent(25), { bake: 3601 }), 'bake 3601s is over SageMaker'],
    ['a last wait of a minute more', canary(percent(25), { final: 3660 }), 'final-bake 61m is over SageMaker'],
    [
      'a timeout under ten minutes',
      canary(percent(25), { bake: 60, final: 60, timeout: 599 }),
      'timeout 599s is outside',
    ],
    ['a timeout over eight hours', canary(percent(25), { timeout: 28_801 }), 'timeout 28801s is outside'],
    [
      'a timeout that holds a second less',
      canary(percent(25), { timeout: 1199 }),
      'cannot hold 15m of bakes and about 5m to launch: use at least 42m',
    ],
  ])('%s is refused', (_what, rollout, says) => {
    expect(because(rollout)).toContain(says);
  });

  test('the timeout asked for is the one that is sent', () => {
    expect(path(canary(percent(25), { timeout: 1200 }))).toMatchObject({ timeoutSeconds: 1200 });
  });

  test('eight hours are the most, the launch among them', () => {
    const hours = (bake: number, final: number) => linear(percent(10), { bake, final });
    // Nine bakes of one length and a last one.
    expect(path(hours(3000, 1500), of(10))).toMatchObject({ timeoutSeconds: 28_800, expectedSeconds: 28_800 });
    expect(because(hours(3000, 1501), of(10))).toContain('10 bakes of 28501s in all do not fit');
  });

  test('nothing is given less than ten minutes', () => {
    expect(path(atOnce(0), { ...fleet, startSeconds: 0 })).toMatchObject({ timeoutSeconds: 600 });
    expect(path(atOnce(0), { ...fleet, startSeconds: 201 })).toMatchObject({ timeoutSeconds: 660 });
  });
});

describe('where there are no guardrails', () => {
  const serverless = { ...fleet, fleet: serverlessFleet, replaced: serverlessFleet };
  const inf1 = { ...fleet, fleet: on('ml.inf1.xlarge') };
  const asks: readonly Rollout[] = [
    canary(percent(25)),
    canary(percent(25), { bake: 0, final: 0 }),
    atOnce(1),
    atOnce(0, { minimumRequests: 1 }),
    atOnce(0, { alarms: { errors: 0.01, named: [] } }),
    atOnce(0, { alarms: { latencyP99Milliseconds: 100, named: [] } }),
    atOnce(0, { alarms: { named: ['team'] } }),
  ];

  test.each(asks)('nothing may be asked for: %j', (rollout) => {
    expect(because(rollout, serverless)).toContain('serverless endpoints have no deployment guardrails: use strategy');
    expect(because(rollout, inf1)).toMatch(/use another instance type or strategy: steps, or strategy: all-at-once/);
    expect(because(rollout, { ...fleet, replaced: on('ml.inf1.2xlarge') })).toContain('ml.inf1');
  });

  test('an update is plain', () => {
    const plain = { is: 'feasible', path: { mechanism: 'plain', expectedSeconds: 300 } };
    expect(compile(atOnce(0), serverless)).toMatchObject(plain);
    expect(compile(canary(percent(25)), { ...fleet, replaced: serverlessFleet })).toMatchObject(plain);
    expect(compile(canary(percent(25)), { ...fleet, replaced: serverlessFleet })).toHaveProperty('notes.length', 2);
  });

  test('other instances have them', () => {
    expect(
      path(canary(percent(25)), { ...fleet, fleet: on('ml.inf2.xlarge'), replaced: on('ml.m5.large') }),
    ).toMatchObject({
      mechanism: 'guardrail',
    });
    expect(because(atOnce(0), { ...serverless, replaced: on('ml.m5.large') })).toContain('of another name');
  });
});
