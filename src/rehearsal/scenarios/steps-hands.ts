import { minutes, seconds } from '../../clock.ts';
import { rehearsedTeam } from '../manifest.ts';
import { delivered, isEnd, leavesNothingHalfDone, type Scenario } from './scenario.ts';
import { broughtUp, candidateShare, inProductionBySteps, sharesTaken, untilShare } from './walking.ts';

export const stepsKilledAndResumed: Scenario = {
  name: 'steps-killed-and-resumed',
  about:
    'The runner disappears on the first step; the re-run finds the current step and brings the rollout to the same end.',
  expected: delivered,
  processes: 'the runner disappears',
  play: async (stage, require) => {
    await inProductionBySteps(stage, require, { alarms: 'errors: 1%' });
    const release = await broughtUp(stage, require, 'A stepped rollout whose runner dies', '1.1.0');
    const running = release.start('shift-traffic');
    await untilShare(stage, 0.1);
    stage.driver.destroy(running);
    await release.finish(running);
    release.did('sees the runner vanish', 'SIGKILL at 10 %; no post step runs');
    await stage.driver.until(stage.driver.now() + minutes(1));
    release.rerun();
    await release.run('shift-traffic');
    await release.end();
    require(sharesTaken(stage, release.began.at) ===
      '10, 50, 100', `each step once: ${sharesTaken(stage, release.began.at)}`);
    await leavesNothingHalfDone(stage, require);
    return release;
  },
};

export const stepsKilledForGood: Scenario = {
  name: 'steps-killed-for-good',
  about: 'The runner disappears on the first step and no re-run follows: the watchdog takes the traffic back.',
  expected: { outcome: 'succeeded', reasonCode: 'brought-to-rest' },
  processes: 'the runner disappears',
  play: async (stage, require) => {
    await inProductionBySteps(stage, require, { alarms: 'errors: 1%' });
    const release = await broughtUp(stage, require, 'A stepped rollout whose runner dies for good', '1.1.0');
    const running = release.start('shift-traffic');
    await untilShare(stage, 0.1);
    const early = await stage.begin('The watchdog while the run lives', '1.0.0');
    await early.run('rollback', { 'only-expired': 'true' });
    await early.end();
    require(isEnd(early, {
      outcome: 'succeeded',
      reasonCode: 'nothing-expired',
    }), `a release with a supervisor is left alone: ${early.ending?.reason}`);
    stage.driver.destroy(running);
    await release.finish(running);
    release.did('sees the runner vanish', 'SIGKILL at 10 %; no re-run follows');
    await stage.driver.until(stage.driver.now() + minutes(20));
    require((await candidateShare(stage)) === 0.1, 'the traffic has not gone back by itself');
    const watchdog = await stage.begin('The watchdog runs', '1.0.0');
    await watchdog.run('rollback', { 'only-expired': 'true' });
    await watchdog.end();
    require((await candidateShare(stage)) === 0, `the candidate has no traffic: ${await candidateShare(stage)}`);
    await leavesNothingHalfDone(stage, require);
    return watchdog;
  },
};

export const stepsCancelled: Scenario = {
  name: 'steps-cancelled',
  about: 'A person cancels the job on the first step: the candidate goes back to weight 0 before the runner is gone.',
  expected: { outcome: 'cancelled', reasonCode: 'cancelled' },
  processes: 'the runner sends signals',
  play: async (stage, require) => {
    await inProductionBySteps(stage, require, { alarms: 'errors: 1%' });
    const release = await broughtUp(stage, require, 'A stepped rollout that is cancelled', '1.1.0');
    const running = release.start('shift-traffic');
    await untilShare(stage, 0.1);
    await stage.driver.until(stage.driver.now() + minutes(2));
    release.did('presses cancel', 'SIGINT to the running step');
    const pressed = stage.driver.now();
    const step = await release.cancel(running);
    require(step.exit.code === 1, `the step ends red: ${step.exit.code ?? step.exit.signal}`);
    require(step.summary.includes('cancelled'), 'the job summary is written on cancellation');
    const shift = stage.simulator.requests.find(
      ({ operation, mutation, at }) => operation === 'UpdateEndpointWeightsAndCapacities' && mutation && at >= pressed,
    );
    require(shift !== undefined &&
      shift.at - pressed <= seconds(5), 'the weights are on their way back within seconds');
    await release.end();
    await leavesNothingHalfDone(stage, require);
    return release;
  },
};

