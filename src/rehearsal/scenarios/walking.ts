import { hours, type Instant, seconds } from '../../clock.ts';
import { type ManifestOptions, rollouts } from '../manifest.ts';
import { readServing } from '../serving.ts';
import type { RehearsedRelease, Stage } from '../stage.ts';
import { deliver, delivered, isEnd, type Require } from './scenario.ts';

/** The shared parts of stepped releases' plays. */

/** Enough that a step of 10 % is proven within minutes: about 600 requests of the candidate at 0.5 % and 95 %. */
const requestsPerSecond = 30;

/**
 * 1.0.0, or another version, serves, requests come in, and the manifest's strategy is `steps`.
 * @param inputs of its registration
 */
export const inProductionBySteps = async (
  stage: Stage,
  require: Require,
  options: ManifestOptions = {},
  version: RehearsedRelease['version'] = '1.0.0',
  inputs: Readonly<Record<string, string>> = {},
): Promise<void> => {
  stage.writeManifest({ rollout: rollouts.steps, ...options });
  const first = await deliver(stage, 'First deployment', version, inputs);
  require(isEnd(first, delivered), `the first deployment is delivered: ${first.ending?.because}`);
  await stage.startTraffic(requestsPerSecond);
};

/** Registered, approved, and up beside the serving variant without any traffic. */
export const broughtUp = async (
  stage: Stage,
  require: Require,
  title: string,
  version: RehearsedRelease['version'],
  inputs: Readonly<Record<string, string>> = {},
): Promise<RehearsedRelease> => {
  const release = await stage.begin(title, version);
  await release.prepare(inputs);
  const step = await release.run('deploy-endpoint');
  require(step.outputs['reason-code'] === 'candidate-dark', `the candidate is up, dark: ${step.outputs['result']}`);
  require((await candidateShare(stage)) === 0, 'it has no traffic');
  return release;
};

/** Register → approve → gate → deploy dark → shift, from start to end. */
export const walked = async (
  stage: Stage,
  require: Require,
  title: string,
  version: RehearsedRelease['version'],
): Promise<RehearsedRelease> => {
  const release = await broughtUp(stage, require, title, version);
  await release.run('shift-traffic');
  await release.end();
  return release;
};

/** The candidate's share of the weights as DescribeEndpoint shows it; undefined without a candidate beside the serving variant. */
export const candidateShare = async (stage: Stage): Promise<number | undefined> => {
  const shown = await readServing(stage.simulator, stage.endpoint);
  return shown?.variants.find(({ name }) => name.endsWith('-next'))?.share;
};

/** Time passes until the candidate has that share of the weights and the endpoint is settled. */
export const untilShare = async (stage: Stage, share: number): Promise<void> => {
  const limit = stage.driver.now() + hours(3);
  for (;;) {
    const shown = await readServing(stage.simulator, stage.endpoint);
    const seen = shown?.variants.find(({ name }) => name.endsWith('-next'))?.share;
    if (shown?.status === 'InService' && seen !== undefined && Math.abs(seen - share) < 0.001) return;
    if (stage.driver.now() >= limit) throw new Error(`the candidate did not get ${share} in three hours, but ${seen}`);
    await stage.driver.until(stage.driver.now() + seconds(10));
  }
};

/** The shares that were commanded and reached, in order, as percentages. */
export const sharesTaken = (stage: Stage, since: Instant): string =>
  stage.simulator.requests
    .filter(
      ({ operation, mutation, at }) => operation === 'UpdateEndpointWeightsAndCapacities' && mutation && at >= since,
    )
    .flatMap(({ input }): number[] => {
      const changes = (input as { readonly DesiredWeightsAndCapacities: readonly Change[] })
        .DesiredWeightsAndCapacities;
      const candidate = changes.find(({ VariantName }) => VariantName.endsWith('-next'))?.DesiredWeight;
      if (candidate === undefined) return [];
      const total = changes.reduce((sum, { DesiredWeight = 0 }) => sum + DesiredWeight, 0);
      return [Math.round((1000 * candidate) / total) / 10];
    })
    .join(', ');
interface Change {
  readonly VariantName: string;
  readonly DesiredWeight?: number;
}

/** Requests that failed on the candidate since the release began. */
export const harmed = (stage: Stage, release: RehearsedRelease): number =>
  stage.simulator.hosting
    .minutes()
    .filter(({ variant, minute }) => variant.endsWith('-next') && minute >= release.began.at)
    .reduce((sum, { errors }) => sum + errors, 0);
