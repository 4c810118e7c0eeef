import { describe, expect, it } from '@jest/globals';
import type { LoggedRequest } from '../../simulator/contracts.ts';
import { seconds } from '../../src/clock.ts';
import { openStage } from '../../src/rehearsal/stage.ts';
import type { Result } from '../../src/report/result.ts';

/** Every write but those of the release record: how often it is renewed depends on how often somebody looks. */
const writes = (requests: readonly LoggedRequest[]): string[] =>
  requests
    .filter(({ mutation, resource }) => mutation && !resource.endsWith('/record.json'))
    .map(
      ({ service, operation, resource, error }) => `${service}:${operation} ${resource}${error ? ` (${error})` : ''}`,
    );

describe('the bundle, in one process or in a process for every wait', () => {
  const deliver = async (alone: boolean) => {
    const stage = await openStage();
    try {
      const release = await stage.begin('first deployment', '1.0.0');
      await release.prepare();
      const from = stage.simulator.requests.length;
      let step = await release.run('deploy-endpoint', alone ? {} : { wait: 'false', 'on-pending': 'continue' });
      let processes = 1;
      for (; step.outputs['outcome'] === 'pending'; processes++) {
        expect(step.exit.code).toBe(0);
        await stage.driver.until(stage.driver.now() + seconds(30));
        step = await release.run('deploy-endpoint', {
          wait: 'false',
          'on-pending': 'continue',
          'resume-token': step.outputs['resume-token'] ?? '',
        });
      }
      const { outcome, outputs } = JSON.parse(step.outputs['result'] ?? '') as Result;
      return { end: { outcome, outputs, writes: writes(stage.simulator.requests.slice(from)) }, processes };
    } finally {
      await stage.close();
    }
  };

  it('deploys the same', async () => {
    const [one, many] = [await deliver(true), await deliver(false)];
    expect(one).toMatchObject({ processes: 1, end: { outcome: 'succeeded' } });
    expect(many.processes).toBeGreaterThan(3);
    expect(many.end).toEqual(one.end);
  });
});
