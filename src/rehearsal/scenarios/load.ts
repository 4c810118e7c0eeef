import { regressionPolicy } from '../../../simulator/fixtures/fixtures.ts';
import type { Check } from '../../findings/regression.ts';
import type { StepResult } from '../driver.ts';
import type { Scenario } from './scenario.ts';
import {
  addTest,
  atOnce,
  failed,
  findingsOf,
  inProductionTested,
  leavesNothingTemporary,
  reasonOf,
  tested,
} from './tested.ts';

const policy = regressionPolicy('iris', 'not-worse');

const loadIn = (test: StepResult): Check | undefined => findingsOf(test)?.checks?.find(({ name }) => name === 'load');

export const loadFindsTheBreakingRate: Scenario = {
  name: 'load-finds-the-breaking-rate',
  about:
    'A version with slow serving code answers as well as the one that serves, and holds the busiest minute of an instance; the load test finds the rate at which it breaks, and twice the busiest minute is above it.',
  // The container is one process, which answers one request after the other.
  settings: { requestsPerInstance: 1 },
  expected: failed,
  play: async (stage, require) => {
    const once = ['load: { factor: 1, duration: 3m, up-to: 3, limits: { p99: 1s, error-rate: 2% } }'];
    await inProductionTested(stage, require, { version: '1.1.0', policy, keys: once });
    // 8 requests a second on 4 instances.
    await stage.startTraffic();
    const first = await tested(stage, 'Slow serving code, under the recorded rate', '1.3.0');
    await first.release.end();
    const held = loadIn(first.test);
    require(first.test.outputs['verdict'] === 'pass', `it holds the recorded rate: ${reasonOf(first.test)}`);
    // 308 ms a request are 3.25 a second.
    const expected = 'it holds 3.13 requests per second and breaks at 3.91 requests per second';
    require(held?.because.endsWith(expected) ?? false, `the rate at which it breaks is found: ${held?.because}`);
    const advice = held?.notes?.join('; ') ?? '';
    require(advice.includes(
      'needs 6 of them, and instance.count is 4: raise it to 6',
    ), `and what it asks of the fleet: ${advice}`);
    require(first.test.summary.includes('3.91 requests per second'), 'the summary has it');
    await leavesNothingTemporary(stage, require, first.release);

    addTest(stage, policy, ['load: { factor: 2, duration: 1m, limits: { p99: 1s } }'], atOnce);
    const release = await stage.begin('The same, under twice the recorded rate', '1.3.0');
    const test = await release.run('regression-test');
    const { because } = await release.end();
    require(loadIn(test)?.verdict === 'fail', `it does not hold twice the rate: ${reasonOf(test)}`);
    require(because.startsWith(
      'load: at 4 requests per second p99 is ',
    ), `the rate and the latency are named: ${because}`);
    await leavesNothingTemporary(stage, require, release);
    return release;
  },
};
