import { rollouts } from '../manifest.ts';
import { deliver, delivered, firstDeployment, isEnd, leavesNothingHalfDone, type Scenario } from './scenario.ts';
import { sharesTaken, walked } from './walking.ts';

/** A larger share of the requests than the safety net tolerates as failures, and far larger than the alarm tolerates. */
const mistakes = 0.25;

export const callersMistakes: Scenario = {
  name: 'callers-mistakes',
  about:
    'A quarter of the requests are malformed and answered with a 4xx: they convict neither a canary nor a candidate on its steps.',
  expected: delivered,
  play: async (stage, require) => {
    const first = await firstDeployment(stage);
    require(isEnd(first, delivered), 'the first deployment is delivered');
    await stage.startTraffic(30, mistakes);
    stage.writeManifest({ rollout: rollouts.judgedCanary });
    const canary = await deliver(stage, 'A canary among mistakes', '1.1.0');
    require(isEnd(canary, delivered), `the canary is delivered: ${canary.ending?.because}`);
    stage.writeManifest({ rollout: rollouts.steps });
    const release = await walked(stage, require, 'Steps among mistakes', '1.2.0');
    require(sharesTaken(stage, release.began.at) ===
      '10, 50, 100', `no step back: ${sharesTaken(stage, release.began.at)}`);
    const { judged } = release.ending?.result ?? {};
    const figure = judged?.metrics.find(({ says }) => says === '4xx answers');
    require(figure !== undefined &&
      figure.reported === true &&
      figure.candidate.bad >
        0.2 * figure.candidate.requests, `the report has them as a figure of their own: ${JSON.stringify(figure)}`);
    require(judged?.harmed === 0, `and not among the failures: ${judged?.harmed}`);
    await leavesNothingHalfDone(stage, require);
    return release;
  },
};
