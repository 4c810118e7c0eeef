import { classify, describe, orUndefined } from '../aws/errors.ts';
import { seconds } from '../clock.ts';
import { digest } from '../digest.ts';
import { type Memory, type Operation, type Plan, type Progress, Refusal, reasonOfAbort } from '../operation.ts';
import { reasonCodes } from '../reason-codes.ts';
import type { DataCopy, PinnedSource } from '../registry/artifact.ts';
import { contentDigest } from '../registry/content.ts';
import { abandonCopies, copySome, isLarge, missingCopies } from '../registry/copy-data.ts';
import { keptReports, reportObject } from '../registry/kept-reports.ts';
import type { NextVersion } from '../registry/next-version.ts';
import { type Before, packageDescription } from '../registry/package-description.ts';
import { carriersOf, describeVersion } from '../registry/packages.ts';
import { readSha256 } from '../registry/pinned-data.ts';
import type { Pins } from '../registry/pins.ts';
import type { ListedPackage, RegisteredVersion } from '../registry/registered-version.ts';
import { type Registration, registrationOf, type WantedPackage } from '../registry/registration.ts';
import { fromRegistry, groupName, inRegistry } from '../registry/registry.ts';
import { addressOf, s3Uri } from '../registry/s3-object.ts';
import { versionTag } from '../registry/semantic-version.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { type World, writesOf } from '../world.ts';
import { type RegisterModelInputs, registerModelInputs } from './register-model-inputs.ts';
import { type RegisterModelOutputs, registerModelOutputs } from './register-model-outputs.ts';
import { registrationPlan, rejectionPlan, waitingPlan } from './register-model-plan.ts';
import { pinsOf, readWanted } from './register-model-request.ts';

/**
 * That this registration was planned, and its progress. Image and artifact are read again in every turn: a token passes through other
 * hands, which could put a foreign digest into it (rule 21).
 */
export interface RegisterModelMemory extends Memory {
  /** Digest over the planned inputs and content: for other inputs, or for content that changed since, memory is worthless. */
  readonly of: string;
  /** Number of CreateModelPackage calls so far. */
  readonly creations: number;
  /** A copy in parts may be under way: a cancelled run cleans it up. */
  readonly inParts?: true;
}

type Turn = Progress<RegisterModelMemory, RegisterModelOutputs>;

/** Registry changes settle at once in practice; a package that validates takes minutes. */
const pollMs = seconds(30);
/** A created package is listed at once. After this many tries something else is wrong. */
const mostCreations = 5;

export const registerModel: Operation<RegisterModelInputs, RegisterModelMemory, RegisterModelOutputs> = {
  name: 'register-model',
  description:
    'Registers a trained model under a semantic version, pinned to the image digest and artifact it was trained with.',
  inputs: registerModelInputs,
  outputs: registerModelOutputs,

  async advance(inputs, remembered, delivering) {
    const world = inRegistry(delivering);
    const wanted = await readWanted(inputs, world);
    const pins = await pinsOf(wanted, world);
    const of = digest([
      wanted.semver,
      wanted.containers,
      wanted.pin,
      pins.images,
      pins.sources.map((pinned) => pinned?.uri),
    ]);
    const known = recall(remembered, of);
    const inParts = copiesOf(pins).some(isLarge) ? ({ inParts: true } as const) : {};
    const memory = { v: 1 as const, of, creations: known?.creations ?? 0, ...inParts };
    const registration = registrationOf(wanted, pins, world.run);
    const { carriers, before, all } = await carriersOf(world, wanted.model, wanted.semver);
    const at: Standing = {
      ...{ wanted, pins, registration, world, memory, planning: known === undefined },
      isGroup: all === undefined || all.length > 0,
      ...withoutUndefined({ before }),
    };

    const [first, ...later] = await readCarriers(at, carriers);
    const settled = first && (await settle(at, first, later));
    if (settled) return settled;
    if (at.planning)
      return remembered === undefined ? plan(at, first) : { ...(await plan(at, first)), remarks: [plannedAnew] };
    return (await ensureGroup(at)) ?? (await ensureData(at)) ?? (await ensureReports(at)) ?? create(at);
  },

  // A registration is complete or absent. Of its copies only the parts of an unfinished one cost anything: a cancelled run is not
  // expected to come back for them, and every other one goes on with them.
  async abort(inputs, memory, why, delivering) {
    const world = inRegistry(delivering);
    const left = why === 'cancelled' && memory?.inParts && world.write ? await partsLeft(inputs, world) : [];
    return {
      is: 'done',
      outcome: reasonCodes[reasonOfAbort[why]].outcome,
      reason: reasonOfAbort[why],
      outputs: {},
      because: 'the registration was left as it is; run again to finish it',
      ...(left.length > 0 ? { remarks: left } : {}),
    };
  },
};

