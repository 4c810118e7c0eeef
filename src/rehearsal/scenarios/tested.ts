import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AnyVersion } from '../../../simulator/fixtures/fixtures.ts';
import { goldenSet, regressionAsking } from '../../../simulator/fixtures/fixtures.ts';
import type { Regression } from '../../findings/regression.ts';
import type { ResultJson } from '../../report/result-json.ts';
import type { StepResult } from '../driver.ts';
import { type ManifestOptions, rollouts } from '../manifest.ts';
import type { RehearsedRelease, Stage } from '../stage.ts';
import { carriedOut, deliver, delivered, type Expected, isEnd, type Require } from './scenario.ts';

/** The shared parts of the rehearsals of `regression-test`. */

export const failed: Expected = { outcome: 'rejected', reasonCode: 'regression-failed' };
export const inconclusive: Expected = { outcome: 'inconclusive', reasonCode: 'regression-inconclusive' };

/** Without callers, so that no rollout waits for requests: the test alone decides. There is time for slow instances. */
export const atOnce: ManifestOptions = { rollout: `${rollouts.unguarded}, timeout: 40m`, unwatched: true };

/**
 * The version serves, and the manifest has a regression test from now on.
 * @param policy rules of the model's fixtures
 */
export const inProductionTested = async (
  stage: Stage,
  require: Require,
  {
    version,
    policy,
    keys,
    inputs,
  }: {
    readonly version: AnyVersion;
    readonly policy: string;
    readonly keys?: readonly string[];
    /** Of register-model, beside the usual ones. */
    readonly inputs?: Readonly<Record<string, string>>;
  },
): Promise<void> => {
  stage.writeManifest(atOnce);
  const first = await deliver(stage, 'The version that serves', version, inputs);
  require(isEnd(first, delivered), `the version that serves is delivered: ${first.ending?.because}`);
  addTest(stage, policy, keys, atOnce);
};

/** Both models answer in batch transform jobs, with few requests. */
export const byTransform: readonly string[] = ['candidate', 'baseline'].map(
  (side) => `${side}: { transform: { instance: ml.m5.large } }`,
);

/** The golden set lies in the repository, and `delivery.yml` says how it is asked. */
export const addTest = (
  stage: Stage,
  policy: string,
  keys: readonly string[] = [],
  options: ManifestOptions = {},
): void => {
  const { name, content } = goldenSet(stage.model);
  writeFileSync(join(stage.workspace, name), content);
  const regression = [`dataset: ${name}\n`, policy, regressionAsking(stage.model), ...keys.map((key) => `${key}\n`)];
  stage.writeManifest({ ...options, regression: regression.join('') });
};

/** Register → approve → gate → test. */
export const tested = async (
  stage: Stage,
  title: string,
  version: AnyVersion,
  inputs: Readonly<Record<string, string>> = {},
): Promise<Tested> => {
  const release = await stage.begin(title, version);
  await release.prepare(inputs);
  return { release, test: await release.run('regression-test') };
};
export interface Tested {
  readonly release: RehearsedRelease;
  readonly test: StepResult;
}

/** The verdict and its cells, in the result that the action has given. */
export const findingsOf = ({ outputs }: StepResult): Omit<Regression, 'is'> | undefined =>
  (JSON.parse(outputs['result'] ?? '{}') as Partial<ResultJson>).regression;

/** `accuracy in row >= 120: fail`, in the order of the report. */
export const decisionsOf = (test: StepResult): string =>
  (findingsOf(test)?.cells ?? [])
    .map(({ metric, slice, decision }) => `${slice === undefined ? metric : `${metric} in ${slice}`}: ${decision}`)
    .join(', ');

export const reasonOf = ({ outputs }: StepResult): string =>
  `${outputs['outcome']}/${outputs['reason-code']}: ${outputs['result']}`;

/** Whatever the test made is gone, and it made something. */
export const leavesNothingTemporary = async (
  stage: Stage,
  require: Require,
  release: RehearsedRelease,
  made: 'CreateEndpoint' | 'CreateTransformJob' = 'CreateEndpoint',
): Promise<void> => {
  require(carriedOut(release, made) > 0, `the test made something temporary: ${made}`);
  const lists = await Promise.all(
    (['Endpoint', 'EndpointConfig', 'Model', 'TransformJob'] as const).map(async (kind) => {
      const { simulator } = stage;
      const listed = await simulator.call('sagemaker', `List${kind}s`, { NameContains: `${stage.endpoint}-test-` });
      const found = listed[kind === 'TransformJob' ? 'TransformJobSummaries' : `${kind}s`];
      return (found as readonly Readonly<Record<string, unknown>>[])
        .filter(({ TransformJobStatus = 'InProgress' }) => TransformJobStatus === 'InProgress')
        .map((one) => String(one[`${kind}Name`]));
    }),
  );
  require(lists.flat().length === 0, `nothing temporary is left: ${lists.flat().join(', ')}`);
};

/** The delivery of this version is refused before any write. */
export const isRefused = async (
  stage: Stage,
  require: Require,
  version: AnyVersion,
  action: 'deploy-endpoint' | 'shift-traffic' = 'deploy-endpoint',
): Promise<void> => {
  const release = await stage.begin(`${version} all the same`, version);
  await release.run(action);
  const { requests } = await release.end();
  require(isEnd(release, {
    outcome: 'rejected',
    reasonCode: 'regression-missing',
  }), `${action} refuses ${version}: ${release.ending?.reason}: ${release.ending?.because}`);
  require(requests.every(({ mutation }) => !mutation), `${action} writes nothing`);
};
