import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { readServing } from '../../src/rehearsal/serving.ts';
import { openStage, type Stage } from '../../src/rehearsal/stage.ts';
import type { ReleaseRecord } from '../../src/release/record.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
  const first = await stage.begin('what serves', '1.0.0');
  await first.prepare();
  await first.run('deploy-endpoint');
  await stage.startTraffic();
});
afterEach(() => stage.close());

/** What the endpoint and its alarms show once everything that goes on by itself has ended. */
const shown = async () => {
  const { simulator, driver } = stage;
  for (;;) {
    const serving = await readServing(simulator, 'iris');
    const { MetricAlarms } = await simulator.call('cloudwatch', 'DescribeAlarms', {});
    if (serving?.status !== 'InService') await driver.until(driver.now() + minutes(1));
    else return { version: serving.version, instances: serving.instances, alarms: (MetricAlarms as unknown[]).length };
  }
};

const record = (): ReleaseRecord => {
  const found = stage.simulator.objects.get('model-delivery-111122223333-eu-west-1', 'iris/record.json');
  return JSON.parse(found?.body.toString() ?? '');
};

interface Point {
  /** The call before which the runner sends SIGINT; without one it sends it in the middle of the bake. */
  readonly call?: { readonly service: string; readonly operation: string };
  readonly says: 'cancelled' | 'delivered';
  /** The release that the run leaves behind for SageMaker to finish: its alarms stay. */
  readonly leaves?: readonly string[];
  readonly rerun: 'delivered' | 'already-delivered';
}

const points: Readonly<Record<string, Point>> = {
  'while the plan is made': {
    call: { service: 'ecr', operation: 'BatchGetImage' },
    says: 'cancelled',
    rerun: 'delivered',
  },
  'while preparing': {
    call: { service: 'sagemaker', operation: 'CreateEndpointConfig' },
    says: 'cancelled',
    rerun: 'delivered',
  },
  'while submitting': {
    call: { service: 'sagemaker', operation: 'UpdateEndpoint' },
    says: 'cancelled',
    // The signal and the answer are on their way at once. Where the signal is first, the turn ends before it writes down that the
    // answer came, and the re-run finds out.
    leaves: ['submitting', 'supervising'],
    rerun: 'delivered',
  },
  'while supervising': { says: 'cancelled', leaves: ['supervising'], rerun: 'delivered' },
  // Everything had been decided and verified: what is left takes less time than the runner gives, and the truth is told.
  'while settling': {
    call: { service: 'cloudwatch', operation: 'DeleteAlarms' },
    says: 'delivered',
    rerun: 'already-delivered',
  },
};

test.each(Object.entries(points))(
  'SIGINT %s: answered, told, put to rest, and gone on with by the re-run',
  async (_when, { call, says, leaves, rerun }) => {
    const release = await stage.begin('a better version', '1.1.0');
    await release.prepare();
    const signal = (): void => {
      running.process.kill('SIGINT');
      stage.simulator.rouse(running.process.id);
    };
    if (call) stage.simulator.faults.add({ ...call, times: 1, kind: 'call', action: signal });
    const running = release.start('deploy-endpoint');
    if (!call) {
      await stage.driver.until(stage.driver.now() + minutes(7));
      signal();
    }
    const step = await release.finish(running);
    const outcome = says === 'cancelled' ? 'cancelled' : 'succeeded';
    expect(step.exit).toEqual({ code: says === 'cancelled' ? 1 : 0, signal: undefined });
    expect(step.outputs).toMatchObject({ outcome, 'reason-code': says });
    expect(JSON.parse(step.outputs['result'] ?? '')).toMatchObject({ outcome, reason: says });
    expect(step.summary).toContain(says);

    const submitted = leaves !== undefined || says === 'delivered';
    if (leaves) expect(leaves).toContain(record().live?.phase);
    else expect(record().live).toBeUndefined();
    expect(await shown()).toEqual({
      version: submitted ? '1.1.0' : '1.0.0',
      instances: { current: 4, desired: 4 },
      alarms: leaves ? 2 : 0,
    });

    release.rerun();
    const again = await release.run('deploy-endpoint');
    expect(again.outputs).toMatchObject({ outcome: 'succeeded', 'reason-code': rerun });
    expect(record().live).toBeUndefined();
    expect(record().history.map(({ version, good }) => [version, good])).toEqual([
      ['1.1.0', true],
      ['1.0.0', true],
    ]);
    expect(await shown()).toEqual({ version: '1.1.0', instances: { current: 4, desired: 4 }, alarms: 0 });
  },
);
