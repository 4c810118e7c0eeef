import { minutes } from '../../clock.ts';
import { stepsWithMetrics } from '../manifest.ts';
import type { RehearsedRelease, Stage } from '../stage.ts';
import { delivered, isEnd, leavesNothingHalfDone, type Require, type Scenario } from './scenario.ts';
import { broughtUp, candidateShare, harmed, inProductionBySteps, sharesTaken, untilShare } from './walking.ts';

const convicted = { outcome: 'rolled-back', reasonCode: 'convicted' } as const;

/** The serving code publishes counts of its answers, under the version that it gets from its environment. */
const publishing = (version: string): Readonly<Record<string, string>> => ({
  'container-environment': `METRICS_NAMESPACE=Acme/Garden\nMODEL_VERSION=${version}`,
});

const source = 'namespace: Acme/Garden, dimensions: { ModelVersion: "{version}" }';
const unsure = `{ name: unsure-answers, ${source}, bad: { metric: Unsure }, of: { metric: Answers } }`;
const species = ['setosa', 'versicolor', 'virginica'].map(
  (name) => `${name}: { metric: Predictions, dimensions: { Class: ${name} } }`,
);
const classes = (more = ''): string => `{ name: classes, ${source}, cells: { ${species.join(', ')} }${more} }`;

const publishingInProduction = (
  stage: Stage,
  require: Require,
  version: RehearsedRelease['version'],
  metrics: readonly string[],
): Promise<void> =>
  inProductionBySteps(stage, require, { rollout: stepsWithMetrics(...metrics) }, version, publishing(version));

const shifted = async (
  stage: Stage,
  require: Require,
  title: string,
  version: RehearsedRelease['version'],
): Promise<RehearsedRelease> => {
  const release = await broughtUp(stage, require, title, version, publishing(version));
  await release.run('shift-traffic');
  await release.end();
  return release;
};

export const stepsOwnMetric: Scenario = {
  name: 'steps-own-metric',
  about:
    'A version answers quickly and without errors, but is unsure of two answers in three: the team’s own count of them convicts it.',
  expected: convicted,
  play: async (stage, require) => {
    await publishingInProduction(stage, require, '1.1.0', [unsure]);
    const release = await shifted(stage, require, 'A version that is unsure', '1.2.0');
    require(sharesTaken(stage, release.began.at) === '10, 0', `10 % and back: ${sharesTaken(stage, release.began.at)}`);
    require(harmed(stage, release) === 0, `no request failed: ${harmed(stage, release)}`);
    const because = release.ending?.because ?? '';
    require(/unsure-answers: \d+ of \d+ \(6\d.*beside the baseline's \d+ of \d+ \([23]\./.test(
      because,
    ), `both rates are given: ${because}`);
    await leavesNothingHalfDone(stage, require);
    return release;
  },
};

export const stepsPredictionsCollapse: Scenario = {
  name: 'steps-predictions-collapse',
  about:
    'A version reads centimetres as millimetres and answers every request with the same class, without one error: the shares of its classes convict it.',
  expected: convicted,
  play: async (stage, require) => {
    await publishingInProduction(stage, require, '1.0.0', [classes(', verdict: convict')]);
    const good = await shifted(stage, require, 'A version whose classes have other shares', '1.1.0');
    require(isEnd(good, delivered), `small differences convict no version: ${good.ending?.because}`);
    const release = await shifted(stage, require, 'A version with one answer', '1.8.0');
    require(sharesTaken(stage, release.began.at) === '10, 0', `10 % and back: ${sharesTaken(stage, release.began.at)}`);
    require(harmed(stage, release) === 0, `no request failed: ${harmed(stage, release)}`);
    require(/classes "\w+": \d+ of \d+/.test(
      release.ending?.because ?? '',
    ), `its class is named: ${release.ending?.because}`);
    await leavesNothingHalfDone(stage, require);
    return release;
  },
};

export const stepsPredictionsDiffer: Scenario = {
  name: 'steps-predictions-differ',
  about:
    'A version never answers versicolor. A new model may differ on purpose, so the weight stays at 10 %, and after max-step it is back; a person who wants the change promotes it.',
  expected: delivered,
  play: async (stage, require) => {
    await publishingInProduction(stage, require, '1.0.0', [classes()]);
    const held = await shifted(stage, require, 'A version that differs, without a word from anyone', '1.2.0');
    require(isEnd(held, {
      outcome: 'rolled-back',
      reasonCode: 'unproven-health',
    }), `max-step ends the hold: ${held.ending?.because}`);
    const because = held.ending?.because ?? '';
    require(/classes "\w+"/.test(because) &&
      because.includes('promote-now'), `metric and way out are named: ${because}`);
    require(sharesTaken(stage, held.began.at) === '10, 0', `it waited at 10 %: ${sharesTaken(stage, held.began.at)}`);
    const release = await stage.begin('The same version, on purpose', '1.2.0');
    await release.run('deploy-endpoint');
    const running = release.start('shift-traffic');
    await untilShare(stage, 0.1);
    await stage.driver.until(stage.driver.now() + minutes(20));
    require((await candidateShare(stage)) === 0.1, `the weight stays: ${await candidateShare(stage)}`);
    const go = await stage.begin('A person commands promote-now', '1.2.0');
    await go.run('shift-traffic', { operation: 'promote-now', because: 'this garden has no versicolor' });
    await go.end();
    release.did('commands promote-now', 'this garden has no versicolor');
    await release.finish(running);
    await release.end();
    require(sharesTaken(stage, release.began.at) ===
      '10, 100', `no step between: ${sharesTaken(stage, release.began.at)}`);
    await leavesNothingHalfDone(stage, require);
    return release;
  },
};
