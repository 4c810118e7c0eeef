import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { hours, minutes } from '../../src/clock.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { manifestText, rollouts } from '../../src/rehearsal/manifest.ts';
import { end } from '../../src/release/lifecycle.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { atRest } from '../support/at-rest.ts';

/** `deploy-endpoint` with `follow: false`, and with `version: live`, as a timer or an event starts it. */
let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
  account.writeManifest(() => manifestText({ rollout: hourly }));
});
afterEach(() => account.close());

const bucket = 'model-delivery-111122223333-eu-west-1';
const hourly = 'strategy: canary, size: 25%, bake: 50m, final-bake: 10m';
const start = (version: string) => account.run(deployEndpoint, { version, follow: 'false' }, { runId: '7' });
const resume = (runId = '8') => account.run(deployEndpoint, { version: 'live', follow: 'false' }, { runId });
const look = (runId = '9') => account.run(rollback, { 'only-expired': 'true' }, { runId });

/** Runs nothing may write but the look of a run that goes on. */
const changesNothing = async (run: () => ReturnType<typeof resume>) => {
  const seen = account.watch();
  const report = await run();
  expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
  return report;
};

const leave = async (version: '1.1.0' | '1.4.0' = '1.1.0'): Promise<void> => {
  await account.inProduction('1.0.0');
  await account.prepare(version);
  const before = account.simulator.clock.now();
  const report = await start(version);
  expect(report?.result).toMatchObject({ outcome: 'pending', reason: 'in-progress' });
  expect(report?.result.outputs).toMatchObject({ version, 'previous-version': '1.0.0' });
  expect(account.simulator.clock.now() - before).toBeLessThan(minutes(1));
};

