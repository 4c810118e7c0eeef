import { regressionPolicy } from '../../../simulator/fixtures/fixtures.ts';
import { rollouts } from '../manifest.ts';
import type { RehearsedRelease, Stage } from '../stage.ts';
import { carriedOut, delivered, isEnd, type Scenario } from './scenario.ts';
import {
  addTest,
  byTransform,
  decisionsOf,
  findingsOf,
  inconclusive,
  inProductionTested,
  isRefused,
  leavesNothingTemporary,
  reasonOf,
  type Tested,
  tested,
} from './tested.ts';
import { broughtUp, candidateShare, inProductionBySteps } from './walking.ts';

/** Ways in which the models are asked, and what may be wrong with an answer although the model is not. */

const policy = regressionPolicy('segments', 'not-worse');

/** Of a run's requests to the models this share gets no answer from the endpoint, each time that it is sent. */
const flaky = async (stage: Stage, release: RehearsedRelease, share: number): Promise<Tested> => {
  const running = release.start('regression-test');
  const participant = running.process.id;
  const { faults } = stage.simulator;
  const ofModels = { service: 'sagemaker-runtime', operation: 'InvokeEndpoint', participant, times: 100_000 };
  const each = 1 - Math.sqrt(1 - share);
  faults.add({ ...ofModels, kind: 'server-error', share: each });
  faults.add({ ...ofModels, kind: 'never-arrived', share: each });
  return { release, test: await release.finish(running) };
};

export const flakyEndpoint: Scenario = {
  name: 'flaky-endpoint-is-not-a-bad-model',
  about:
    'Nearly all requests get no answer from either endpoint: that decides nothing about the model; when it is one of five, each is sent again, and the model passes.',
  expected: delivered,
  play: async (stage, require) => {
    await inProductionTested(stage, require, { version: '1.0.0', policy: regressionPolicy('iris', 'not-worse') });
    const hurt = await stage.begin('A forest behind an endpoint that hardly answers', '1.1.0');
    await hurt.prepare();
    const { test: open } = await flaky(stage, hurt, 0.97);
    await hurt.end();
    require(isEnd(hurt, inconclusive), `nothing is decided: ${reasonOf(open)}`);
    const { rows } = findingsOf(open) ?? {};
    require((rows?.failedCandidate ?? 1) === 0, `no row counts as wrong: ${JSON.stringify(rows)}`);
    require(/answer/.test(hurt.ending?.because ?? ''), `the missing answers are named: ${hurt.ending?.because}`);
    await leavesNothingTemporary(stage, require, hurt);
    await isRefused(stage, require, '1.1.0');

    const release = await stage.begin('The same an hour later', '1.1.0');
    const { test } = await flaky(stage, release, 0.2);
    require(findingsOf(test)?.rows.compared === 50, `every row is answered in the end: ${reasonOf(test)}`);
    require(test.outputs['verdict'] === 'pass', `it passes: ${decisionsOf(test)}`);
    await release.run('deploy-endpoint');
    const { requests } = await release.end();
    const lost = requests.filter(({ operation, status }) => operation === 'InvokeEndpoint' && status >= 500);
    require(lost.length > 5, `although requests were lost: ${lost.length}`);
    await leavesNothingTemporary(stage, require, release);
    return release;
  },
};

export const nondeterministicModel: Scenario = {
  name: 'nondeterministic-model-is-told',
  about:
    'A model answers some requests by chance: some rows are asked twice, and the report says that a repeat gives other numbers.',
  model: 'segments',
  expected: inconclusive,
  play: async (stage, require) => {
    // One request at a time: which of them is answered by chance depends on their order.
    await inProductionTested(stage, require, { version: '1.1.0', policy, keys: ['concurrency: 1'] });
    const { release, test } = await tested(stage, 'A forest that answers 5 % by chance', '1.4.0');
    await release.end();
    const { repeated } = findingsOf(test) ?? {};
    require((repeated?.candidate ?? 0) > 0, `the candidate changed its answers: ${JSON.stringify(repeated)}`);
    require(repeated?.baseline === 0, 'and the version that serves did not');
    const remarks = release.ending?.result?.remarks?.join() ?? '';
    require(remarks.includes('the candidate is not deterministic'), `the result warns of it: ${remarks}`);
    require(test.summary.includes('not deterministic'), 'and so does the summary');
    await leavesNothingTemporary(stage, require, release);
    await isRefused(stage, require, '1.4.0');
    return release;
  },
};

export const batchTransform: Scenario = {
  name: 'batch-transform',
  about:
    'Both models answer all golden rows in batch transform jobs, without any request to an endpoint; the version passes.',
  model: 'segments',
  expected: delivered,
  play: async (stage, require) => {
    await inProductionTested(stage, require, { version: '1.0.0', policy, keys: byTransform });
    const { release, test } = await tested(stage, 'A forest, by batch transform', '1.1.0');
    const passes = 'accuracy: pass, accuracy in row >= 120: pass';
    require(decisionsOf(test) === passes, `it passes: ${decisionsOf(test)}`);
    require(findingsOf(test)?.rows.compared === 599, 'each row has an answer of both');
    await release.run('deploy-endpoint');
    await release.end();
    require(carriedOut(release, 'CreateTransformJob') === 2, 'one job for each model');
    const asked = release.ending?.requests.filter(({ operation }) => operation === 'InvokeEndpoint') ?? [];
    require(asked.length === 0, 'no endpoint is asked');
    await leavesNothingTemporary(stage, require, release, 'CreateTransformJob');
    return release;
  },
};

/** Requests to the dark variant since a release began. */
const askedInTheDark = (stage: Stage, release: RehearsedRelease): number =>
  stage.simulator.hosting
    .minutes()
    .filter(({ variant, minute }) => variant.endsWith('-next') && minute >= release.began.at)
    .reduce((sum, { requests }) => sum + requests, 0);

export const darkVariant: Scenario = {
  name: 'dark-variant-before-traffic',
  about:
    'The candidate is up beside the serving version, without traffic: it is asked there, and takes traffic only when it has passed.',
  model: 'segments',
  expected: delivered,
  under: {
    zeroWeightTarget: {
      outcome: 'failed',
      because: 'SageMaker answers no request to a variant of weight 0 then, and the candidate stays in the dark',
    },
  },
  play: async (stage, require) => {
    await inProductionBySteps(stage, require);
    addTest(stage, policy, ['candidate: dark-variant'], { rollout: rollouts.steps });
    const dark = await broughtUp(stage, require, 'A forest in the dark', '1.1.0');
    await dark.end();
    await isRefused(stage, require, '1.1.0', 'shift-traffic');
    const release = await stage.begin('It is tested, and takes the traffic', '1.1.0');
    const test = await release.run('regression-test');
    require(test.outputs['verdict'] === 'pass', `it passes: ${reasonOf(test)}`);
    if (test.outputs['verdict'] !== 'pass') {
      await release.end();
      return release;
    }
    require((await candidateShare(stage)) === 0, 'it has no traffic yet');
    const { repeated } = findingsOf(test) ?? { repeated: undefined };
    const expected = 599 + (repeated?.rows ?? 0);
    require(askedInTheDark(stage, dark) === expected, `the test alone asks it: ${askedInTheDark(stage, dark)}`);
    await release.run('shift-traffic');
    await release.end();
    require(carriedOut(release, 'CreateEndpoint') === 0, 'no temporary endpoint was made');
    return release;
  },
};
