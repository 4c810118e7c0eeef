import { iso, minutes, seconds } from '../clock.ts';
import { withJitter } from '../delivery/poll.ts';
import type { ReleaseOutputs } from '../delivery/release-outputs.ts';
import type { Opening } from '../delivery/run-release.ts';
import { Refusal } from '../operation.ts';
import type { ReasonCode } from '../reason-codes.ts';
import { type Decided, readDecision } from '../registry/decision.ts';
import { mayDecide, type PackageEvent } from '../registry/package-event.ts';
import { listPackages, missingPackage, packagesOf, requireVersion } from '../registry/packages.ts';
import { isOf, registryAccount } from '../registry/registry.ts';
import { approvalOf } from '../registry/standing.ts';
import { nameOfPackage, type PackageReference, readPackage, readReference } from '../registry/version-reference.ts';
import { isSameName } from '../same-name.ts';
import type { World } from '../world.ts';
import type { RollbackInputs } from './rollback-inputs.ts';

type Given = Pick<RollbackInputs, 'manifest' | 'only-rejected' | 'rejected' | 'event' | 'to' | 'only-expired'>;

/**
 * The request is about a rejection, and has no other aim. A workflow or a pipeline cannot tell an empty expression from a missing input.
 * There a step is about a rejection by a word of its own, so that a rollback from a good version is another step.
 * @throws {Refusal} `invalid-input` when it has two aims, or names no version
 */
export const isAboutRejection = (world: Pick<World, 'run'>, given: Given): boolean => {
  const { 'only-rejected': only, rejected, event, to, 'only-expired': expired } = given;
  const refuse = (because: string): never => {
    throw new Refusal('invalid-input', because);
  };
  if (!only && rejected === undefined && event === undefined) return false;
  const input = rejected !== undefined ? 'rejected' : event !== undefined ? 'event' : 'only-rejected';
  const other = to !== undefined ? 'to' : expired ? 'only-expired' : undefined;
  if (other !== undefined)
    return refuse(
      `${input} and ${other} are two different requests: ${input} finds its way back by itself, so give one of them`,
    );
  if (rejected !== undefined && event !== undefined)
    return refuse('rejected and event both name a version: give one of them');
  if (input === 'only-rejected')
    return refuse('only-rejected: rejected and event are both empty, and one of them has to name the rejected version');
  if (!only && world.run.host !== 'command-line')
    return refuse(
      `${input}: write only-rejected: true beside it; without that word the same step with an empty ${input} would be a rollback from a version that is not rejected`,
    );
  return true;
};

/** The version that the registry has as rejected now; or the end, or the pause, of a run without one. */
export type Decision =
  | { readonly is: 'rejected'; readonly decided: Decided; readonly event?: PackageEvent }
  | { readonly is: 'open'; readonly opening: Opening<ReleaseOutputs> };

/** How long DescribeModelPackage may show the state before an event (AWS promises no time; an endpoint's reads are stale for less). */
const staleness = minutes(5);

/**
 * Looks up the package that the request names. Both the version and the event are hints: the registry's present state decides.
 * @param acted as in `ended`
 * @throws {Refusal} when the request names nothing, or a package of another group, account or region
 */
export const decisionOn = async (world: World, given: Given, acted: boolean): Promise<Decision> => {
  const { event } = given;
  const nothing = (reason: Extract<ReasonCode, 'not-rejected' | 'event-ignored'>, because: string): Decision => ({
    is: 'open',
    opening: ended(reason, because, { acted }),
  });
  if (event === undefined) {
    const decided = await namedDecision(world, given.manifest.model, given.rejected ?? '');
    return decided.approval === 'Rejected' ? { is: 'rejected', decided } : nothing('not-rejected', approvalOf(decided));
  }
  const { model } = given.manifest;
  refuseOthers(world, 'event', model, { ...event });
  const about = `${model}/${event.packageVersion}`;
  if (!mayDecide(event))
    return nothing(
      'event-ignored',
      `the event reports that ${changes(event)} of package ${about} changed, not its approval`,
    );
  const decided = await readDecision(world, model, event.packageVersion);
  if (decided?.approval === 'Rejected') return { is: 'rejected', decided, event };
  if (decided === undefined) return nothing('not-rejected', `package ${about} does not exist any more`);
  const seen = decided.lastModified?.at ?? 0;
  const now = world.clock.now();
  // The registry may still show the state before the event. An event from the future is no reason to wait.
  if (event.approval === 'Rejected' && event.at > seen && now < event.at + staleness && event.at <= now + staleness)
    return {
      is: 'open',
      opening: {
        is: 'behind',
        because: `the event reports that package ${about} was rejected at ${iso(event.at)}, and the registry still shows an older state; looking again`,
        notBefore: withJitter(world.run.holder, now, seconds(30)),
      },
    };
  return nothing(
    'not-rejected',
    `the event is older than the registry's present state, which decides: ${approvalOf(decided)}`,
  );
};

const changes = ({ changed = [] }: PackageEvent): string =>
  changed
    .filter((name) => /^\w{1,40}$/.test(name))
    .slice(0, 6)
    .join(', ');

/** @param acted the run has waited for other releases, or settled one */
export const ended = (
  reason: Extract<ReasonCode, 'not-rejected' | 'event-ignored' | 'serves-nowhere'>,
  because: string,
  { outputs = {}, acted = false }: { readonly outputs?: Partial<ReleaseOutputs>; readonly acted?: boolean } = {},
): Opening<ReleaseOutputs> => ({
  is: 'done',
  progress: {
    is: 'done',
    outcome: 'succeeded',
    reason,
    outputs,
    because: `${because}; ${acted ? 'nothing was left to change' : 'nothing was changed'}`,
  },
});

/** A version by its owner in the registry, a number or an ARN by itself. */
const namedDecision = async (world: World, model: string, text: string): Promise<Decided> => {
  const named = readPackage(model, text);
  if (named !== undefined) refuseOthers(world, 'rejected', model, named);
  const reference = readReference(model, text, 'rejected');
  const number =
    reference.is === 'package'
      ? reference.packageVersion
      : packagesOf(await listPackages(world, model), reference.version)[0]?.packageVersion;
  const decided = number === undefined ? undefined : await readDecision(world, model, number);
  if (decided !== undefined) return decided;
  // It names the nearest versions.
  await requireVersion(world, model, missingPackage(model, text));
  throw new Refusal('unknown-version', `rejected: ${text} was deleted meanwhile`);
};

/** @throws {Refusal} for a package of another model, account or region */
const refuseOthers = (world: World, input: string, model: string, named: PackageReference): void => {
  const { group, home } = named;
  if (!isSameName(group, model))
    throw new Refusal(
      'invalid-input',
      `${input}: ${nameOfPackage(named)} is a package of another model; the manifest delivers ${model}`,
    );
  const registry = registryAccount(world);
  if (home === undefined || isOf(registry, home)) return;
  throw new Refusal(
    'invalid-input',
    `${input}: package ${nameOfPackage(named)} is in the account ending in ${home.id.slice(-4)} in ${home.region}, and this environment reads the registry of the account ending in ${registry.id.slice(-4)} in ${registry.region}: name an environment of that registry with environment`,
  );
};
