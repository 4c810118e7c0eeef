import { minutes } from '../../clock.ts';
import { delivered, isEnd, leavesNothingHalfDone, type Scenario } from './scenario.ts';
import { broughtUp, candidateShare, harmed, inProductionBySteps, sharesTaken, untilShare, walked } from './walking.ts';

/** Steps whose figures mislead: callers, an ill old version, errors in rows, and a last step without anything beside it. */

const convicted = { outcome: 'rolled-back', reasonCode: 'convicted' } as const;

export const stepsCallersErrorsChangeNothing: Scenario = {
  name: 'steps-callers-errors-change-nothing',
  about:
    'From the first step on a third of the requests are malformed and answered with a 4xx: neither the judge, nor its absolute limit, nor the alarm on errors, nor the last step sees a failure of the model.',
  expected: delivered,
  play: async (stage, require) => {
    await inProductionBySteps(stage, require, { alarms: 'errors: 1%' });
    const release = await broughtUp(stage, require, 'A good version, and a caller who is not', '1.1.0');
    const running = release.start('shift-traffic');
    await untilShare(stage, 0.1);
    stage.stopTraffic();
    stage.simulator.traffic({ endpoint: stage.endpoint, requestsPerSecond: 30, seed: 12, mistakes: 0.33 });
    release.did('sees a caller change its format', 'a third of the requests are malformed');
    await release.finish(running);
    await release.end();
    require(sharesTaken(stage, release.began.at) ===
      '10, 50, 100', `no step back: ${sharesTaken(stage, release.began.at)}`);
    const red = stage.simulator.events.filter(({ source, what }) => source === 'alarm' && what === 'ALARM');
    require(red.length === 0, `no alarm went off: ${red.map(({ object }) => object)}`);
    const { judged } = release.ending?.result ?? {};
    const figure = judged?.metrics.find(({ says }) => says === '4xx answers');
    require(figure?.reported === true &&
      figure.candidate.bad >
        0.2 * figure.candidate.requests, `they are a figure of their own: ${JSON.stringify(figure)}`);
    require(judged?.harmed === 0, `and not among the failures: ${judged?.harmed}`);
    await leavesNothingHalfDone(stage, require);
    return release;
  },
};

export const stepsOldFleetIsIll: Scenario = {
  name: 'steps-old-fleet-is-ill',
  about:
    'A good version is shipped because the old one fails on a third of its requests: that proves nothing, so the share stays until a person decides, and the last step is compared with the time before.',
  expected: delivered,
  play: async (stage, require) => {
    await inProductionBySteps(stage, require);
    const release = await broughtUp(stage, require, 'A good version for an ill old one', '1.1.0');
    const variant = release.before?.variants[0]?.name ?? '';
    stage.simulator.harm.dependencyFailure(stage.endpoint, { rate: 0.33, durationMs: minutes(600), variant });
    release.did('sees the old version fail', 'a third of its requests, for hours');
    const running = release.start('shift-traffic');
    await untilShare(stage, 0.1);
    await stage.driver.until(stage.driver.now() + minutes(30));
    require((await candidateShare(stage)) ===
      0.1, `beside an ill one nothing is proven: ${await candidateShare(stage)}`);
    const go = await stage.begin('A person commands promote-now', '1.1.0');
    await go.run('shift-traffic', { operation: 'promote-now', because: 'the new one has not failed once' });
    await go.end();
    release.did('commands promote-now', 'the new one has not failed once');
    await release.finish(running);
    await release.end();
    require(sharesTaken(stage, release.began.at) ===
      '10, 100', `nothing went back: ${sharesTaken(stage, release.began.at)}`);
    await leavesNothingHalfDone(stage, require);
    return release;
  },
};

export const stepsLastStepFails: Scenario = {
  name: 'steps-last-step-fails',
  about:
    'A version begins to fail on 15 % of its requests once it has all of the traffic: nothing is left beside it, but the time before is, and the traffic goes back. No version is convicted.',
  expected: { outcome: 'rolled-back', reasonCode: 'worse-than-before' },
  play: async (stage, require) => {
    await inProductionBySteps(stage, require);
    const release = await broughtUp(stage, require, 'A version that fails under full load', '1.1.0');
    const running = release.start('shift-traffic');
    await untilShare(stage, 1);
    const variant = `${release.before?.variants[0]?.name}-next`;
    const from = stage.driver.now();
    stage.simulator.harm.dependencyFailure(stage.endpoint, { rate: 0.15, durationMs: minutes(60), variant });
    release.did('sees errors', '15 % of the requests, at 100 %');
    await release.finish(running);
    const ending = await release.end();
    const after = (ending.moment.at - from) / minutes(1);
    require(after < 12, `within minutes: ${after}`);
    require(sharesTaken(stage, release.began.at) ===
      '10, 50, 100, 0', `all of the traffic and back: ${sharesTaken(stage, release.began.at)}`);
    require(/\d+ of \d+ \([\d.]+ %\) since the candidate has all of the traffic; the time before explains up to [\d.]+ %/.test(
      ending.because,
    ), `both rates are given: ${ending.because}`);
    await leavesNothingHalfDone(stage, require);
    const again = await stage.begin('The same version again', '1.1.0');
    await again.run('shift-traffic', { 'dry-run': 'true' });
    const planned = await again.end();
    require(planned.reason === 'planned', `its traffic may be shifted again: ${planned.because}`);
    return release;
  },
};

export const stepsClusteredErrors: Scenario = {
  name: 'steps-clustered-errors',
  about:
    'Callers try again and again, so both versions fail five times in a row now and then: a good version is promoted all the same, and one whose own rows are ten times as many is convicted.',
  expected: convicted,
  play: async (stage, require) => {
    stage.simulator.harm.dependencyFailure(stage.endpoint, { rate: 0.002, durationMs: minutes(6000), inRows: 5 });
    await inProductionBySteps(stage, require);
    const good = await walked(stage, require, 'A good version among callers who insist', '1.1.0');
    require(isEnd(good, delivered), `the good one is delivered: ${good.ending?.because}`);
    require(sharesTaken(stage, good.began.at) ===
      '10, 50, 100', `without a step back: ${sharesTaken(stage, good.began.at)}`);
    const release = await broughtUp(stage, require, 'A version on which they insist', '1.2.0');
    const running = release.start('shift-traffic');
    await untilShare(stage, 0.1);
    const variant = `${release.before?.variants[0]?.name}-next`;
    stage.simulator.harm.dependencyFailure(stage.endpoint, {
      rate: 0.03,
      durationMs: minutes(600),
      variant,
      inRows: 5,
    });
    release.did('sees errors', 'rows of five, 3 % of its requests');
    await release.finish(running);
    await release.end();
    require(!sharesTaken(stage, release.began.at).includes(
      '100',
    ), `it never had all: ${sharesTaken(stage, release.began.at)}`);
    require(harmed(stage, release) < 600, `few requests were harmed: ${harmed(stage, release)}`);
    await leavesNothingHalfDone(stage, require);
    return release;
  },
};
