import { minutes } from '../../clock.ts';
import { rollouts } from '../manifest.ts';
import { complain, complaints, watchComplaints } from './complaints.ts';
import { carriedOut, delivered, leavesNothingHalfDone, type Scenario } from './scenario.ts';
import { broughtUp, candidateShare, inProductionBySteps, sharesTaken, untilShare } from './walking.ts';

const byAlarm = { outcome: 'rolled-back', reasonCode: 'alarm' } as const;

export const stepsAlarmTakesBack: Scenario = {
  name: 'steps-alarm-takes-back',
  about:
    'Both versions fail alike during the first step: the judge convicts neither, the alarm on errors takes the traffic back, and the version may be tried again.',
  expected: { outcome: 'rolled-back', reasonCode: 'shared-outage' },
  play: async (stage, require) => {
    await inProductionBySteps(stage, require, { alarms: 'errors: 1%' });
    const release = await broughtUp(stage, require, 'A step under an alarm on errors', '1.1.0');
    const running = release.start('shift-traffic');
    await untilShare(stage, 0.1);
    stage.simulator.harm.dependencyFailure(stage.endpoint, { rate: 0.05, durationMs: minutes(20) });
    release.did('sees the feature store fail', 'a twentieth of the requests to either version');
    await release.finish(running);
    const ending = await release.end();
    require(/-errors-[0-9a-f]{8} went off/.test(ending.because), `the alarm is named: ${ending.because}`);
    require(/1\.0\.0 failed (as often|too, and the difference is within chance)/.test(
      ending.because,
    ), `both rates are given: ${ending.because}`);
    require(sharesTaken(stage, release.began.at) === '10, 0', `10 % and back: ${sharesTaken(stage, release.began.at)}`);
    require(carriedOut(release, 'PutMetricAlarm') === 1, 'the release armed its alarm once');
    await leavesNothingHalfDone(stage, require);
    const again = await stage.begin('The same version once the feature store is back', '1.1.0');
    await again.run('shift-traffic', { 'dry-run': 'true' });
    const planned = await again.end();
    require(planned.reason === 'planned', `its traffic may be shifted again: ${planned.because}`);
    return release;
  },
};

export const stepsNamedAlarmTakesBack: Scenario = {
  name: 'steps-named-alarm-takes-back',
  about:
    'The judge finds nothing, but users complain on the second step: the team’s own alarm takes the traffic back, and the release leaves the alarm alone.',
  expected: byAlarm,
  play: async (stage, require) => {
    await inProductionBySteps(stage, require);
    await watchComplaints(stage);
    stage.writeManifest({ rollout: rollouts.steps, alarms: 'errors: 1%', namedAlarms: [complaints] });
    const release = await broughtUp(stage, require, 'A version that is fast and wrong', '1.2.0');
    const running = release.start('shift-traffic');
    await untilShare(stage, 0.5);
    release.did('hears complaints', `${complaints} goes off`);
    await complain(stage, minutes(4));
    await release.finish(running);
    const ending = await release.end();
    require(ending.because.includes(complaints), `the alarm is named: ${ending.because}`);
    require(sharesTaken(stage, release.began.at) ===
      '10, 50, 0', `50 % and back: ${sharesTaken(stage, release.began.at)}`);
    require(stage.simulator.metrics.alarmState(complaints) !== undefined, 'the team keeps its alarm');
    await leavesNothingHalfDone(stage, require);
    return release;
  },
};

export const stepsAlarmDeletedMidway: Scenario = {
  name: 'steps-alarm-deleted-midway',
  about:
    'An engineer deletes alarms during the steps: the release restores its own; without the team’s own no share rises until it exists again.',
  expected: delivered,
  play: async (stage, require) => {
    await inProductionBySteps(stage, require);
    await watchComplaints(stage);
    stage.writeManifest({ rollout: rollouts.steps, alarms: 'errors: 1%', namedAlarms: [complaints] });
    const release = await broughtUp(stage, require, 'A stepped rollout whose alarms are deleted', '1.1.0');
    const running = release.start('shift-traffic');
    await untilShare(stage, 0.1);
    const { MetricAlarms } = await stage.simulator.call('cloudwatch', 'DescribeAlarms', {
      AlarmNamePrefix: `${stage.endpoint}-1-1-0-`,
    });
    const own = (MetricAlarms as { readonly AlarmName: string }[]).map(({ AlarmName }) => AlarmName);
    require(own.length === 1, `the release stands under one alarm of its own: ${own}`);
    await stage.simulator.call('cloudwatch', 'DeleteAlarms', { AlarmNames: [...own, complaints] });
    release.did('tidies up', `deletes ${own.length + 1} alarms`);
    await stage.driver.until(stage.driver.now() + minutes(30));
    require((await candidateShare(stage)) === 0.1, `the weight stays: ${await candidateShare(stage)}`);
    require(own.every((name) => stage.simulator.metrics.alarmState(name) !== undefined), 'the release’s own is back');
    release.did('puts it back', complaints);
    await watchComplaints(stage);
    await release.finish(running);
    await release.end();
    await leavesNothingHalfDone(stage, require);
    return release;
  },
};

export const stepsAlarmRedBefore: Scenario = {
  name: 'steps-alarm-red-before',
  about: 'The team’s alarm goes off while the candidate is dark: no traffic is shifted to it, and it is not blamed.',
  expected: { outcome: 'failed', reasonCode: 'alarm-not-ready' },
  play: async (stage, require) => {
    await inProductionBySteps(stage, require);
    await watchComplaints(stage);
    stage.writeManifest({ rollout: rollouts.steps, namedAlarms: [complaints] });
    const dark = await broughtUp(stage, require, 'A version comes up dark', '1.1.0');
    await dark.end();
    const release = await stage.begin('A shift that begins while an alarm is in ALARM', '1.1.0');
    await complain(stage, minutes(4));
    await release.run('shift-traffic');
    const ending = await release.end();
    require(ending.because.includes(complaints), `the alarm is named: ${ending.because}`);
    require(sharesTaken(stage, release.began.at) === '', `no share is taken: ${sharesTaken(stage, release.began.at)}`);
    await stage.driver.until(stage.driver.now() + minutes(10));
    const again = await stage.begin('The same version when the alarm is quiet', '1.1.0');
    await again.run('shift-traffic', { 'dry-run': 'true' });
    const planned = await again.end();
    require(planned.reason === 'planned', `traffic may be shifted to the same version then: ${planned.because}`);
    return release;
  },
};
