import { minutes } from '../../clock.ts';
import { rehearsedTeam, rollouts } from '../manifest.ts';
import { complain, complaints, watchComplaints } from './complaints.ts';
import { deliver, delivered, inProduction, isEnd, type Scenario } from './scenario.ts';

const byAlarm = { outcome: 'rolled-back', reasonCode: 'alarm' } as const;

export const canaryErrorsRolledBack: Scenario = {
  name: 'canary-errors-rolled-back',
  about: 'A version that fails on 5 % of its requests is taken back by its alarm during the canary bake.',
  expected: byAlarm,
  play: async (stage, require) => {
    await inProduction(stage, require);
    return deliver(stage, 'A version with 5 % errors by canary', '1.4.0');
  },
};

export const allAtOnceBakeAlarm: Scenario = {
  name: 'all-at-once-bake-alarm',
  about: 'All traffic moves at once; the alarm goes off during the final bake and all of it returns.',
  expected: byAlarm,
  play: async (stage, require) => {
    await inProduction(stage, require);
    stage.writeManifest({ rollout: rollouts.allAtOnce });
    return deliver(stage, 'A version with 5 % errors, all at once', '1.4.0');
  },
};

export const healthCheckFails: Scenario = {
  name: 'health-check-fails',
  about: 'A version that never answers its health check gets no traffic and is taken back.',
  expected: { outcome: 'rolled-back', reasonCode: 'health-check' },
  play: async (stage, require) => {
    await inProduction(stage, require);
    const release = await deliver(stage, 'A version that fails its health check', '1.5.0');
    const served = stage.simulator.hosting
      .minutes()
      .some(({ endpointConfig, requests }) => endpointConfig === release.ending?.candidateConfig && requests > 0);
    require(!served, 'the candidate never got a request');
    return release;
  },
};

export const silentRollbackSeen: Scenario = {
  name: 'silent-rollback-seen',
  about: 'SageMaker ends InService on the old configuration and gives no reason: not a success.',
  expected: { outcome: 'rolled-back', reasonCode: 'cause-unknown' },
  play: async (stage, require) => {
    await inProduction(stage, require);
    stage.simulator.harm.silentRollback(rehearsedTeam.endpoint);
    return deliver(stage, 'A good version that SageMaker silently takes back', '1.1.0');
  },
};

export const alreadyConvicted: Scenario = {
  name: 'already-convicted',
  about:
    'A second run requests a version that failed alone, so that an alarm took it back: it is not tried again by itself.',
  expected: { outcome: 'rejected', reasonCode: 'already-convicted' },
  play: async (stage, require) => {
    await inProduction(stage, require);
    const bad = await deliver(stage, 'A version with 5 % errors by canary', '1.4.0');
    require(isEnd(bad, byAlarm), 'the alarm took the bad version back');
    require(/to 1\.0\.0; 1\.0\.0 serves$/.test(bad.ending?.because ?? ''), `with both rates: ${bad.ending?.because}`);
    const again = await stage.begin('The same bad version again', '1.4.0');
    await again.run('deploy-endpoint');
    await again.end();
    return again;
  },
};

export const rollbackByHand: Scenario = {
  name: 'rollback-by-hand',
  about:
    'A version passes its bakes and turns out wrong; an engineer rolls back while the team’s own alarm is in ALARM.',
  expected: { outcome: 'succeeded', reasonCode: 'restored' },
  play: async (stage, require) => {
    await inProduction(stage, require);
    await watchComplaints(stage);
    stage.writeManifest({ namedAlarms: [complaints] });
    const wrong = await deliver(stage, 'A version that answers fast and wrong', '1.2.0');
    require(isEnd(wrong, delivered), 'the wrong version passes bakes that watch only errors');

    const undo = await stage.begin('A rollback while an alarm is in ALARM', '1.0.0');
    await complain(stage, minutes(5));
    undo.did('hears complaints', `${stage.simulator.metrics.alarmState(complaints)}: ${complaints}`);
    require(stage.simulator.metrics.alarmState(complaints) ===
      'ALARM', 'the team’s alarm is in ALARM when the rollback starts');
    // Gardeners complain until the old version is back; a rollback must never have to wait for the alarm.
    const running = undo.start('rollback', { because: 'gardeners complain' });
    await complain(stage, minutes(3));
    await undo.finish(running);
    await undo.end();
    const writes = undo.ending?.requests.filter(({ mutation }) => mutation).map(({ operation }) => operation) ?? [];
    require(!writes.includes('CreateModel'), 'a rollback needs no CreateModel');
    return undo;
  },
};

export const rollbackDuringCanary: Scenario = {
  name: 'rollback-during-canary',
  about:
    'An engineer rolls back while a canary bakes: the release’s own alarm stops it, and no older version comes back.',
  expected: { outcome: 'succeeded', reasonCode: 'restored' },
  play: async (stage, require) => {
    await inProduction(stage, require);
    const good = await deliver(stage, 'A better version', '1.1.0');
    require(isEnd(good, delivered), 'the better version is delivered');
    const release = await stage.begin('An unwanted version', '1.3.0');
    await release.prepare();
    const running = release.start('deploy-endpoint');
    await stage.driver.until(stage.driver.now() + minutes(6));
    const undo = await stage.begin('A rollback during its canary', '1.1.0');
    await undo.run('rollback', { because: 'not today' });
    await release.finish(running);
    await release.end();
    await undo.end();
    require(isEnd(release, {
      outcome: 'rolled-back',
      reasonCode: 'aborted-by-hand',
    }), 'the release reports that it was stopped');
    require(undo.ending?.after?.version === '1.1.0', 'the version before the canary serves, not an older one');
    return undo;
  },
};
