import { createAnswers } from '../../src/aws/answers.ts';
import type { Instant } from '../../src/clock.ts';
import type { World } from '../../src/world.ts';
import { type Registry, registryOf } from './approval.ts';

/**
 * The World of a release of 1.1.0 that `run-1` holds: a registry with that version, and only the given clients. It remembers the answers of
 * one instant, as that of a session does.
 */
export const releaseWorld = (
  now: () => Instant,
  changes: Partial<Registry> | undefined,
  clients: {
    readonly read: { readonly sagemaker: object; readonly cloudwatch: object; readonly autoscaling?: object };
    readonly write: object;
  },
): { readonly world: World; readonly registry: Registry } => {
  const { registry, read } = registryOf('1.1.0');
  Object.assign(registry, changes);
  const answers = createAnswers({ now });
  const world = {
    lookAgain: answers.forget,
    clock: { now },
    signal: new AbortController().signal,
    run: { host: 'command-line', holder: 'run-1', actor: 'mina' },
    account: { partition: 'aws', region: 'eu-west-1', id: '111122223333' },
    read: answers.reads({ ...read, ...clients.read, sagemaker: { ...read.sagemaker, ...clients.read.sagemaker } }),
    write: answers.writes(clients.write),
  };
  return { world: world as unknown as World, registry };
};
