import { minutes } from '../../clock.ts';
import { rehearsedTeam, rollouts } from '../manifest.ts';
import { complain, complaints, watchComplaints } from './complaints.ts';
import { deliver, delivered, inProduction, isEnd, type Scenario, untilNoted } from './scenario.ts';

export const rollingGood: Scenario = {
  name: 'rolling-good',
  about: 'A better version replaces the fleet batch by batch, without a second fleet.',
  expected: delivered,
  play: async (stage, require) => {
    await inProduction(stage, require);
    stage.writeManifest({ rollout: rollouts.rolling });
    const release = await deliver(stage, 'A better version in batches', '1.1.0');
    const peak = release.ending?.result?.plan?.peakInstances['ml.m5.large'];
    require(peak === 6, `the plan shows four instances and a batch of two at the peak, not ${peak}`);
    return release;
  },
};

export const rollingAlarm: Scenario = {
  name: 'rolling-alarm',
  about: 'The first batch fails on 5 % of its requests: its alarm brings the old batch back.',
  expected: { outcome: 'rolled-back', reasonCode: 'alarm' },
  play: async (stage, require) => {
    await inProduction(stage, require);
    stage.writeManifest({ rollout: rollouts.rolling });
    return deliver(stage, 'A version with 5 % errors in batches', '1.4.0');
  },
};

export const rollingRollbackFails: Scenario = {
  name: 'rolling-rollback-fails',
  about:
    'An alarm goes off in the last batch, and the old version gets no instances: both versions serve until a rollback.',
  expected: { outcome: 'succeeded', reasonCode: 'restored' },
  play: async (stage, require) => {
    await inProduction(stage, require);
    await watchComplaints(stage);
    stage.writeManifest({ rollout: rollouts.rolling, namedAlarms: [complaints] });
    const bad = await stage.begin('An unpopular version, and no way back', '1.2.0');
    await bad.prepare();
    const running = bad.start('deploy-endpoint');
    // The second batch removes the old instances, so the way back needs new ones.
    await untilNoted(stage, 'batch-activated', 2);
    stage.simulator.harm.failCapacity(1);
    bad.did('hears complaints', 'in the second batch');
    await complain(stage, minutes(3));
    await bad.finish(running);
    const ending = await bad.end();
    require(isEnd(bad, {
      outcome: 'failed',
      reasonCode: 'rollback-failed',
    }), `the failed rollback is reported: ${ending.reason}`);
    require(ending.after?.status === 'UpdateRollbackFailed', 'the endpoint is left with both versions');
    require(ending.result?.outputs['serving-version'] === '', 'no output claims that one version serves');

    const home = await stage.begin('An engineer rolls back', '1.0.0');
    await home.run('rollback', { because: 'two versions serve' });
    await home.end();
    require(home.ending?.after?.instances.current === 4, `all four instances of ${rehearsedTeam.endpoint} are back`);
    return home;
  },
};
