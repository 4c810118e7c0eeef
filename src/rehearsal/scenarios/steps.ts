import { minutes } from '../../clock.ts';
import { rollouts } from '../manifest.ts';
import {
  carriedOut,
  deliver,
  delivered,
  inProduction,
  isEnd,
  leavesNothingHalfDone,
  type Scenario,
} from './scenario.ts';
import { broughtUp, candidateShare, harmed, inProductionBySteps, sharesTaken, untilShare, walked } from './walking.ts';

const convicted = { outcome: 'rolled-back', reasonCode: 'convicted' } as const;

export const stepsGood: Scenario = {
  name: 'steps-good',
  about: 'A better version takes 10, 50, 100 % on proof of health, while both versions fail now and then.',
  expected: delivered,
  play: async (stage, require) => {
    await inProductionBySteps(stage, require);
    stage.simulator.harm.dependencyFailure(stage.endpoint, { rate: 0.001, durationMs: minutes(600) });
    const release = await walked(stage, require, 'A better version by steps', '1.1.0');
    require(sharesTaken(stage, release.began.at) ===
      '10, 50, 100', `each step once: ${sharesTaken(stage, release.began.at)}`);
    require(carriedOut(release, 'UpdateEndpoint') === 2, 'two swaps: the candidate comes up dark, and is published');
    const percents = (release.steps.at(-1)?.log ?? [])
      .flatMap(({ text }) => /Z +(\d+) % {2}/.exec(text)?.[1] ?? [])
      .map(Number);
    require(percents.length > 10, `its progress is reported: ${percents.length} times`);
    require(percents.every((percent, index) => percent >= (percents[index - 1] ?? 0)), `and never falls: ${percents}`);
    const alone = release.ending?.after?.variants.map(({ name }) => name).join();
    require(alone === release.before?.variants[0]?.name, `it serves under the canonical name: ${alone}`);
    await leavesNothingHalfDone(stage, require);
    return release;
  },
};

export const stepsCleanModelIsProven: Scenario = {
  name: 'steps-clean-model-is-proven',
  about: 'Neither version ever fails: no errors at all is proof of health too, and the candidate is promoted.',
  expected: delivered,
  play: async (stage, require) => {
    await inProductionBySteps(stage, require);
    const release = await walked(stage, require, 'A version without a single error', '1.1.0');
    const failed = stage.simulator.hosting.minutes().some(({ errors }) => errors > 0);
    require(!failed, 'nothing failed anywhere');
    return release;
  },
};

export const stepsErrors: Scenario = {
  name: 'steps-errors',
  about: 'A version that fails on 5 % of its requests is convicted on its first step and goes back to weight 0.',
  expected: convicted,
  play: async (stage, require) => {
    await inProductionBySteps(stage, require);
    const release = await walked(stage, require, 'A version with 5 % errors by steps', '1.4.0');
    require(sharesTaken(stage, release.began.at) === '10, 0', `10 % and back: ${sharesTaken(stage, release.began.at)}`);
    require(carriedOut(release, 'UpdateEndpoint') === 1, 'the way back is weights only');
    require(harmed(stage, release) < 100, `few requests were harmed: ${harmed(stage, release)}`);
    await leavesNothingHalfDone(stage, require);
    return release;
  },
};

export const stepsSlowTail: Scenario = {
  name: 'steps-slow-tail',
  about: 'A version answers correctly, but takes 900 ms longer on 3 % of its requests: its tail convicts it.',
  expected: convicted,
  play: async (stage, require) => {
    await inProductionBySteps(stage, require);
    const release = await walked(stage, require, 'A version with a slow tail', '1.6.0');
    require(sharesTaken(stage, release.began.at) === '10, 0', `10 % and back: ${sharesTaken(stage, release.began.at)}`);
    require(/slower/.test(
      release.ending?.because ?? '',
    ), `the report names the worse metric: ${release.ending?.because}`);
    return release;
  },
};

export const stepsLateLeak: Scenario = {
  name: 'steps-late-leak',
  about:
    'A version is sound for its first 3,000 requests and then begins to fail: proof of health does not blind the judge.',
  expected: convicted,
  play: async (stage, require) => {
    await inProductionBySteps(stage, require);
    const release = await walked(stage, require, 'A version that leaks', '1.7.0');
    require(sharesTaken(stage, release.began.at).startsWith('10, 50'), 'it was proven healthy before it leaked');
    require(sharesTaken(stage, release.began.at).endsWith(', 0'), 'and was taken back when it did');
    return release;
  },
};

export const stepsSharedOutageSurvives: Scenario = {
  name: 'steps-shared-outage-survives',
  about: 'A dependency of both versions fails for three minutes during the first step: neither version is convicted.',
  expected: delivered,
  play: async (stage, require) => {
    // Without a day before, a proof after an outage takes longer (docs/judge.md): three hours are enough.
    await inProductionBySteps(stage, require, { rollout: `${rollouts.steps}, max-step: 3h` });
    const release = await broughtUp(stage, require, 'A good version during an outage', '1.1.0');
    const running = release.start('shift-traffic');
    await untilShare(stage, 0.1);
    await stage.driver.until(stage.driver.now() + minutes(2));
    stage.simulator.harm.dependencyFailure(stage.endpoint, { rate: 0.1, durationMs: minutes(3) });
    release.did('sees the feature store fail', 'a tenth of the requests to either version for three minutes');
    await release.finish(running);
    await release.end();
    require(harmed(stage, release) > 20, `the candidate was hurt too: ${harmed(stage, release)}`);
    require(sharesTaken(stage, release.began.at) ===
      '10, 50, 100', `no step back: ${sharesTaken(stage, release.began.at)}`);
    return release;
  },
};