export const stepsAutoscalerInterferes: Scenario = {
  name: 'steps-autoscaler-interferes',
  about:
    'The autoscaler grows the fleet at the moment of a step: the rollout waits for it, and the candidate grows as well.',
  expected: delivered,
  play: async (stage, require) => {
    const endpoint = [
      'instance: { type: ml.m5.large, count: 4 }',
      'autoscaling: { min: 4, max: 8, invocations-per-instance: 500 }',
    ];
    await inProductionBySteps(stage, require, { endpoint });
    const release = await broughtUp(stage, require, 'The autoscaler is faster', '1.1.0');
    const running = release.start('shift-traffic');
    await untilShare(stage, 0.1);
    stage.simulator.faults.add({
      kind: 'call',
      service: 'sagemaker',
      operation: 'UpdateEndpointWeightsAndCapacities',
      times: 1,
      action: () => {
        require(stage.simulator.hosting.scale(
          rehearsedTeam.endpoint,
          rehearsedTeam.variant,
          6,
        ), 'the autoscaler takes the old version to six instances');
      },
    });
    await release.finish(running);
    const ending = await release.end();
    require(ending.after?.instances.desired === 6, `the six instances are kept: ${ending.after?.instances.desired}`);
    require(sharesTaken(stage, release.began.at) ===
      '10, 50, 100', `each step once: ${sharesTaken(stage, release.began.at)}`);
    const suspended = await stage.simulator.call('application-autoscaling', 'DescribeScalableTargets', {
      ServiceNamespace: 'sagemaker',
      ResourceIds: [`endpoint/${rehearsedTeam.endpoint}/variant/${rehearsedTeam.variant}`],
    });
    const [target] = suspended['ScalableTargets'] as { readonly SuspendedState?: Record<string, boolean> }[];
    require(target !== undefined, 'the endpoint is scaled again');
    require(Object.values(target?.SuspendedState ?? {}).every((held) => !held), 'and nothing of it is suspended');
    return release;
  },
};

export const stepsAbortByHand: Scenario = {
  name: 'steps-abort-by-hand',
  about:
    'A person aborts the rollout: the run that supervises it takes the traffic back and reports the author and the reason.',
  expected: { outcome: 'rolled-back', reasonCode: 'aborted-by-hand' },
  play: async (stage, require) => {
    await inProductionBySteps(stage, require);
    const release = await broughtUp(stage, require, 'A stepped rollout that is stopped', '1.1.0');
    const running = release.start('shift-traffic');
    await untilShare(stage, 0.1);
    const word = await stage.begin('A person commands abort', '1.1.0');
    await word.run('shift-traffic', { operation: 'abort', because: 'the florists object' });
    await word.end();
    require(isEnd(word, {
      outcome: 'succeeded',
      reasonCode: 'command-given',
    }), `the command is taken: ${word.ending?.because}`);
    await release.finish(running);
    const ending = await release.end();
    require(ending.because.includes('mina') &&
      ending.because.includes('the florists object'), `the author and the reason: ${ending.because}`);
    require(sharesTaken(stage, release.began.at) === '10, 0', `10 % and back: ${sharesTaken(stage, release.began.at)}`);
    await leavesNothingHalfDone(stage, require);
    return release;
  },
};

export const stepsPausedThenPromoted: Scenario = {
  name: 'steps-paused-then-promoted',
  about: 'A person pauses the rollout on its first step over lunch, then sends it to the end without proof.',
  expected: delivered,
  play: async (stage, require) => {
    await inProductionBySteps(stage, require);
    const release = await broughtUp(stage, require, 'A stepped rollout that is paused', '1.1.0');
    const running = release.start('shift-traffic');
    await untilShare(stage, 0.1);
    const pause = await stage.begin('A person commands pause', '1.1.0');
    await pause.run('shift-traffic', { operation: 'pause', because: 'lunch' });
    await pause.end();
    release.did('commands pause', 'lunch');
    await stage.driver.until(stage.driver.now() + minutes(45));
    require((await candidateShare(stage)) === 0.1, `nothing has moved: ${await candidateShare(stage)}`);
    const go = await stage.begin('A person commands promote-now', '1.1.0');
    await go.run('shift-traffic', { operation: 'promote-now', because: 'it is fine' });
    await go.end();
    release.did('commands promote-now', 'it is fine');
    await release.finish(running);
    await release.end();
    require(sharesTaken(stage, release.began.at) ===
      '10, 100', `no step between: ${sharesTaken(stage, release.began.at)}`);
    return release;
  },
};
