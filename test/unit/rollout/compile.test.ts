import { describe, expect, test } from '@jest/globals';
import type { Rollout } from '../../../src/manifest/manifest.ts';
import { compile, type FleetFacts, type Guardrail, type Hardware } from '../../../src/rollout/compile.ts';
import { fc } from '../../support/properties.ts';

const on = (instanceType: string): Hardware => ({ serverless: false, instanceType });
const serverless: Hardware = { serverless: true };
const fleet: FleetFacts = { exists: true, instanceCount: 4, fleet: on('ml.m5.large'), startSeconds: 300 };
const guarded = { alarms: { errors: 0.01, named: [] }, minimumRequests: 0 } as const;
const canary = (value: number, unit: 'percent' | 'instances' = 'percent'): Rollout => ({
  strategy: 'canary',
  size: { unit, value },
  bakeSeconds: 600,
  finalBakeSeconds: 300,
  ...guarded,
});
const linear = (value: number): Rollout => ({
  strategy: 'linear',
  step: { unit: 'percent', value },
  bakeSeconds: 300,
  finalBakeSeconds: 300,
  ...guarded,
});
const unwatched: Rollout = {
  strategy: 'all-at-once',
  finalBakeSeconds: 0,
  minimumRequests: 0,
  alarms: { named: [] },
};
const feasible = (rollout: Rollout, facts: FleetFacts = fleet): Guardrail => {
  const compiled = compile(rollout, facts);
  if (compiled.is === 'infeasible') throw new Error(compiled.because);
  if (compiled.path.mechanism !== 'guardrail') throw new Error(compiled.path.mechanism);
  return compiled.path;
};
const refusal = (rollout: Rollout, facts: FleetFacts = fleet): string => {
  const compiled = compile(rollout, facts);
  if (compiled.is === 'feasible') throw new Error(`feasible: ${JSON.stringify(compiled.path)}`);
  return compiled.because;
};