export const stepsOldFleetIncident: Scenario = {
  name: 'steps-old-fleet-incident',
  about:
    'The old version fails on a third of its requests while a bad one takes its first step: the incident proves nothing in favour of the new one, and the judge convicts it afterwards.',
  expected: convicted,
  play: async (stage, require) => {
    await inProductionBySteps(stage, require);
    const release = await broughtUp(stage, require, 'A bad version beside one in an incident', '1.4.0');
    const variant = release.before?.variants[0]?.name ?? '';
    stage.simulator.harm.dependencyFailure(stage.endpoint, { rate: 0.33, durationMs: minutes(25), variant });
    release.did('sees the old version fail', 'a third of its requests, for twenty-five minutes');
    const running = release.start('shift-traffic');
    await untilShare(stage, 0.1);
    await stage.driver.until(stage.driver.now() + minutes(20));
    require((await candidateShare(stage)) === 0.1, `nothing was proven: ${await candidateShare(stage)}`);
    await release.finish(running);
    await release.end();
    require(sharesTaken(stage, release.began.at) === '10, 0', `10 % and back: ${sharesTaken(stage, release.began.at)}`);
    await leavesNothingHalfDone(stage, require);
    return release;
  },
};

export const stepsNoTrafficHolds: Scenario = {
  name: 'steps-no-traffic-holds',
  about:
    'No requests arrive for half an hour during the first step: nothing is proven and nothing moves until they return.',
  expected: delivered,
  play: async (stage, require) => {
    await inProductionBySteps(stage, require);
    const release = await broughtUp(stage, require, 'A step without requests', '1.1.0');
    const running = release.start('shift-traffic');
    await untilShare(stage, 0.1);
    stage.stopTraffic();
    release.did('goes home', 'the endpoint gets no requests');
    await stage.driver.until(stage.driver.now() + minutes(30));
    require((await candidateShare(stage)) === 0.1, `the weight has not moved: ${await candidateShare(stage)}`);
    release.did('comes back', 'requests come in again');
    await stage.startTraffic(30);
    await release.finish(running);
    await release.end();
    return release;
  },
};

export const stepsMetricsBlind: Scenario = {
  name: 'steps-metrics-blind',
  about: 'CloudWatch cannot be read during the first step: the weight freezes, then the traffic goes back.',
  expected: { outcome: 'rolled-back', reasonCode: 'metrics-blind' },
  play: async (stage, require) => {
    await inProductionBySteps(stage, require);
    const release = await broughtUp(stage, require, 'A step without metrics', '1.1.0');
    const running = release.start('shift-traffic');
    await untilShare(stage, 0.1);
    stage.simulator.faults.add({
      kind: 'server-error',
      service: 'cloudwatch',
      operation: 'GetMetricData',
      times: Number.POSITIVE_INFINITY,
    });
    release.did('hears of it', 'CloudWatch is down');
    const since = stage.driver.now();
    await release.finish(running);
    const ending = await release.end();
    const after = ending.moment.at - since;
    require(after >= minutes(10) && after <= minutes(14), `after max-blind of ten minutes: ${after / 60_000}`);
    require(sharesTaken(stage, release.began.at) ===
      '10, 0', `no step meanwhile: ${sharesTaken(stage, release.began.at)}`);
    return release;
  },
};

export const guardrailJudgeAborts: Scenario = {
  name: 'guardrail-judge-aborts',
  about:
    'A canary with a slow tail bakes under an alarm that watches errors only: the judge sees the tail and has the canary stopped.',
  expected: convicted,
  play: async (stage, require) => {
    await inProduction(stage, require);
    stage.writeManifest({ rollout: rollouts.judgedCanary });
    const release = await deliver(stage, 'A canary with a slow tail', '1.6.0');
    require(/slower/.test(
      release.ending?.because ?? '',
    ), `the report names the worse metric: ${release.ending?.because}`);
    const wentOff = stage.simulator.events.filter(({ source, what }) => source === 'alarm' && what === 'ALARM');
    const stop = /-abort-[0-9a-f]{8}$/;
    require(wentOff.length > 0 &&
      wentOff.every(({ object }) =>
        stop.test(object),
      ), `only the release’s own lever was pulled: ${wentOff.map(({ object }) => object)}`);
    await leavesNothingHalfDone(stage, require);
    return release;
  },
};

export const stepsBadThenCanaryNext: Scenario = {
  name: 'steps-bad-then-canary-next',
  about:
    'A stepped release was convicted and its candidate is still beside the old version: the next version goes out by canary.',
  expected: delivered,
  play: async (stage, require) => {
    await inProductionBySteps(stage, require);
    const bad = await walked(stage, require, 'A version with 5 % errors by steps', '1.4.0');
    require(isEnd(bad, convicted), `the bad version is convicted: ${bad.ending?.because}`);
    stage.writeManifest({ rollout: rollouts.canary });
    const release = await deliver(stage, 'A better version by canary', '1.1.0');
    require(release.ending?.after?.variants.length === 1, 'nothing of the convicted candidate is left');
    await leavesNothingHalfDone(stage, require);
    return release;
  },
};
