import { rollouts } from '../manifest.ts';
import type { RehearsedRelease } from '../stage.ts';
import { deliver, delivered, firstDeployment, inProduction, isEnd, type Scenario } from './scenario.ts';

export const firstDeploymentScenario: Scenario = {
  name: 'first-deployment',
  about: 'The endpoint does not exist yet: it is created, and serves exactly the approved version.',
  expected: delivered,
  processes: 'every step and every post step starts as the runner starts it',
  play: (stage) => firstDeployment(stage),
};

export const smokeStopsFirstRelease: Scenario = {
  name: 'smoke-stops-first-release',
  about:
    'A new endpoint serves a model that fails on 5 % of its requests. No caller and no older version shows it: 60 requests of the suite do.',
  expected: { outcome: 'failed', reasonCode: 'smoke-failed' },
  play: async (stage, require) => {
    // Its serving code fails on some flowers, each time: the same request twice would show nothing.
    const flowers = Array.from({ length: 60 }, (_, at) => `5.1,3.5,${(1 + at / 12).toFixed(1)},0.2`);
    const asked = `content-type: text/csv\nrequests:\n${flowers.map((body) => `  - { body: "${body}", expect: { type: text } }\n`).join('')}`;
    stage.writeManifest({ rollout: rollouts.unguarded, unwatched: true, smoke: asked });
    const bad = await deliver(stage, 'A first version with 5 % errors', '1.4.0');
    require(askedBy(bad) === 60, `it was asked: ${askedBy(bad)} times`);
    require(/smoke: \d+ of 60 answers not as expected; the first: request \d+ /.test(
      bad.ending?.because ?? '',
    ), `the result names the request: ${bad.ending?.because}`);
    return bad;
  },
};

/** Requests of the suite to the model. */
const askedBy = ({ ending }: RehearsedRelease): number =>
  ending?.requests.filter(({ operation }) => operation === 'InvokeEndpoint').length ?? 0;

export const canaryGood: Scenario = {
  name: 'canary-good',
  about: 'A better version goes out to a quarter of the fleet, bakes under its alarm, and is promoted.',
  expected: delivered,
  play: async (stage, require) => {
    await inProduction(stage, require);
    return deliver(stage, 'A better version by canary', '1.1.0');
  },
};

export const linearGood: Scenario = {
  name: 'linear-good',
  about: 'A better version goes out quarter by quarter and is promoted.',
  expected: delivered,
  play: async (stage, require) => {
    await inProduction(stage, require);
    stage.writeManifest({ rollout: rollouts.linear });
    return deliver(stage, 'A better version, linear', '1.1.0');
  },
};

export const rerunIsANoOp: Scenario = {
  name: 'rerun-is-a-no-op',
  about: 'The whole workflow runs again after it succeeded: it finds everything done and writes nothing.',
  expected: { outcome: 'succeeded', reasonCode: 'already-delivered' },
  play: async (stage, require) => {
    await inProduction(stage, require);
    const first = await deliver(stage, 'A better version by canary', '1.1.0');
    require(isEnd(first, delivered), 'the better version is delivered');
    const again = await deliver(stage, 'The same version again', '1.1.0');
    require(again.steps[0]?.outputs['reason-code'] ===
      'already-registered', 'registering again finds the version that is there');
    return again;
  },
};

export const planWritesNothing: Scenario = {
  name: 'plan-writes-nothing',
  about: 'A dry run reads, checks and prints the plan; the request log holds no write.',
  expected: { outcome: 'succeeded', reasonCode: 'planned' },
  play: async (stage, require) => {
    await inProduction(stage, require);
    const prepared = await stage.begin('A version is registered and approved', '1.1.0');
    await prepared.prepare();
    await prepared.end();
    const plan = await stage.begin('A dry run', '1.1.0');
    const step = await plan.run('deploy-endpoint', { 'dry-run': 'true' });
    require(step.summary.includes('iris-1-1-0-'), 'the summary names the configuration that would be made');
    await plan.end();
    return plan;
  },
};
