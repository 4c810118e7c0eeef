import { minutes } from '../../clock.ts';
import type { Outcome } from '../../operation.ts';
import type { ReasonCode } from '../../reason-codes.ts';
import { house } from '../manifest.ts';
import type { Release, Stage } from '../stage.ts';

export interface Expected {
  readonly outcome: Outcome;
  readonly reasonCode: ReasonCode;
}

/** One thing that happens to teams, played from an empty account to its end. */
export interface Scenario {
  readonly name: string;
  /** One sentence. */
  readonly about: string;
  readonly expected: Expected;
  /**
   * @param require states what must hold besides the expected end and its relation to DescribeEndpoint
   * @returns the release that is judged, ended
   */
  play(stage: Stage, require: Require): Promise<Release>;
}
export type Require = (holds: boolean, saying: string) => void;

export const delivered: Expected = { outcome: 'succeeded', reasonCode: 'delivered' };

/** Register → approve → gate → deploy, from start to end. */
export const deliver = async (stage: Stage, title: string, version: Release['version']): Promise<Release> => {
  const release = await stage.begin(title, version);
  await release.prepare();
  await release.run('deploy-endpoint');
  await release.end();
  return release;
};

export const firstDeployment = (stage: Stage): Promise<Release> => deliver(stage, 'First deployment', '1.0.0');

/** 1.0.0 serves and requests come in. */
export const inProduction = async (stage: Stage, require: Require): Promise<void> => {
  const first = await firstDeployment(stage);
  require(isEnd(first, delivered), 'the first deployment is delivered');
  await stage.openDoors();
};

export const isEnd = (release: Release, { outcome, reasonCode }: Expected): boolean =>
  release.ending?.outcome === outcome && release.ending.reason === reasonCode;

/** After provisioning, in the middle of the first bake. */
export const intoTheCanary = minutes(7);

/** Lets SageMaker finish whatever it is doing. */
export const settle = async (stage: Stage): Promise<void> => {
  for (;;) {
    const { EndpointStatus } = await stage.simulator.call('sagemaker', 'DescribeEndpoint', {
      EndpointName: house.endpoint,
    });
    if (EndpointStatus !== 'Updating' && EndpointStatus !== 'Creating') return;
    await stage.driver.until(stage.driver.now() + minutes(1));
  }
};