const plannedAnew =
  'image, artifact, inputs or the next version changed since they were planned: this run planned them again, and registers them as they are now';

const copiesOf = ({ sources }: Pins): readonly DataCopy[] => sources.flatMap((pinned) => pinned?.copies ?? []);

/** Aborts the unfinished copies. @returns a warning when that was not possible */
const partsLeft = async (inputs: RegisterModelInputs, world: World): Promise<readonly string[]> => {
  try {
    await abandonCopies(world, copiesOf(await pinsOf(await readWanted(inputs, world), world)));
    return [];
  } catch (error) {
    return [`parts of an unfinished copy may be left in the releases bucket: ${describe(error)}`];
  }
};

/** Memory of exactly this registration; undefined for any other, and for memory that this operation never wrote. */
const recall = (remembered: RegisterModelMemory | undefined, of: string): RegisterModelMemory | undefined => {
  if (remembered?.of !== of) return undefined;
  const { creations } = remembered;
  return Number.isSafeInteger(creations) && creations >= 0 ? { v: 1, of, creations } : undefined;
};

/** The state of a turn. */
interface Standing {
  readonly wanted: WantedPackage;
  /** Digests of image and artifact in this turn. */
  readonly pins: Pins;
  readonly registration: Registration;
  readonly memory: RegisterModelMemory;
  /** This turn may not write. */
  readonly planning: boolean;
  readonly world: World;
  /** It has packages. */
  readonly isGroup: boolean;
  /** For the description of the new package. */
  readonly before?: Before;
}

/** The packages that have the version, the lowest number first. */
const readCarriers = async (
  { wanted, world }: Standing,
  carriers: readonly ListedPackage[],
): Promise<readonly RegisteredVersion[]> => {
  const described: RegisteredVersion[] = [];
  for (const carrier of carriers) {
    const version = await describeVersion(world, wanted.model, carrier);
    if (version) described.push(version);
  }
  return described;
};

/** @param owner a package that has the version, when copies of its data are missing */
const plan = async (at: Standing, owner: RegisteredVersion | undefined): Promise<Turn> => {
  const { wanted, pins, registration, world } = at;
  const missing: DataCopy[] = [];
  for (const pinned of pins.sources) if (pinned) missing.push(...(await absentCopies(world, pinned)));
  const planned = registrationPlan(wanted, pins, registration, {
    group: at.isGroup || (await readGroup(wanted.model, world)) !== undefined,
    missing,
    reports: await keptAlready(at),
    ...withoutUndefined({ package: owner?.packageVersion }),
  });
  const because = owner
    ? `copies of the data of package ${owner.packageVersion} are missing`
    : 'nothing is registered under this version yet';
  return waiting(at, 0, `${planned.title}: ${because}`, { plan: planned });
};

/** The digests of the reports that are kept already. */
const keptAlready = async ({ wanted, world }: Standing): Promise<ReadonlySet<string>> => {
  const found = new Set<string>();
  for (const report of keptReports(wanted))
    if ((await readSha256(world, reportObject(wanted.releases, report))) !== undefined) found.add(report.sha256);
  return found;
};

const absentCopies = async (world: World, pinned: PinnedSource): Promise<readonly DataCopy[]> => {
  const [only] = pinned.copies;
  if (pinned.sha256 === undefined || only === undefined) return missingCopies(world, pinned);
  return (await readSha256(world, only.to)) === undefined ? [only] : [];
};

const readGroup = (model: string, world: World) =>
  fromRegistry(
    world,
    model,
    orUndefined(world.read.sagemaker.describeModelPackageGroup({ ModelPackageGroupName: groupName(world, model) })),
  );

const ensureGroup = async (at: Standing): Promise<Turn | undefined> => {
  const { model } = at.wanted;
  if (at.isGroup) return undefined;
  const group = await readGroup(model, at.world);
  const status = group?.ModelPackageGroupStatus;
  if (status === 'Completed') return undefined;
  if (status === 'Failed' || status === 'Deleting' || status === 'DeleteFailed')
    return failed(at, 'registration-failed', `model package group ${model} is ${status}; delete it and run again`);
  if (group) return waiting(at, 10, `model package group ${model} is ${status}`, { afterMs: pollMs });
  if (groupName(at.world, model) !== model)
    return failed(
      at,
      'registration-failed',
      `model package group ${model} does not exist in the registry's account, and only that account creates it: create it there`,
    );
  // There is no client token. Another run may have created the group meanwhile, which is as good (AWS: CreateModelPackageGroup).
  await unless(
    'already-exists',
    writesOf(at.world).sagemaker.createModelPackageGroup({ ModelPackageGroupName: model }),
  );
  return waiting(at, 10, `created model package group ${model}`);
};