describe('a delivery that no run follows', () => {
  test('ends its run once SageMaker carries the update out, and another run verifies its end', async () => {
    await leave();
    expect((await resume())?.result).toMatchObject({ outcome: 'pending', reason: 'in-progress' });
    await account.pass(minutes(80));
    const before = account.simulator.clock.now();
    const report = await resume('10');
    expect(report?.result).toMatchObject({ outcome: 'succeeded', reason: 'delivered' });
    expect(report?.result.outputs).toMatchObject({ 'serving-version': '1.1.0' });
    expect(account.simulator.clock.now() - before).toBeLessThan(minutes(1));
    expect(await atRest(account)).toMatchObject({ alarms: [], live: undefined });
  });

  test('may be the first one, whose endpoint SageMaker creates without a run', async () => {
    await account.prepare('1.0.0');
    expect((await start('1.0.0'))?.result).toMatchObject({ outcome: 'pending', reason: 'in-progress' });
    await account.pass(minutes(20));
    expect((await resume())?.result).toMatchObject({ outcome: 'succeeded', reason: 'delivered' });
  });

  test('may have its manifest changed: the watchdog ends it in the end', async () => {
    await leave();
    account.writeManifest(() => manifestText());
    await account.pass(hours(2));
    expect((await resume())?.result).toMatchObject({ reason: 'plan-changed' });
    expect((await look())?.result).toMatchObject({ reason: 'brought-to-rest' });
    expect((await resume())?.result).toMatchObject({ reason: 'nothing-to-resume' });
  });

  test('is followed to its end by a delivery of another version, which replaces it then', async () => {
    await leave();
    await account.prepare('1.3.0');
    expect((await account.run(deployEndpoint, { version: '1.3.0' }, { runId: '8' }))?.result).toMatchObject({
      reason: 'delivered',
    });
    expect(account.record()?.history.map(({ version, good }) => `${version} ${good}`)).toEqual([
      ...['1.3.0 true', '1.1.0 true', '1.0.0 true'],
    ]);
  });

  test('is followed to its end where it is stopped by hand', async () => {
    await leave();
    const death = { atCall: 's3.putObject', received: true };
    expect(await account.run(rollback, {}, { runId: '8', death })).toBeUndefined();
    expect((await resume('9'))?.result).toMatchObject({ outcome: 'rolled-back', reason: 'aborted-by-hand' });
  });

  test('is taken back by the watchdog at once, where the run that stops it by hand died', async () => {
    await leave();
    const death = { atCall: 's3.putObject', received: true };
    expect(await account.run(rollback, {}, { runId: '8', death })).toBeUndefined();
    expect((await look())?.result).toMatchObject({
      reason: 'brought-to-rest',
      because: expect.stringContaining('ended rolled-back/aborted-by-hand'),
    });
  });

  test('is followed to its end where the judge needs a run', async () => {
    await account.inProduction('1.0.0');
    account.writeManifest(() => manifestText({ rollout: rollouts.judgedCanary }));
    await account.prepare('1.1.0');
    const death = { atCall: 'sagemaker.updateEndpoint', received: true };
    expect(await account.run(deployEndpoint, { version: '1.1.0' }, { runId: '7', death })).toBeUndefined();
    await account.pass(minutes(11));
    expect((await resume())?.result).toMatchObject({ outcome: 'succeeded', reason: 'delivered' });
  });

  test('is taken back by its alarm, and the next run tells so, also when it is run again', async () => {
    await leave('1.4.0');
    const token = JSON.stringify({ v: 1, release: account.record()?.live?.id });
    await account.pass(minutes(70));
    expect((await resume())?.result).toMatchObject({ outcome: 'rolled-back', reason: 'alarm' });
    const again = { version: 'live', follow: 'false', 'resume-token': token };
    const { result } = (await account.run(deployEndpoint, again, { runId: '8' })) ?? {};
    expect(result).toMatchObject({ reason: 'alarm', outputs: { 'previous-version': '1.0.0' } });
    expect((await resume())?.result).toMatchObject({
      reason: 'nothing-to-resume',
      because: expect.stringContaining('ended rolled-back/alarm'),
    });
  });

  test('that lost its approval meanwhile is taken back by the run that ends it', async () => {
    await leave();
    await account.simulator.call('sagemaker', 'UpdateModelPackage', {
      ModelPackageArn: 'arn:aws:sagemaker:eu-west-1:111122223333:model-package/iris/2',
      ModelApprovalStatus: 'Rejected',
    });
    await account.pass(minutes(80));
    expect((await resume())?.result).toMatchObject({ outcome: 'rolled-back', reason: 'approval-withdrawn' });
  });

  test('is taken back by the next run, where the one that began to take it back died before its update', async () => {
    await leave();
    await account.simulator.call('sagemaker', 'UpdateModelPackage', {
      ModelPackageArn: 'arn:aws:sagemaker:eu-west-1:111122223333:model-package/iris/2',
      ModelApprovalStatus: 'Rejected',
    });
    await account.pass(minutes(80));
    const isOnItsWayBack = () => {
      const { phase, takenBack } = account.record()?.live ?? {};
      return takenBack !== undefined && phase === 'preparing';
    };
    for (let call = 1; call < 40 && !isOnItsWayBack(); call++) {
      await account.run(deployEndpoint, { version: 'live' }, { runId: '8', death: { atCall: call, received: true } });
      await account.pass(minutes(11));
    }
    expect(isOnItsWayBack()).toBe(true);
    expect((await resume('9'))?.result).toMatchObject({ outcome: 'rolled-back', reason: 'approval-withdrawn' });
  });

  test('is not left by a run that lost it to another one since its last look', async () => {
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    const { objects, faults } = account.simulator;
    const taken = { holder: 'another run', until: account.simulator.clock.now() + hours(5) };
    // The turn has looked at the update and saved; the other run has the record before it is written once more.
    let hasLooked = false;
    const looks = () => {
      hasLooked = account.record()?.live?.witnessed.submittedAt !== undefined;
    };
    const takeIt = () => {
      if (!hasLooked) return;
      const record = account.record();
      const text = JSON.stringify({ ...record, live: { ...record?.live, lease: taken } });
      objects.put(bucket, 'iris/record.json', Buffer.from(text));
    };
    faults.add({ service: 'sagemaker', operation: 'DescribeEndpoint', times: 50, kind: 'call', action: looks });
    faults.add({ service: 'sagemaker', operation: 'DescribeModelPackage', times: 50, kind: 'call', action: takeIt });
    const report = await start('1.1.0');
    expect(report?.result.reason).not.toBe('in-progress');
    expect(account.record()?.live).toMatchObject({ lease: taken });
    expect(account.record()?.live).not.toHaveProperty('leftUntil');
  });

  test('goes on by its version, too, as one that ended before', async () => {
    await leave();
    await account.pass(minutes(80));
    const token = JSON.stringify({ v: 1, release: account.record()?.live?.id });
    const goOn = (runId: string) =>
      account.run(deployEndpoint, { version: '1.1.0', once: 'true', 'resume-token': token }, { runId });
    expect((await goOn('8'))?.result).toMatchObject({ outcome: 'succeeded', reason: 'delivered' });
    expect((await goOn('9'))?.result).toMatchObject({ outcome: 'succeeded', reason: 'already-delivered' });
  });

  test('by its token begins nothing, when it was stopped by hand meanwhile', async () => {
    await leave();
    const token = JSON.stringify({ v: 1, release: account.record()?.live?.id });
    expect((await account.run(rollback, {}, { runId: '8' }))?.result).toMatchObject({ reason: 'restored' });
    const report = await changesNothing(() =>
      account.run(deployEndpoint, { version: '1.1.0', once: 'true', 'resume-token': token }, { runId: '9' }),
    );
    expect(report?.result).toMatchObject({ outcome: 'rolled-back', reason: 'aborted-by-hand' });
  });

  test('by its token begins nothing, when another version was delivered meanwhile', async () => {
    await leave();
    const token = JSON.stringify({ v: 1, release: account.record()?.live?.id });
    await account.pass(minutes(80));
    await resume();
    await account.prepare('1.3.0');
    expect((await account.run(deployEndpoint, { version: '1.3.0' }, { runId: '9' }))?.result).toMatchObject({
      reason: 'delivered',
    });
    const report = await changesNothing(() =>
      account.run(deployEndpoint, { version: '1.1.0', once: 'true', 'resume-token': token }, { runId: '10' }),
    );
    expect(report?.result).toMatchObject({ outcome: 'succeeded', reason: 'served-before' });
  });

  test('is left alone by the watchdog until it is overdue, and settled then', async () => {
    await leave();
    await account.pass(minutes(20));
    expect((await changesNothing(look))?.result).toMatchObject({
      reason: 'nothing-expired',
      because: expect.stringContaining('goes on without a run'),
    });
    await account.pass(hours(2));
    expect((await look())?.result).toMatchObject({ reason: 'brought-to-rest' });
    expect(account.record()?.history[0]).toMatchObject({ version: '1.1.0', good: true });
  });

  test('is settled by the watchdog like any other, once a run that went on with it died', async () => {
    await leave();
    await account.pass(minutes(80));
    const death = { atCall: 's3.putObject', received: true };
    expect(await account.run(deployEndpoint, { version: 'live' }, { runId: '8', death })).toBeUndefined();
    await account.pass(minutes(11));
    expect((await look())?.result).toMatchObject({ reason: 'brought-to-rest' });
  });

  test('is settled, and not begun, where its announced submission never arrived', async () => {
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    const death = { atCall: 'sagemaker.updateEndpoint', received: false };
    expect(
      await account.run(deployEndpoint, { version: '1.1.0', follow: 'false' }, { runId: '7', death }),
    ).toBeUndefined();
    expect(account.record()?.live?.phase).toBe('submitting');
    await account.pass(minutes(11));
    const seen = account.watch();
    expect((await resume())?.result).toMatchObject({
      outcome: 'inconclusive',
      reason: 'abandoned',
      because: 'its run ended before anything was submitted',
    });
    expect(seen().filter(({ operation }) => operation === 'UpdateEndpoint')).toEqual([]);
    expect(await atRest(account)).toMatchObject({ alarms: [], live: undefined });
  });

  test('keeps its plan: another manifest is refused', async () => {
    await leave();
    account.writeManifest(() => manifestText());
    expect((await changesNothing(resume))?.result).toMatchObject({ outcome: 'failed', reason: 'plan-changed' });
  });

  test.each([
    ['steps', rollouts.steps, 'a run moves the traffic'],
    ['a judge', rollouts.judgedCanary, 'the judge can take the traffic back only by a run'],
  ])('needs a run with %s, and is refused before anything begins', async (_what, rollout, why) => {
    await account.inProduction('1.0.0');
    account.writeManifest(() => manifestText({ rollout }));
    await account.prepare('1.1.0');
    expect((await changesNothing(() => start('1.1.0')))?.result).toMatchObject({
      outcome: 'failed',
      reason: 'infeasible-rollout',
      because: expect.stringContaining(why),
    });
  });

  test('needs a run where CodeDeploy serves, and is refused', async () => {
    account.writeManifest(() => manifestText({ lambda: true, rollout: rollouts.judgedAlias, unwatched: true }));
    expect((await changesNothing(() => start('1.1.0')))?.result).toMatchObject({
      reason: 'infeasible-rollout',
      because: expect.stringContaining('CodeDeploy carries out the rollout of production'),
    });
  });

  test('says in its plan what no run will see', async () => {
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    const report = await account.run(deployEndpoint, { version: '1.1.0', follow: 'false', 'dry-run': 'true' });
    expect(report?.result.plan?.notes).toEqual(
      expect.arrayContaining([expect.stringContaining('no run follows the update')]),
    );
  });
});

