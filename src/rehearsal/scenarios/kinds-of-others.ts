import { type KindOfOthers, makeForOthers } from '../endpoints-of-others.ts';
import { rollouts } from '../manifest.ts';
import type { RehearsedRelease, Stage } from '../stage.ts';
import { delivered, isEnd, prepared, type Require, type Scenario } from './scenario.ts';

const plain = { rollout: rollouts.unguarded, unwatched: true } as const;
const onInstances = 'instance: { type: ml.m5.large, count: 1 }';

const endpointOf = async (stage: Stage, kind: KindOfOthers): Promise<string> => {
  const name = `of-others-${kind}`;
  const { simulator, driver } = stage;
  await makeForOthers({ simulator, until: (instant) => driver.until(instant) }, kind, name);
  return name;
};

/** A delivery, and a rollback where the release record allows one, onto an endpoint of this kind. */
const refusedOn = async (
  stage: Stage,
  require: Require,
  kind: KindOfOthers,
  words: string,
): Promise<RehearsedRelease> => {
  stage.writeManifest({ ...plain, name: await endpointOf(stage, kind), endpoint: [onInstances] });
  const release = await stage.begin(`A delivery onto an endpoint: ${kind}`, '1.1.0');
  await release.run('deploy-endpoint');
  const { reason, because, requests } = await release.end();
  require(reason === 'endpoint-unusable' && because.includes(words), `${kind} is refused as such: ${because}`);
  require(requests.every(({ mutation }) => !mutation), `nothing is written to the endpoint of kind ${kind}`);
  return release;
};

export const kindsOfOthersRefused: Scenario = {
  name: 'endpoint-kinds-refused',
  about:
    'Endpoints that others made and that one model on one variant cannot replace: inference components, many models, named containers, shadows, an experiment, several variants.',
  expected: { outcome: 'failed', reasonCode: 'endpoint-unusable' },
  play: async (stage, require) => {
    await prepared(stage, '1.1.0');
    await refusedOn(stage, require, 'multi-model', 'put the new version below the prefix');
    await refusedOn(stage, require, 'direct', 'of which each caller names one');
    await refusedOn(stage, require, 'several-variants', '(main, other): publish an endpoint config with one of them');
    await refusedOn(stage, require, 'shadowed', 'end the shadow test first');
    await refusedOn(stage, require, 'experiment', '(of-others-experiment-test): stop the experiment first');
    return refusedOn(stage, require, 'inference-components', 'UpdateInferenceComponent');
  },
};

export const kindReplacedAsStated: Scenario = {
  name: 'endpoint-kind-replaced-as-stated',
  about:
    'A pipeline of containers becomes one model only when the manifest states it; the rollback brings the pipeline back, and needs no statement.',
  expected: { outcome: 'succeeded', reasonCode: 'restored' },
  play: async (stage, require) => {
    await prepared(stage, '1.1.0');
    await refusedOn(stage, require, 'serial', 'set `replaces-kind: serial`');
    const name = stage.endpoint;
    stage.writeManifest({ ...plain, name, endpoint: ['replaces-kind: serial', onInstances] });
    const release = await stage.begin('The pipeline is replaced on purpose', '1.1.0');
    await release.run('deploy-endpoint');
    const { result } = await release.end();
    require(isEnd(release, delivered), `the statement is obeyed: ${release.ending?.because}`);
    require(result?.plan?.notes.some((note) => note.includes('becomes another kind')) === true, 'the plan notes it');
    stage.writeManifest({ ...plain, name, endpoint: [onInstances] });
    const undo = await stage.begin('An engineer rolls back', '1.0.0');
    await undo.run('rollback');
    await undo.end();
    return undo;
  },
};