/** One copy, or some parts of one, in a turn. */
const ensureData = async (at: Standing): Promise<Turn | undefined> => {
  for (const pinned of at.pins.sources) {
    const turn = pinned && (await (pinned.sha256 === undefined ? ensureCopies(at, pinned) : ensureArchive(at, pinned)));
    if (turn) return turn;
  }
  // The digest of the copies enters the package: it is known from the next turn on.
  return at.pins.complete ? undefined : waiting(at, 40, 'pinned the model data');
};

/** An archive whose content is in the name of its copy. */
const ensureArchive = async (at: Standing, { copies, sha256 }: PinnedSource): Promise<Turn | undefined> => {
  const { world } = at;
  const [copy] = copies;
  if (copy === undefined) return undefined;
  const uri = s3Uri(copy.to);
  const overwritten = () =>
    failed(at, 'artifact-changed', `${uri} was overwritten: its content does not match its name`);
  const there = await readSha256(world, copy.to);
  if (there !== undefined) return there === sha256 ? undefined : overwritten();
  // S3 refuses when the copy exists by now, and when the artifact changed since it was hashed. The next read shows which.
  await copySome(world, copies);
  const copied = await readSha256(world, copy.to);
  if (copied === undefined)
    return failed(
      at,
      'artifact-changed',
      `${s3Uri(copy.from)} was overwritten while it was being registered; run again`,
    );
  if (copied !== sha256) return overwritten();
  return waiting(at, 30, `pinned the artifact as ${uri}`);
};

/** A large object, or many. A source that changes meanwhile has other copies: the next turn plans them. */
const ensureCopies = async (at: Standing, pinned: PinnedSource): Promise<Turn | undefined> => {
  const missing = await missingCopies(at.world, pinned);
  if (missing.length === 0) return undefined;
  const done = (pinned.copies.length - missing.length) / pinned.copies.length;
  return waiting(at, 10 + Math.floor(20 * done), await copySome(at.world, missing));
};

/** One a turn. */
const ensureReports = async (at: Standing): Promise<Turn | undefined> => {
  const { wanted, world } = at;
  for (const { what, text, sha256 } of keptReports(wanted)) {
    const object = reportObject(wanted.releases, { sha256 });
    const there = await readSha256(world, object);
    if (there === sha256) continue;
    if (there !== undefined)
      return failed(at, 'artifact-changed', `${s3Uri(object)} was overwritten: its content does not match its name`);
    // With a checksum S3 tells the content afterwards, and it need not be read.
    const put = { ChecksumAlgorithm: 'SHA256', ContentType: 'application/json', IfNoneMatch: '*' } as const;
    await unless('precondition-failed', writesOf(world).s3.putObject({ ...addressOf(object), Body: text, ...put }));
    return waiting(at, 50, `uploaded ${what}`);
  }
  return undefined;
};

const create = async (at: Standing): Promise<Turn> => {
  const tag = versionTag(at.wanted.model, at.wanted.semver);
  if (at.memory.creations >= mostCreations)
    return failed(
      at,
      'registration-failed',
      `SageMaker accepted ${tag} ${mostCreations} times but does not list it; if its package was deleted, register it under a new version`,
    );
  // A conflict means that another run registers this version at this moment. The list of packages shows which was first.
  const { model, semver, description } = at.wanted;
  const created = writesOf(at.world).sagemaker.createModelPackage({
    ...at.registration.request,
    ModelPackageDescription: packageDescription(model, semver, at.registration.contentDigest, description, at.before),
    ModelPackageGroupName: groupName(at.world, at.wanted.model),
  });
  await unless('conflict', fromRegistry(at.world, at.wanted.model, created));
  const memory = { ...at.memory, creations: at.memory.creations + 1 };
  const afterMs = memory.creations === 1 ? 0 : pollMs;
  return waiting({ ...at, memory }, 80, `created the model package of ${tag}`, { afterMs });
};

/**
 * Settles a version that is registered. The lowest package number owns it (DESIGN §9). A later package with our content must never be
 * taken for it, so it is rejected.
 */
