import { seconds } from '../clock.ts';
import { consolePage } from '../endpoint/console.ts';
import type { Environment, Manifest } from '../manifest/manifest.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import type { Notice } from './notice.ts';
import { send } from './send.ts';

/**
 * A gate waits for people. Its id is the same in every run that finds the version in this state.
 * @param state digest of the version as it waits
 * @param because a clause with its subject: `churn_v1.4.0 (package 7) waits for a decision`
 * @returns a sentence for each sink that failed
 */
export const announceWait = async (
  {
    world,
    manifest: { model },
    environment,
    name,
    registered,
  }: {
    readonly world: World;
    readonly manifest: Manifest;
    readonly environment: Environment;
    readonly name: string;
    readonly registered: RegisteredVersion;
  },
  because: string,
  state: string,
): Promise<readonly string[]> => {
  const { notify: sinks } = environment;
  if (sinks === undefined || world.write === undefined) return [];
  const { version, packageVersion } = registered;
  const notice: Notice = {
    id: `${model}-${packageVersion}-${name}-${state.slice(0, 8)}/waiting-for-approval`,
    event: 'waiting-for-approval',
    at: world.clock.now(),
    title: `${model} ${version}, ${name}: waits for approval`,
    text: `${because}.`,
    facts: withoutUndefined({
      ...{ model, environment: name, version },
      operation: 'approve-gate',
      endpoint: environment.endpoint.name,
      console: consolePage(world.account, environment.endpoint.name),
      run: world.run.url,
    }),
  };
  return send(world, sinks, [notice], seconds(15));
};