describe('compile', () => {
  test('a canary of 25 % of 4 instances is one instance with a quarter of the traffic', () => {
    const path = feasible(canary(25));
    expect(path).toMatchObject({ routing: 'CANARY', stepInstances: 1, waitSeconds: 600, terminationWaitSeconds: 300 });
    expect(path.stages).toEqual([
      { share: 0.25, bakeSeconds: 600 },
      { share: 1, bakeSeconds: 300 },
    ]);
  });

  test('a linear rollout bakes after every step, the last one by the final bake', () => {
    expect(feasible(linear(25)).stages).toEqual([
      { share: 0.25, bakeSeconds: 300 },
      { share: 0.5, bakeSeconds: 300 },
      { share: 0.75, bakeSeconds: 300 },
      { share: 1, bakeSeconds: 300 },
    ]);
    expect(feasible({ ...linear(50), bakeSeconds: 300, finalBakeSeconds: 900 } as Rollout)).toMatchObject({
      routing: 'LINEAR',
      waitSeconds: 300,
      terminationWaitSeconds: 900,
      stages: [
        { share: 0.5, bakeSeconds: 300 },
        { share: 1, bakeSeconds: 900 },
      ],
    });
  });

  test('half of the instances is the most that AWS allows, and is allowed', () => {
    expect(feasible(canary(50))).toMatchObject({ stepInstances: 2, stages: [{ share: 0.5 }, { share: 1 }] });
    expect(feasible(canary(50), { ...fleet, instanceCount: 2 }).stepInstances).toBe(1);
    expect(refusal(canary(51), { ...fleet, instanceCount: 100 })).toContain('AWS allows at most 50 %');
  });

  test('all at once has one bake, on the whole fleet', () => {
    const path = feasible({ strategy: 'all-at-once', finalBakeSeconds: 300, ...guarded });
    expect(path).toMatchObject({ routing: 'ALL_AT_ONCE', waitSeconds: 0, terminationWaitSeconds: 300 });
  });

  test('a rolling update bakes after every batch', () => {
    const rolling: Rollout = {
      strategy: 'rolling',
      batch: { unit: 'instances', value: 1 },
      bakeSeconds: 120,
      ...guarded,
    };
    expect(feasible(rolling).stages.map(({ bakeSeconds }) => bakeSeconds)).toEqual([120, 120, 120, 120]);
  });

  test('the first deployment is a creation and says so', () => {
    const compiled = compile(canary(25), { ...fleet, exists: false, instanceCount: 1 });
    expect(compiled).toMatchObject({ is: 'feasible', path: { mechanism: 'creation' } });
  });

  test('a percentage that is not a whole number of instances is rounded down, and the plan says so', () => {
    const compiled = compile(canary(25), { ...fleet, instanceCount: 6 });
    expect(compiled).toMatchObject({ is: 'feasible', path: { stepInstances: 1 } });
    if (compiled.is === 'feasible') expect(compiled.notes.join('\n')).toContain('1 of 6 (16.7 %)');
  });

  test.each([
    [
      'canary on one instance',
      canary(25),
      { ...fleet, instanceCount: 1 },
      'needs at least 2 instances and the fleet has 1',
    ],
    ['less than one instance', canary(5), { ...fleet, instanceCount: 3 }, '5 % of 3 instances is 0.15 of an instance'],
    ['more than half', canary(3, 'instances'), fleet, 'AWS allows at most 50 %'],
    ['a linear step over half', linear(75), fleet, 'AWS allows at most 50 %'],
    ['Inf1', canary(25), { ...fleet, fleet: on('ml.inf1.xlarge') }, 'has no deployment guardrails'],
    [
      'a final bake on Inf1, which SageMaker would silently leave out',
      { strategy: 'all-at-once', finalBakeSeconds: 300, ...guarded } as Rollout,
      { ...fleet, fleet: on('ml.inf1.xlarge') },
      'without a bake',
    ],
    [
      'a canary away from Inf1',
      canary(25),
      { ...fleet, replaced: on('ml.inf1.xlarge') },
      'has no deployment guardrails',
    ],
    ['a container from the Marketplace', canary(25), { ...fleet, productId: 'prod-1' }, 'Marketplace (prod-1) has no'],
    ['a way out of it', canary(25), { ...fleet, productId: 'prod-1' }, 'use strategy: steps, or strategy: all-at-once'],
    ['bakes without instances', canary(25), { ...fleet, fleet: serverless }, 'use strategy: all-at-once'],
    [
      'alarms without instances',
      { ...unwatched, alarms: { errors: 0.01, named: [] } } as Rollout,
      { ...fleet, exists: false, fleet: serverless },
      'no alarms',
    ],
    [
      'the way from instances to serverless',
      unwatched,
      { ...fleet, fleet: serverless, replaced: on('ml.m5.large') },
      'deliver to an endpoint of another name',
    ],
    ['a wait over 1 h', { ...canary(25), bakeSeconds: 3660 } as Rollout, fleet, 'bake 61m is over SageMaker'],
    [
      'a final bake over 1 h',
      { ...canary(25), finalBakeSeconds: 7200 } as Rollout,
      fleet,
      'final-bake 2h is over SageMaker',
    ],
    [
      'more than 8 h in all',
      { ...linear(10), bakeSeconds: 3600 } as Rollout,
      { ...fleet, instanceCount: 10 },
      'limit of 8 h',
    ],
    [
      'a timeout shorter than its bakes',
      { ...canary(25), timeoutSeconds: 900 } as Rollout,
      fleet,
      'cannot hold 15m of bakes',
    ],
    ['a timeout AWS refuses', { ...canary(25), timeoutSeconds: 60 } as Rollout, fleet, "outside SageMaker's range"],
  ])('refuses %s and says what to do', (_name, rollout, facts, because) => {
    expect(refusal(rollout, facts)).toContain(because);
  });

  test.each([
    ['a serverless endpoint', unwatched, { ...fleet, fleet: serverless, replaced: serverless }, 'no alarm watches'],
    ['the way from serverless to instances', canary(25), { ...fleet, replaced: serverless }, 'no way back'],
  ])('%s is updated plainly, and the plan says what does not exist there', (_name, rollout, facts, note) => {
    const compiled = compile(rollout, facts);
    expect(compiled).toMatchObject({ is: 'feasible', path: { mechanism: 'plain' } });
    expect(compiled.is === 'feasible' && compiled.notes.join()).toContain(note);
  });

  test('Inf1 all at once, watched by nothing, is what SageMaker does there', () => {
    expect(feasible(unwatched, { ...fleet, fleet: on('ml.inf1.xlarge') }).routing).toBe('ALL_AT_ONCE');
    expect(feasible(unwatched, { ...fleet, productId: 'prod-1' }).routing).toBe('ALL_AT_ONCE');
  });

  test('whatever is feasible is within the limits AWS publishes', () => {
    const capacity = fc.oneof(
      fc.record({ unit: fc.constant('percent' as const), value: fc.integer({ min: 1, max: 100 }) }),
      fc.record({ unit: fc.constant('instances' as const), value: fc.integer({ min: 1, max: 50 }) }),
    );
    const waits = {
      bakeSeconds: fc.integer({ min: 0, max: 4000 }),
      finalBakeSeconds: fc.integer({ min: 0, max: 4000 }),
    };
    const rollout = fc.oneof(
      fc.record({ strategy: fc.constant('canary' as const), size: capacity, ...waits }),
      fc.record({ strategy: fc.constant('linear' as const), step: capacity, ...waits }),
      fc.record({ strategy: fc.constant('rolling' as const), batch: capacity, bakeSeconds: waits.bakeSeconds }),
    );
    fc.assert(
      fc.property(rollout, fc.integer({ min: 1, max: 60 }), (shape, instanceCount) => {
        const compiled = compile({ ...shape, ...guarded }, { ...fleet, instanceCount });
        if (compiled.is === 'infeasible') return;
        const path = compiled.path as Guardrail;
        const share = (path.stepInstances ?? 0) / instanceCount;
        const smallest = { CANARY: 0, LINEAR: 0.1, ROLLING: 0.05, ALL_AT_ONCE: 0 }[path.routing];
        expect(share).toBeGreaterThanOrEqual(smallest);
        expect(share).toBeLessThanOrEqual(0.5);
        expect(Math.max(path.waitSeconds, path.terminationWaitSeconds)).toBeLessThanOrEqual(3600);
        expect(path.timeoutSeconds).toBeGreaterThanOrEqual(600);
        expect(path.timeoutSeconds).toBeLessThanOrEqual(28_800);
        expect(path.stages.at(-1)?.share).toBe(1);
        const shares = path.stages.map((stage) => stage.share);
        expect(shares).toEqual([...shares].sort((a, b) => a - b));
      }),
    );
  });
});
