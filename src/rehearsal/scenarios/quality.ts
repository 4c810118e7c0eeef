import { regressionPolicy } from '../../../simulator/fixtures/fixtures.ts';
import type { RehearsedRelease } from '../stage.ts';
import { delivered, type Scenario } from './scenario.ts';
import {
  byTransform,
  decisionsOf,
  failed,
  findingsOf,
  inProductionTested,
  isRefused,
  leavesNothingTemporary,
  reasonOf,
  tested,
} from './tested.ts';

/** Verdicts on models that were really fitted, each asked for the golden rows at a temporary endpoint beside the one that serves. */

export const forestBeatsTree: Scenario = {
  name: 'forest-beats-tree',
  about: 'A forest has to be better than the tree that serves, is proven so, and is delivered.',
  model: 'segments',
  expected: delivered,
  play: async (stage, require) => {
    await inProductionTested(stage, require, { version: '1.0.0', policy: regressionPolicy('segments', 'better') });
    const { release, test } = await tested(stage, 'A forest of 15 trees', '1.1.0');
    require(decisionsOf(test) === 'accuracy: pass, log-loss: pass', `each rule passes: ${decisionsOf(test)}`);
    require(findingsOf(test)?.rows.compared === 599, `on all rows: ${findingsOf(test)?.rows.compared}`);
    await release.run('deploy-endpoint');
    await release.end();
    await leavesNothingTemporary(stage, require, release);
    return release;
  },
};

export const stumpFails: Scenario = {
  name: 'stump-fails-overall-and-on-slice',
  about:
    'A tree of depth one breaks the rule for all rows and for a slice; both are named, and it cannot be delivered.',
  model: 'segments',
  expected: failed,
  play: async (stage, require) => {
    await inProductionTested(stage, require, { version: '1.1.0', policy: regressionPolicy('segments', 'not-worse') });
    const { release, test } = await tested(stage, 'A tree of depth one', '1.2.0');
    const { because } = await release.end();
    require(decisionsOf(test) === 'accuracy: fail, accuracy in row >= 120: fail', `both fail: ${decisionsOf(test)}`);
    require(because.includes('accuracy is 30.6 % beside 91.5 %'), `the numbers are given: ${because}`);
    await leavesNothingTemporary(stage, require, release);
    await isRefused(stage, require, '1.2.0');
    return release;
  },
};

export const seedNoise: Scenario = {
  name: 'seed-noise-never-fails',
  about:
    'The forest that serves is trained again with seven other seeds: none of them fails, and those that are proven may be delivered.',
  model: 'segments',
  expected: delivered,
  play: async (stage, require) => {
    const policy = regressionPolicy('segments', 'not-worse');
    await inProductionTested(stage, require, { version: '1.1.0', policy, keys: byTransform });
    const seeds = ['2.2.0', '2.3.0', '2.4.0', '2.5.0', '2.6.0', '2.7.0', '2.1.0'] as const;
    const verdicts: string[] = [];
    let last: RehearsedRelease | undefined;
    for (const seed of seeds) {
      const { release, test } = await tested(stage, `The forest with another seed: ${seed}`, seed);
      const { verdict = reasonOf(test) } = test.outputs;
      verdicts.push(verdict);
      if (verdict === 'inconclusive') {
        await release.end();
        const { because } = findingsOf(test) ?? { because: '' };
        require(/about \d{3} rows decide it, were the models equal/.test(
          because,
        ), `the rows needed are named: ${because}`);
        await isRefused(stage, require, seed);
      } else {
        const isLast = seed === seeds.at(-1);
        await release.run('deploy-endpoint', isLast ? {} : { 'dry-run': 'true' });
        const ending = await release.end();
        require(isLast || ending.reason === 'planned', `${seed} may be delivered: ${ending.because}`);
      }
      await leavesNothingTemporary(stage, require, release, 'CreateTransformJob');
      last = release;
    }
    require(verdicts.every((verdict) => verdict === 'pass' || verdict === 'inconclusive'), `none fails: ${verdicts}`);
    require(verdicts.filter((verdict) => verdict === 'pass').length === 5, `five pass: ${verdicts}`);
    if (last === undefined) throw new Error('no seed was played');
    return last;
  },
};

export const millimetreSkew: Scenario = {
  name: 'millimetre-skew-fails',
  about:
    'Serving code takes centimetres for millimetres: every answer is 200 and quick, and two of three are wrong; the test sees it.',
  expected: failed,
  play: async (stage, require) => {
    await inProductionTested(stage, require, { version: '1.1.0', policy: regressionPolicy('iris', 'not-worse') });
    const { release, test } = await tested(stage, 'A model whose serving code changes the unit', '1.8.0');
    const { because, requests } = await release.end();
    const statuses = new Set(
      requests.filter(({ operation }) => operation === 'InvokeEndpoint').map(({ status }) => status),
    );
    require([...statuses].join() === '200', `every answer is 200: ${[...statuses]}`);
    const { latencies } = findingsOf(test) ?? {};
    require((latencies?.candidate?.p99 ?? Infinity) <= 20, `and quick: ${latencies?.candidate?.p99} ms`);
    require(decisionsOf(test) === 'accuracy: fail', `it fails: ${decisionsOf(test)}`);
    require(because.includes('accuracy is 32 % beside 96 %'), `the numbers are given: ${because}`);
    await leavesNothingTemporary(stage, require, release);
    await isRefused(stage, require, '1.8.0');
    return release;
  },
};

export const sentimentDrift: Scenario = {
  name: 'sentiment-drift-names-the-slice',
  about: 'A model of messages is as good as before on the whole, and worse in one channel: that channel is named.',
  model: 'sentiment',
  expected: failed,
  play: async (stage, require) => {
    await inProductionTested(stage, require, { version: '1.0.0', policy: regressionPolicy('sentiment', 'not-worse') });
    const { release, test } = await tested(stage, 'Trained without short messages', '1.1.0');
    const { because } = await release.end();
    const expected =
      'accuracy: pass, accuracy in channel = app: pass, accuracy in channel = mail: pass, accuracy in channel = sms: fail';
    require(decisionsOf(test) === expected, `one channel alone fails: ${decisionsOf(test)}`);
    require(because.startsWith('accuracy in channel = sms is 66.3 % beside 83.8 %'), `it is named: ${because}`);
    await leavesNothingTemporary(stage, require, release);
    await isRefused(stage, require, '1.1.0');
    return release;
  },
};

export const slowModel: Scenario = {
  name: 'slow-model-fails-slo',
  about: 'A version gives the same answers as the one that serves, and takes 300 ms for each: callers wait 100 ms.',
  model: 'segments',
  expected: failed,
  play: async (stage, require) => {
    await inProductionTested(stage, require, { version: '1.1.0', policy: regressionPolicy('segments', 'slo') });
    const { release, test } = await tested(stage, 'The same forest behind slow serving code', '1.3.0');
    const { because } = await release.end();
    require(decisionsOf(test) === 'accuracy: pass, latency-p95: fail', `it is too late alone: ${decisionsOf(test)}`);
    require(findingsOf(test)?.rows.flipped === 0, 'no answer differs');
    require(because.startsWith('latency-p95 is '), `the latency is named: ${because}`);
    await leavesNothingTemporary(stage, require, release);
    await isRefused(stage, require, '1.3.0');
    return release;
  },
};
