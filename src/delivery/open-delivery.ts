import { type Instant, iso } from '../clock.ts';
import { Refusal } from '../operation.ts';
import { reason } from '../reason-codes.ts';
import { type RequestedVersion, requireVersion } from '../registry/packages.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import { type Decision, rerunDecision } from '../release/lifecycle.ts';
import type { ReleaseRecord } from '../release/record.ts';
import type { World } from '../world.ts';
import type { ReleaseOutputs } from './release-outputs.ts';
import { repeatRefusal } from './repeat-refusal.ts';
import type { Opening } from './run-release.ts';

export interface WantedDelivery {
  readonly group: string;
  readonly version: string;
  readonly named: RequestedVersion;
  readonly retry: boolean;
  /** A version that has served here, and serves no more, is left alone. */
  readonly once: boolean;
  /** Of the request, once the version's package is known. */
  planDigest(packageVersion: number): string;
}

/** Nothing stands in the way: the delivery may begin, or is found to be done. */
export type FreeDecision = Extract<Decision, { is: 'no-op' | 'new-attempt' }>;

/**
 * The opening of a delivery, by the record alone until nothing stands in its way. It is the same for everything that serves.
 * @throws {Refusal}
 */
export const openDelivery = async (
  world: World,
  record: ReleaseRecord,
  { group, version, named, retry, once, planDigest }: WantedDelivery,
  begin: (registered: RegisteredVersion, decision: FreeDecision) => Promise<Opening<ReleaseOutputs>>,
): Promise<Opening<ReleaseOutputs>> => {
  const decide = (packageVersion: number): Decision =>
    rerunDecision(record, {
      operation: 'deploy-endpoint',
      version,
      planDigest: planDigest(packageVersion),
      retry,
      holder: world.run.holder,
      now: world.clock.now(),
    });
  const { live } = record;
  const own = live?.operation === 'deploy-endpoint' && live.version === version ? live : undefined;
  // A release that is under way goes on, even when its package is gone: its next turn ends it, and restores everything.
  const begun = decide(own?.candidate.packageVersion ?? 0);
  if (begun.is === 'resume') return begun;
  const registered = await requireVersion(world, group, named);
  const decision = decide(registered.packageVersion);
  if (once) {
    const before = servedBefore(record, registered);
    if (before !== undefined) return leftAlone(registered, before);
  }
  switch (decision.is) {
    case 'resume':
      return decision;
    case 'held':
      // A queue of runs plans first and deploys one after another: a dry run is not refused.
      if (world.write === undefined)
        return { is: 'behind', because: `would begin when another release has ended: ${decision.because}` };
      throw new Refusal('held-by-another-release', decision.because);
    case 'stopping':
      return { is: 'stop-first', release: decision.release };
    case 'plan-changed':
      // Its version serves and was verified: only cleanup is left, which another plan must not wait for.
      if (decision.release.phase === 'settling') return { is: 'stop-first', release: decision.release };
      throw new Refusal('plan-changed', `${decision.release.id} is live with another plan`);
    case 'already-convicted':
      throw repeatRefusal(version, decision.release);
    case 'no-op':
    case 'new-attempt':
      return begin(registered, decision);
  }
};

/**
 * The last time that the version served; undefined while it serves, and when it never did. Its package counts too: one number names
 * different versions in two registries, and one version may be registered anew.
 */
const servedBefore = (
  { history }: ReleaseRecord,
  { version, packageVersion }: RegisteredVersion,
): Instant | undefined =>
  history.find((one) => one.version === version && one.packageVersion === packageVersion)?.until;

const leftAlone = ({ tag, version, packageVersion }: RegisteredVersion, until: Instant): Opening<ReleaseOutputs> => ({
  is: 'done',
  progress: {
    is: 'done',
    outcome: reason('served-before').outcome,
    reason: 'served-before',
    outputs: { version, 'model-package-version': String(packageVersion) },
    because: `${tag} served here until ${iso(until)}, and is delivered once; deploy it without once to bring it back`,
  },
});
