import { CredentialsUnavailable } from '../aws/credentials-unavailable.ts';
import { minutes } from '../clock.ts';
import { clockOf } from '../hosts/clock.ts';
import type { CommandLine } from '../hosts/command-line/command-line.ts';
import { waitOut } from '../hosts/patience.ts';
import { runFrom } from '../hosts/run.ts';
import { folder } from '../inputs/folder.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { type ReleaseStore, storeFor } from '../release/store.ts';
import { openSession, type Target, targetOf } from '../session/session.ts';
import type { World } from '../world.ts';

/** One environment and its release record, without write access. */
export interface ReadOnlySession {
  readonly world: World;
  readonly store: ReleaseStore;
}

/** Short, because a person waits for the answer. */
const readPatience = minutes(5);

/**
 * With the role of the environment. A role whose trust policy names jobs alone lets no person in: then with the caller's own credentials,
 * which must be of the same account.
 */
export const openReadOnly = async (host: CommandLine, manifest: Manifest, name: string): Promise<ReadOnlySession> => {
  const target = targetOf({ manifest, environment: name });
  const { role, ...own } = target;
  const world = await openWithoutManifest(host, target).catch(async (error: unknown) => {
    if (role === undefined || !(error instanceof CredentialsUnavailable) || !error.denied) throw error;
    const opened = await openWithoutManifest(host, own);
    host.terminal.err(`${name}: role ${role} may not be assumed by these credentials; reading with them themselves`);
    return opened;
  });
  return { world, store: storeFor({ manifest, environment: name }, world) };
};

/** The account of the credentials, without write access. */
export const openWithoutManifest = async (host: CommandLine, target: Target): Promise<World> => {
  const {
    env,
    seams,
    cancellation: { signal },
  } = host;
  const clock = await clockOf(host);
  const session = await waitOut({ clock, deadline: clock.now() + readPatience, signal }, () =>
    (seams?.openSession ?? openSession)({
      target,
      env,
      run: runFrom(env, 'command-line'),
      workspace: folder(process.cwd()),
      clock,
      dryRun: true,
      signal,
    }),
  );
  return session.worldFor(signal);
};
