import { describe, expect, it } from '@jest/globals';
import type { LoggedRequest } from '../../simulator/contracts.ts';
import { minutes, seconds } from '../../src/clock.ts';
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

  it('leaves an update to SageMaker, and ends the delivery that is live in another workflow run', async () => {
    const stage = await openStage();
    try {
      const release = await stage.begin('first deployment', '1.0.0');
      await release.prepare();
      const left = await release.run('deploy-endpoint', { follow: 'false', 'on-pending': 'continue' });
      expect([left.exit.code, left.outputs['reason-code']]).toEqual([0, 'in-progress']);
      const later = await stage.begin('an event', '1.0.0');
      const resume = () => later.run('deploy-endpoint', { version: 'live', follow: 'false', 'on-pending': 'continue' });
      expect((await resume()).outputs['reason-code']).toBe('in-progress');
      await stage.driver.until(stage.driver.now() + minutes(20));
      expect((await resume()).outputs).toMatchObject({ 'reason-code': 'delivered', version: '1.0.0' });
      const seen = stage.simulator.requests.length;
      expect((await resume()).outputs).toMatchObject({ outcome: 'succeeded', 'reason-code': 'nothing-to-resume' });
      expect(writes(stage.simulator.requests.slice(seen))).toEqual([]);
    } finally {
      await stage.close();
    }
  });

  it('deploys the same', async () => {
    const [one, many] = [await deliver(true), await deliver(false)];
    expect(one).toMatchObject({ processes: 1, end: { outcome: 'succeeded' } });
    expect(many.processes).toBeGreaterThan(3);
    expect(many.end).toEqual(one.end);
  });
});
