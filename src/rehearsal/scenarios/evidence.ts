import { minutes } from '../../clock.ts';
import { rehearsedTeam } from '../manifest.ts';
import { complaints, watchComplaints } from './complaints.ts';
import { deliver, inProduction, isEnd, leavesNothingHalfDone, type Scenario, untilNoted } from './scenario.ts';

const byHealthCheck = { outcome: 'rolled-back', reasonCode: 'health-check' } as const;

export const failureReasonVanishes: Scenario = {
  name: 'failure-reason-vanishes',
  about: 'SageMaker removes FailureReason a minute after it appeared: the report still has it.',
  expected: byHealthCheck,
  settings: { eraseFailureReasonAfterMs: 60_000 },
  play: async (stage, require) => {
    await inProduction(stage, require);
    const release = await deliver(stage, 'A version that fails its health check', '1.5.0');
    await stage.driver.until(stage.driver.now() + minutes(5));
    const { FailureReason } = await stage.simulator.call('sagemaker', 'DescribeEndpoint', {
      EndpointName: rehearsedTeam.endpoint,
    });
    require(FailureReason === undefined, 'the endpoint does not show the reason any more');
    require(release.ending?.because.includes('ping health check') === true, 'the report quotes it');
    return release;
  },
};

export const failureReasonStale: Scenario = {
  name: 'failure-reason-stale',
  about:
    'FailureReason still shows an earlier failure when SageMaker silently takes another update back: the report does not mistake it for the cause.',
  expected: { outcome: 'rolled-back', reasonCode: 'cause-unknown' },
  settings: { failureReasonClearedBy: 'next-success' },
  play: async (stage, require) => {
    await inProduction(stage, require);
    const first = await deliver(stage, 'A version that fails its health check', '1.5.0');
    require(isEnd(first, byHealthCheck), 'the first one fails its health check');
    stage.simulator.harm.silentRollback(rehearsedTeam.endpoint);
    return deliver(stage, 'A good version that SageMaker silently takes back', '1.1.0');
  },
};

export const insufficientTraffic: Scenario = {
  name: 'insufficient-traffic',
  about: 'No requests arrive during the canary bake: it proves nothing, and is taken back before all traffic moves.',
  expected: { outcome: 'rolled-back', reasonCode: 'insufficient-traffic' },
  play: async (stage, require) => {
    await inProduction(stage, require);
    const release = await stage.begin('A canary without requests', '1.1.0');
    await release.prepare();
    const running = release.start('deploy-endpoint');
    await untilNoted(stage, 'canary-activated');
    stage.stopTraffic();
    release.did('goes home', 'the endpoint gets no more requests');
    await release.finish(running);
    await release.end();
    require(!stage.simulator.events.some(
      ({ what, detail }) => what === 'full-activated' && detail.includes('iris-1-1-0'),
    ), 'the new version never had all traffic');
    await leavesNothingHalfDone(stage, require);
    return release;
  },
};

export const alarmDeletedMidway: Scenario = {
  name: 'alarm-deleted-midway',
  about:
    'An engineer deletes alarms while they watch: the release restores its own, and it goes off; the report names the team’s missing one.',
  expected: { outcome: 'rolled-back', reasonCode: 'alarm' },
  play: async (stage, require) => {
    await inProduction(stage, require);
    await watchComplaints(stage);
    stage.writeManifest({ namedAlarms: [complaints] });
    const unwatched = await stage.begin('The team’s alarm is deleted while it watches', '1.1.0');
    await unwatched.prepare();
    const first = unwatched.start('deploy-endpoint');
    await untilNoted(stage, 'canary-activated');
    await stage.simulator.call('cloudwatch', 'DeleteAlarms', { AlarmNames: [complaints] });
    await unwatched.finish(first);
    await unwatched.end();
    require(isEnd(unwatched, {
      outcome: 'inconclusive',
      reasonCode: 'alarm-gone',
    }), `an alarm that did not watch to the end is reported: ${unwatched.ending?.reason}`);

    stage.writeManifest({});
    const release = await stage.begin('The release’s own alarms are deleted while they watch', '1.4.0');
    await release.prepare();
    const second = release.start('deploy-endpoint');
    await untilNoted(stage, 'canary-activated', 2);
    const { MetricAlarms } = await stage.simulator.call('cloudwatch', 'DescribeAlarms', {
      AlarmNamePrefix: 'iris-1-4-0-',
    });
    const AlarmNames = (MetricAlarms as { readonly AlarmName: string }[]).map(({ AlarmName }) => AlarmName);
    await stage.simulator.call('cloudwatch', 'DeleteAlarms', { AlarmNames });
    release.did('tidies up', `deletes ${AlarmNames.length} alarms`);
    await release.finish(second);
    await release.end();
    await leavesNothingHalfDone(stage, require);
    return release;
  },
};
