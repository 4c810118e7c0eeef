import { rollouts } from '../manifest.ts';
import { deliver, delivered, inProduction, isEnd, prepared, type Scenario } from './scenario.ts';

const serverless = {
  endpoint: ['serverless: { memory: 2048, max-concurrency: 20 }'],
  rollout: rollouts.unguarded,
  unwatched: true,
} as const;

export const serverlessUpdate: Scenario = {
  name: 'serverless-update',
  about:
    'An endpoint without instances is updated: no guardrails exist there, the plan notes it, and the end is verified.',
  expected: delivered,
  play: async (stage, require) => {
    stage.writeManifest(serverless);
    await inProduction(stage, require);
    const release = await deliver(stage, 'A better version without instances', '1.1.0');
    require(release.ending?.result?.plan?.notes.some((note) =>
      note.includes('neither deployment guardrails nor variants'),
    ) === true, 'the plan notes that no alarm watches');
    stage.writeManifest({ endpoint: serverless.endpoint });
    const canary = await stage.begin('A canary without instances', '1.1.0');
    await canary.run('deploy-endpoint', { 'dry-run': 'true' });
    const ending = await canary.end();
    require(ending.reason === 'infeasible-rollout', `a canary is refused there: ${ending.reason}`);
    return release;
  },
};

export const serverlessToInstance: Scenario = {
  name: 'serverless-to-instance',
  about:
    'A serverless endpoint moves to instances, which cannot be undone: the manifest states it, the plan notes it, and a rollback refuses.',
  expected: delivered,
  play: async (stage, require) => {
    stage.writeManifest(serverless);
    await inProduction(stage, require);
    stage.writeManifest({});
    await prepared(stage, '1.1.0');
    const mistake = await stage.begin('To instances, without a statement', '1.1.0');
    await mistake.run('deploy-endpoint');
    await mistake.end();
    require(isEnd(mistake, { outcome: 'failed', reasonCode: 'endpoint-unusable' }) &&
      mistake.ending?.because.includes('`replaces-kind: serverless`') ===
        true, `the manifest has to state it: ${mistake.ending?.because}`);
    stage.writeManifest({ endpoint: ['instance: { type: ml.m5.large, count: 4 }', 'replaces-kind: serverless'] });
    const release = await stage.begin('From serverless to instances', '1.1.0');
    await release.run('deploy-endpoint');
    await release.end();
    require(release.ending?.result?.plan?.notes.some((note) => note.includes('there is no way back')) ===
      true, 'the plan notes that there is no way back');
    require(release.ending?.after?.instances.current === 4, 'four instances serve');
    const undo = await stage.begin('An engineer rolls back', '1.0.0');
    await undo.run('rollback');
    await undo.end();
    require(isEnd(undo, {
      outcome: 'failed',
      reasonCode: 'nothing-to-roll-back-to',
    }), `the rollback gives the reason for its refusal: ${undo.ending?.reason}`);
    stage.writeManifest(serverless);
    await prepared(stage, '1.3.0');
    const back = await stage.begin('Back to serverless', '1.3.0');
    await back.run('deploy-endpoint');
    await back.end();
    require(isEnd(back, {
      outcome: 'failed',
      reasonCode: 'infeasible-rollout',
    }), `delivering without instances is refused: ${back.ending?.reason}`);
    return release;
  },
};

export const asyncEndpoint: Scenario = {
  name: 'async-endpoint',
  about: 'An endpoint that takes asynchronous requests publishes no Invocations: its other metrics count the requests.',
  expected: delivered,
  under: {
    asyncFleetMetrics: {
      outcome: 'rolled-back',
      because:
        'no metric distinguishes the fleets then: no request shows on the new one, so it is taken back as unproven',
    },
  },
  play: async (stage, require) => {
    const endpoint = [
      'instance: { type: ml.m5.large, count: 4 }',
      'async: { output: s3://ml-artifacts/answers, failure: s3://ml-artifacts/errors }',
    ];
    stage.writeManifest({ endpoint });
    await inProduction(stage, require);
    const bad = await deliver(stage, 'A version with 5 % errors, asynchronous', '1.4.0');
    require(isEnd(bad, {
      outcome: 'rolled-back',
      reasonCode: 'alarm',
    }), `the alarm sees errors there: ${bad.ending?.reason}`);
    return deliver(stage, 'A better version, asynchronous', '1.1.0');
  },
};