const settle = async (
  at: Standing,
  owner: RegisteredVersion,
  later: readonly RegisteredVersion[],
): Promise<Turn | undefined> => {
  const { contentDigest: wanted } = at.registration;
  if (!at.pins.complete && isCopiedFrom(at, owner)) return undefined;
  const { next } = at.wanted;
  const mine = later.find(
    (one) => (one.contentDigest === wanted || one.packageVersion === next?.registeredAs) && one.approval !== 'Rejected',
  );
  if (mine) return reject(at, owner, mine);
  if (owner.contentDigest !== wanted) {
    const because = `${owner.tag} is already registered with other content, as package ${owner.packageVersion}; ${remedyFor(next, owner)}`;
    if (at.planning) throw new Refusal('version-taken', because);
    return failed(at, 'version-taken', because);
  }
  if (owner.status === 'Failed') {
    const details = owner.statusDetails ?? 'SageMaker gives no reason';
    return failed(at, 'registration-failed', `package ${owner.packageVersion} of ${owner.tag} failed: ${details}`);
  }
  if (owner.status !== 'Completed')
    return waiting(at, 90, `package ${owner.packageVersion} of ${owner.tag} is ${owner.status}`, {
      ...(at.planning && { plan: waitingPlan(owner) }),
      afterMs: pollMs,
    });
  return {
    is: 'done',
    outcome: 'succeeded',
    reason: at.memory.creations > 0 ? 'registered' : 'already-registered',
    outputs: outputsOf(owner),
    because: `${owner.tag} is package ${owner.packageVersion}, ${owner.approval}`,
  };
};

/** A commit has one version. Another commit may have been first to register it. */
const remedyFor = (next: NextVersion | undefined, owner: RegisteredVersion): string => {
  if (next === undefined) return 'register this content under a new version';
  if (next.registeredAs !== owner.packageVersion) return 'run again: this commit gets the version after it';
  return 'this commit has that version already: give this content a version of its own instead of next, or run on a new commit';
};

/** The package names the same copies, some of which are gone: they are made again before the contents are compared. */
const isCopiedFrom = ({ wanted, registration }: Standing, { containers, inferenceSpecification }: RegisteredVersion) =>
  contentDigest({ containers, inferenceSpecification }) ===
  contentDigest({ containers: registration.containers, inferenceSpecification: wanted.inferenceSpecification });

const reject = async (at: Standing, owner: RegisteredVersion, mine: RegisteredVersion): Promise<Turn> => {
  const because = `${owner.tag} is package ${owner.packageVersion}; package ${mine.packageVersion} came later`;
  if (at.planning) return waiting(at, 90, because, { plan: rejectionPlan(owner, mine) });
  await writesOf(at.world).sagemaker.updateModelPackage({
    ModelPackageArn: mine.arn,
    ModelApprovalStatus: 'Rejected',
    ApprovalDescription: because,
  });
  // Another commit was first. In the next turn this one would get the version after it, which was not planned. The owner keeps its own: a
  // later package may be that of another commit with the same content.
  if (at.wanted.next !== undefined && at.wanted.next.registeredAs !== owner.packageVersion)
    return failed(at, 'version-taken', `${because} and was rejected; run again: this commit gets the version after it`);
  return waiting(at, 90, `${because} and was rejected`);
};

const outputsOf = (owner: RegisteredVersion): Partial<RegisterModelOutputs> => ({
  version: owner.version,
  tag: owner.tag,
  'model-package-version': String(owner.packageVersion),
  'approval-status': owner.approval,
  'content-digest': owner.contentDigest,
  ...withoutUndefined({
    'image-digest': owner.imageDigest,
    'artifact-sha256': owner.artifactSha256,
  }),
});

const waiting = (
  { memory, world }: Standing,
  percent: number,
  because: string,
  { afterMs = 0, ...planned }: { readonly plan?: Plan; readonly afterMs?: number } = {},
): Turn => ({ is: 'waiting', memory, notBefore: world.clock.now() + afterMs, percent, because, ...planned });

const failed = (
  { wanted }: Standing,
  reason: 'registration-failed' | 'artifact-changed' | 'version-taken',
  because: string,
): Turn => ({
  is: 'done',
  outcome: 'failed',
  reason,
  outputs: { version: wanted.semver, tag: versionTag(wanted.model, wanted.semver) },
  because,
});

/** Does a write. A refusal of this class means that the wanted state exists, or that the next read decides. */
const unless = async (refusal: ReturnType<typeof classify>, write: Promise<unknown>): Promise<void> => {
  try {
    await write;
  } catch (error) {
    if (classify(error) !== refusal) throw error;
  }
};
