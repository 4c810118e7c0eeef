import { describe, expect, test } from '@jest/globals';
import type { EndpointSpec } from '../../../src/manifest/manifest.ts';
import { planDark } from '../../../src/mechanisms/variants/plan-dark.ts';
import { newRecord } from '../../../src/release/lifecycle.ts';
import { asking, churnSpec, planningWorld, recordOf, rollout } from '../../support/planning.ts';
import { refusal } from '../../support/refusal.ts';
import { registeredVersion } from '../../support/registered.ts';

import { subject } from '../../support/release.ts';

const registered = registeredVersion({ version: '1.2.0', imageDigest: 'sha256:5e' });

const planned = (
  world: ReturnType<typeof planningWorld>,
  record = newRecord(subject),
  requested = asking('1.2.0'),
): ReturnType<typeof planDark> =>
  planDark(world, { operation: 'deploy-endpoint', requested: requested, registered, record, attempt: 1, tags: {} });
const serving = { config: 'churn-1-0-0' };

describe('bringing a candidate up dark', () => {
  test('plans a config of both, as large as what serves, and both ways out of it', async () => {
    const { release, plan } = await planned(planningWorld({ AllTraffic: 1 }, serving));
    expect(release).toMatchObject({
      operation: 'deploy-endpoint',
      version: '1.2.0',
      baseline: { endpointConfig: 'churn-1-0-0' },
      candidate: { instanceCount: 4, packageVersion: 7, imageDigest: 'sha256:5e', beside: { baseline: 'churn-1-0-0' } },
      submission: { mechanism: 'variants', kind: 'update', variant: 'AllTraffic-next', canonical: 'AllTraffic' },
    });
    expect(release.candidate.beside?.candidate).not.toBe(release.candidate.endpointConfig);
    expect(plan.peakInstances).toEqual({ 'ml.m5.large': 12 });
  });

  test('prints the time to proof on each step', async () => {
    const { plan } = await planned(planningWorld({ AllTraffic: 1 }, serving));
    const notes = plan.notes.join('\n');
    expect(notes).toMatch(/at 7 % a version as good as this one is proven after about \d+m/);
    expect(notes).toMatch(/at 50 % a version as good as this one is proven after about \d+s/);
    expect(notes).not.toContain('at 100 %');
  });

  test('of a baseline that fails now and then says the longer time that takes', async () => {
    const did = (fleet: string) => (fleet === 'AllTraffic' ? { requests: 3000, errors: 6 } : undefined);
    const { plan } = await planned(planningWorld({ AllTraffic: 1 }, { ...serving, did }));
    expect(plan.notes.join('\n')).toMatch(/at 7 % a version as good as this one is proven after about (7|8|9|1\d)m/);
  });

  test('goes over what an earlier release left without traffic, and keeps its way back', async () => {
    const { release } = await planned(planningWorld({ AllTraffic: 1, 'AllTraffic-next': 0 }), recordOf());
    expect(release.candidate.beside?.baseline).toBe('churn-1-0-0');
  });
});

describe('refused before anything is written', () => {
  test('a candidate that has traffic', async () => {
    const world = planningWorld({ AllTraffic: 0.9, 'AllTraffic-next': 0.1 });
    expect(await refusal(planned(world, recordOf()))).toMatch(/^endpoint-unusable: .*end the traffic shift first/);
  });

  test('too little traffic for a proof', async () => {
    const did = () => undefined;
    expect(await refusal(planned(planningWorld({ AllTraffic: 1 }, { ...serving, did })))).toMatch(
      /^too-little-traffic: .*takes for ever/,
    );
  });

  test('an alarm that cannot protect the steps to come', async () => {
    const requested = asking('1.2.0', { ...rollout, bakeSeconds: 120, alarms: { errors: 0.01, named: [] } });
    expect(await refusal(planned(planningWorld({ AllTraffic: 1 }, serving), undefined, requested))).toMatch(
      /^alarm-cannot-fire: .*within the bake of 2m/,
    );
  });

  test('an endpoint without weights', async () => {
    const serverless = { ...churnSpec, instance: undefined, serverless: { memoryMb: 2048 } } as unknown as EndpointSpec;
    const requested = asking('1.2.0', rollout, serverless);
    expect(await refusal(planned(planningWorld({ AllTraffic: 1 }, serving), undefined, requested))).toMatch(
      /^infeasible-rollout: .*only real-time endpoints on instances/,
    );
  });
});