describe('version: live', () => {
  const finds = async (because: string): Promise<void> => {
    const report = await changesNothing(resume);
    expect(report?.result).toMatchObject({
      outcome: 'succeeded',
      reason: 'nothing-to-resume',
      because: expect.stringContaining(because),
    });
  };

  test('finds nothing on an endpoint without a record', () => finds('none was before'));

  test('finds nothing after a delivery, and tells how it ended', async () => {
    await account.inProduction('1.0.0');
    await finds('ended succeeded/delivered');
  });

  test('leaves a delivery alone that a run follows', async () => {
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    const death = { atCall: 'sagemaker.updateEndpoint', received: true };
    await account.run(deployEndpoint, { version: '1.1.0' }, { runId: '7', death });
    await finds('is followed by');
  });

  test('leaves a delivery alone that has submitted nothing', async () => {
    await account.inProduction('1.0.0');
    await account.prepare('1.1.0');
    const death = { atCall: 'sagemaker.createModel', received: true };
    await account.run(deployEndpoint, { version: '1.1.0' }, { runId: '7', death });
    await account.pass(minutes(11));
    await finds('is no submitted delivery');
  });

  test('begins nothing where another run ends the delivery between two looks', async () => {
    await leave();
    await account.pass(minutes(80));
    const record = account.record();
    if (record === undefined) throw new Error('there is no record');
    let looks = 0;
    const answered = (name: string): void => {
      if (name !== 's3.getObject' || ++looks !== 3) return;
      const as = { outcome: 'succeeded', reason: 'delivered', because: 'verified', serving: 'candidate' } as const;
      account.forge(end(record, { ...as, at: account.simulator.clock.now() }));
    };
    const seen = account.watch();
    const report = await account.run(deployEndpoint, { version: 'live', follow: 'false' }, { runId: '8', answered });
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
    expect(report?.result).toMatchObject({
      reason: 'nothing-to-resume',
      because: expect.stringContaining('ended succeeded/delivered'),
    });
  });

  test('leaves the release of another operation alone, also when a token names it', async () => {
    await account.inProduction('1.0.0');
    await account.inProduction('1.1.0');
    const death = { atCall: 'sagemaker.updateEndpoint', received: true };
    await account.run(rollback, {}, { runId: '7', death });
    await account.pass(minutes(11));
    const token = JSON.stringify({ v: 1, release: account.record()?.live?.id });
    const report = await changesNothing(() =>
      account.run(deployEndpoint, { version: 'live', 'resume-token': token }, { runId: '8' }),
    );
    expect(report?.result).toMatchObject({
      reason: 'plan-changed',
      because: expect.stringContaining('is of rollback, and version: live ends deliveries alone'),
    });
  });

  test('leaves the release of another operation alone', async () => {
    await account.inProduction('1.0.0');
    account.writeManifest(() => manifestText({ rollout: rollouts.steps }));
    await account.prepare('1.1.0');
    await account.run(deployEndpoint, { version: '1.1.0' });
    const death = { atCall: 'sagemaker.updateEndpointWeightsAndCapacities', received: true };
    await account.run(shiftTraffic, { version: '1.1.0' }, { runId: '7', death });
    await account.pass(minutes(11));
    await finds('shift-traffic of 1.1.0');
  });
});
