import type { CommandLine } from '../hosts/command-line/command-line.ts';
import { deliveryOf } from '../manifest/load.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { registryAccount } from '../registry/registry.ts';
import { recordName } from '../release/location.ts';
import type { Failure } from '../report/failure.ts';
import { withoutAccount } from '../report/result.ts';
import { withoutSecrets } from '../secrets.ts';
import type { World } from '../world.ts';
import { shownFailure } from './failure-report.ts';

/** The answer of one environment of the manifest, or the reason why it has none. */
export interface EnvironmentAnswer<Answer> {
  readonly environment: string;
  /** The name that its release record has: of the endpoint, the alias or the service. */
  readonly endpoint: string;
  readonly answer?: Answer;
  readonly unreadable?: Failure;
}

interface Asked {
  readonly manifest: Manifest;
  /** Absent: all of the manifest. */
  readonly environment?: string | undefined;
}

/** Asks one environment after the other, in the order of the manifest. The one that was named has the failure of the command, with its remedy. */
export const askEnvironments = async <Answer>(
  host: CommandLine,
  { manifest, environment }: Asked,
  ask: (environment: string) => Promise<Answer>,
): Promise<readonly EnvironmentAnswer<Answer>[]> => {
  const named = (name: string) => ({ environment: name, endpoint: recordName(deliveryOf(manifest, name)) });
  if (environment !== undefined) return [{ ...named(environment), answer: await ask(environment) }];
  const answers: EnvironmentAnswer<Answer>[] = [];
  for (const name of Object.keys({ ...manifest.environments, ...manifest.byCodeDeploy }))
    try {
      answers.push({ ...named(name), answer: await ask(name) });
    } catch (error) {
      if (host.cancellation.signal.aborted) throw error;
      const failure = shownFailure(error, host);
      // Its accounts may not be known here, so each number of twelve digits counts as one.
      answers.push({ ...named(name), unreadable: { ...failure, because: withoutAccount(failure.because) } });
    }
  return answers;
};

export const isWhole = (answers: readonly EnvironmentAnswer<unknown>[]): boolean =>
  answers.every(({ unreadable }) => unreadable === undefined);

/** No secret and no account id in any text: an error of AWS's quotes ARNs. */
export const shareable = <Value>(value: Value, worlds: readonly World[]): Value => {
  const accounts = new Set(worlds.flatMap((world) => [world.account.id, registryAccount(world).id]));
  return JSON.parse(
    JSON.stringify(withoutSecrets(value), (_key, text: unknown) =>
      typeof text === 'string' ? withoutAccount(text, ...accounts) : text,
    ),
  ) as Value;
};
