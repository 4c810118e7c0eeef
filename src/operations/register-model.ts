import { classify, orUndefined } from '../aws/errors.ts';
import { seconds } from '../clock.ts';
import { environmentOf } from '../manifest/load.ts';
import type { Change, Memory, Operation, Plan, Progress } from '../operation.ts';
import { Refusal } from '../operation.ts';
import { copyArtifact, inspectArtifact, readSha256 } from '../registry/artifact.ts';
import { evaluationObject, metricGroups } from '../registry/evaluation.ts';
import { readImageDigest } from '../registry/image.ts';
import { describeVersion, listVersions, packagesOf, type RegisteredVersion } from '../registry/packages.ts';
import { type Pins, type Registration, registrationOf, type Wanted } from '../registry/registration.ts';
import { parseS3Object, s3Uri } from '../registry/s3-object.ts';
import { readVersion, versionTag } from '../registry/semantic-version.ts';
import { readTrainingJob } from '../registry/training-job.ts';
import { releasesOf } from '../release/location.ts';
import type { OutputSchema } from '../schema.ts';
import { type World, writesOf } from '../world.ts';
import { type RegisterModelInputs, registerModelInputs } from './register-model-inputs.ts';

export interface RegisterModelOutputs {
  readonly version: string;
  readonly tag: string;
  readonly 'model-package-version': string;
  readonly 'approval-status': string;
  readonly 'image-digest': string;
  readonly 'artifact-sha256': string;
  readonly 'content-digest': string;
}

/** What was costly to find out. Everything else is looked at again in every turn. */
export interface RegisterModelMemory extends Memory {
  readonly pins: Pins;
  /** The copy at the content-addressed key was seen to be the artifact. */
  readonly copied: boolean;
  /** How often CreateModelPackage was sent. */
  readonly creations: number;
}

type Turn = Progress<RegisterModelMemory, RegisterModelOutputs>;

const outputs: OutputSchema<RegisterModelOutputs> = {
  version: { description: 'Semantic version.', example: '1.4.0' },
  tag: { description: 'Name people use for it, also as a git tag.', example: 'churn_v1.4.0' },
  'model-package-version': { description: 'Number of the package in its model package group.', example: '7' },
  'approval-status': {
    description: '`PendingManualApproval`, `Approved` or `Rejected`.',
    example: 'PendingManualApproval',
  },
  'image-digest': { description: 'Digest the image is pinned to.', example: 'sha256:9f2c…' },
  'artifact-sha256': { description: 'SHA-256 of the artifact, when pinned.', example: '4be1…' },
  'content-digest': { description: 'SHA-256 over all that is deployed with this version.', example: '77d0…' },
};

/** Registry changes settle at once in practice; a package that validates takes minutes. */
const pollMs = seconds(30);
/** A package that was created is listed at once; after this many tries something else is wrong. */
const mostCreations = 5;

export const registerModel: Operation<RegisterModelInputs, RegisterModelMemory, RegisterModelOutputs> = {
  name: 'register-model',
  description:
    'Registers a trained model under a semantic version, pinned to the image digest and artifact it was trained with.',
  inputs: registerModelInputs,
  outputs,

  async advance(inputs, memory, world) {
    const wanted = await readWanted(inputs, world);
    const pins = memory?.pins ?? (await readPins(wanted, world));
    const registration = registrationOf(wanted, pins, world.run);
    const carriers = packagesOf(await listVersions(world, wanted.model), wanted.semver);
    const [first, ...later] = await describeAll(carriers, wanted, world);
    const at: Standing = {
      wanted,
      pins,
      registration,
      world,
      memory: memory ?? { v: 1, pins, copied: false, creations: 0 },
    };

    if (first) return settle(at, first, later, memory === undefined);
    if (memory === undefined) return waiting(at, 0, 'nothing is registered under this version yet', await planOf(at));
    return (await ensureGroup(at)) ?? (await ensureArtifact(at)) ?? (await ensureEvaluation(at)) ?? create(at);
  },

  // A registration is complete or absent: there is nothing to bring to rest.
  async abort(_inputs, _memory, why) {
    return {
      is: 'done',
      outcome: why,
      reason: why === 'cancelled' ? 'cancelled' : 'deadline-passed',
      outputs: {},
      because: 'the registration was left as it is; run again to finish it',
    };
  },
};

interface Standing {
  readonly wanted: Wanted;
  readonly pins: Pins;
  readonly registration: Registration;
  readonly memory: RegisterModelMemory;
  readonly world: World;
}

const readWanted = async (inputs: RegisterModelInputs, world: World): Promise<Wanted> => {
  const { manifest } = inputs;
  const semver = readVersion(manifest.model, inputs.version);
  const name = inputs['training-job'];
  const job = name === undefined ? undefined : await readTrainingJob(world, name);
  const image = inputs.image ?? job?.image;
  const artifact = parseS3Object(inputs.artifact ?? job?.artifact ?? '');
  if (!image || !artifact) {
    const missing = image ? 'artifact' : 'image';
    const remedy = name ? `training job ${name} does not say it, so give it as an input` : 'give it, or training-job';
    throw new Refusal('invalid-input', `${missing} is missing: ${remedy}`);
  }
  return {
    model: manifest.model,
    semver,
    releases: releasesOf(environmentOf(manifest, inputs.environment), manifest.model, world.account),
    image,
    artifact,
    environment: inputs['container-environment'] ?? {},
    inferenceSpecification: {
      contentTypes: inputs['content-types'] ?? [],
      responseTypes: inputs['response-types'] ?? [],
      realtimeInstanceTypes: inputs['instance-types'] ?? [],
    },
    approval: inputs['approval-status'],
    metadata: inputs.metadata ?? {},
    pin: inputs.pin,
    ...(inputs.evaluation && { evaluation: inputs.evaluation }),
    ...(inputs.description && { description: inputs.description }),
    ...(name && job && { trainingJob: { name, facts: job.facts } }),
  };
};

/** DESIGN §7 rule 2: what is registered can no longer change under its name. */
const readPins = async ({ pin, image, artifact }: Wanted, world: World): Promise<Pins> => {
  if (!pin) return {};
  const imageDigest = await readImageDigest(world, image);
  return { imageDigest, ...(await inspectArtifact(world, artifact)) };
};

const describeAll = async (carriers: Awaited<ReturnType<typeof listVersions>>, { model }: Wanted, world: World) => {
  const described: RegisteredVersion[] = [];
  for (const carrier of carriers) {
    const version = await describeVersion(world, model, carrier);
    if (version) described.push(version);
  }
  return described;
};

const planOf = async ({ wanted, registration, world }: Standing): Promise<Plan> => {
  const { model, semver, evaluation } = wanted;
  const group = await readGroup(model, world);
  const create = (object: string, ...details: string[]): Change => ({ verb: 'create', object, details });
  const notes = [
    !wanted.pin &&
      'not pinned: whoever moves the image tag or overwrites the artifact changes what is deployed under this version',
    wanted.approval === 'Approved' && 'approved on registration: no approval gate will hold this version back',
    evaluation &&
      !evaluation.hasKnownGroup &&
      `the evaluation has none of the groups that Studio shows: ${metricGroups.join(', ')}`,
    registration.leftOut.length > 0 &&
      `left out, SageMaker cannot hold them as metadata: ${registration.leftOut.join(', ')}`,
  ];
  return {
    title: `register ${versionTag(model, semver)}`,
    changes: [
      group
        ? { verb: 'reuse', object: `model package group ${model}`, details: [] }
        : create(`model package group ${model}`),
      ...(wanted.pin ? [create(s3Uri(registration.artifact), `copy of ${s3Uri(wanted.artifact)}`)] : []),
      ...(evaluation ? [create(s3Uri(evaluationObject(wanted.releases, evaluation)), 'the evaluation')] : []),
      create(
        `model package ${versionTag(model, semver)}`,
        `image: ${registration.image}`,
        `artifact: ${s3Uri(registration.artifact)}`,
        `approval: ${wanted.approval}`,
      ),
    ],
    notes: notes.filter((note) => typeof note === 'string'),
    expectedSeconds: 30,
    peakInstances: {},
    permissions: permissionsFor(wanted),
  };
};

const permissionsFor = ({ pin, evaluation, trainingJob }: Wanted): readonly string[] =>
  [
    'sagemaker:CreateModelPackage',
    'sagemaker:CreateModelPackageGroup',
    'sagemaker:DescribeModelPackage',
    'sagemaker:DescribeModelPackageGroup',
    'sagemaker:ListModelPackages',
    'sagemaker:UpdateModelPackage',
    ...(pin ? ['ecr:BatchGetImage'] : []),
    ...(pin || evaluation ? ['s3:GetObject', 's3:PutObject'] : []),
    ...(trainingJob ? ['sagemaker:DescribeTrainingJob'] : []),
  ].toSorted();

const readGroup = (model: string, world: World) =>
  orUndefined(world.read.sagemaker.describeModelPackageGroup({ ModelPackageGroupName: model }));

const ensureGroup = async (at: Standing): Promise<Turn | undefined> => {
  const { model } = at.wanted;
  const group = await readGroup(model, at.world);
  const status = group?.ModelPackageGroupStatus;
  if (status === 'Completed') return undefined;
  if (status === 'Failed' || status === 'Deleting' || status === 'DeleteFailed')
    return failed(at, 'registration-failed', `model package group ${model} is ${status}; delete it and run again`);
  if (group) return waiting(at, 10, `model package group ${model} is ${status}`, undefined, pollMs);
  // There is no client token: somebody else may have made it meanwhile, which is as good (AWS: CreateModelPackageGroup).
  await unless(
    'already-exists',
    writesOf(at.world).sagemaker.createModelPackageGroup({ ModelPackageGroupName: model }),
  );
  return waiting(at, 10, `created model package group ${model}`);
};

const ensureArtifact = async (at: Standing): Promise<Turn | undefined> => {
  const { pins, wanted, registration, memory, world } = at;
  if (pins.sha256 === undefined || pins.etag === undefined || memory.copied) return undefined;
  const copy = await readSha256(world, registration.artifact);
  if (copy === pins.sha256) return undefined;
  if (copy)
    return failed(
      at,
      'artifact-changed',
      `${s3Uri(registration.artifact)} was overwritten: its content is not what its name says`,
    );
  await unless('precondition-failed', copyArtifact(world, wanted.artifact, pins.etag, registration.artifact));
  // Refused because the copy is there now, or because the artifact is no longer what was hashed: look.
  if ((await readSha256(world, registration.artifact)) === undefined)
    return failed(
      at,
      'artifact-changed',
      `${s3Uri(wanted.artifact)} was overwritten while it was being registered; run again`,
    );
  return waiting(at, 30, `pinned the artifact as ${s3Uri(registration.artifact)}`);
};

const ensureEvaluation = async (at: Standing): Promise<Turn | undefined> => {
  const { evaluation, releases } = at.wanted;
  if (!evaluation) return undefined;
  const { bucket, key } = evaluationObject(releases, evaluation);
  if (await orUndefined(at.world.read.s3.headObject({ Bucket: bucket, Key: key }))) return undefined;
  const put = { Bucket: bucket, Key: key, Body: evaluation.text, ContentType: 'application/json', IfNoneMatch: '*' };
  await unless('precondition-failed', writesOf(at.world).s3.putObject(put));
  return waiting(at, 50, 'uploaded the evaluation');
};

const create = async (at: Standing): Promise<Turn> => {
  const tag = versionTag(at.wanted.model, at.wanted.semver);
  if (at.memory.creations >= mostCreations)
    return failed(
      at,
      'registration-failed',
      `SageMaker took ${tag} ${mostCreations} times and does not list it; was its package deleted? Then register it under a new version`,
    );
  // A conflict says that somebody registers this version at this moment; the listing says who was first.
  await unless('conflict', writesOf(at.world).sagemaker.createModelPackage(at.registration.request));
  const creations = at.memory.creations + 1;
  const again = creations === 1 ? 0 : pollMs;
  return waiting(
    { ...at, memory: { ...at.memory, copied: true, creations } },
    80,
    `created the model package of ${tag}`,
    undefined,
    again,
  );
};

/**
 * Somebody registered this version. The lowest package number owns it (DESIGN §9); what we registered beside it must never be
 * taken for it, so it is rejected.
 */
const settle = async (
  at: Standing,
  owner: RegisteredVersion,
  later: readonly RegisteredVersion[],
  planning: boolean,
): Promise<Turn> => {
  const { registration, memory, world } = at;
  const mine = later.find((one) => one.contentDigest === registration.contentDigest && one.approval !== 'Rejected');
  const same = owner.contentDigest === registration.contentDigest;
  if (mine) {
    const because = `${owner.tag} is package ${owner.packageVersion}; package ${mine.packageVersion} came later`;
    if (planning) return waiting(at, 90, because, rejectionPlan(owner, mine));
    await writesOf(world).sagemaker.updateModelPackage({
      ModelPackageArn: mine.arn,
      ModelApprovalStatus: 'Rejected',
      ApprovalDescription: because,
    });
    return waiting(at, 90, `${because} and was rejected`);
  }
  if (!same) {
    const taken = `${owner.tag} is already registered with other content, as package ${owner.packageVersion}; register this content under a new version`;
    if (planning) throw new Refusal('version-taken', taken);
    return failed(at, 'version-taken', taken);
  }
  if (owner.status === 'Failed')
    return failed(
      at,
      'registration-failed',
      `package ${owner.packageVersion} of ${owner.tag} failed: ${owner.statusDetails ?? 'SageMaker does not say why'}`,
    );
  if (owner.status !== 'Completed')
    return waiting(
      at,
      90,
      `package ${owner.packageVersion} is ${owner.status}`,
      planning ? waitingPlan(owner) : undefined,
      pollMs,
    );
  return {
    is: 'done',
    outcome: 'succeeded',
    reason: memory.creations > 0 ? 'registered' : 'already-registered',
    outputs: outputsOf(owner),
    because: `${owner.tag} is package ${owner.packageVersion}, ${owner.approval}`,
  };
};

const rejectionPlan = (owner: RegisteredVersion, mine: RegisteredVersion): Plan => ({
  ...waitingPlan(owner),
  changes: [
    {
      verb: 'update',
      object: `model package ${mine.packageVersion}`,
      details: [`approval: ${mine.approval} → Rejected`],
    },
  ],
  permissions: ['sagemaker:DescribeModelPackage', 'sagemaker:ListModelPackages', 'sagemaker:UpdateModelPackage'],
});

const waitingPlan = (owner: RegisteredVersion): Plan => ({
  title: `register ${owner.tag}`,
  changes: [{ verb: 'keep', object: `model package ${owner.packageVersion}`, details: [`status: ${owner.status}`] }],
  notes: [],
  expectedSeconds: 60,
  peakInstances: {},
  permissions: ['sagemaker:DescribeModelPackage', 'sagemaker:ListModelPackages'],
});

const outputsOf = (owner: RegisteredVersion): Partial<RegisterModelOutputs> => ({
  version: owner.semver,
  tag: owner.tag,
  'model-package-version': String(owner.packageVersion),
  'approval-status': owner.approval,
  'content-digest': owner.contentDigest,
  ...(owner.imageDigest && { 'image-digest': owner.imageDigest }),
  ...(owner.artifactSha256 && { 'artifact-sha256': owner.artifactSha256 }),
});

const waiting = ({ memory, world }: Standing, percent: number, because: string, plan?: Plan, afterMs = 0): Turn => ({
  is: 'waiting',
  memory,
  notBefore: world.clock.now() + afterMs,
  percent,
  because,
  ...(plan && { plan }),
});

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

/** Carries a write out; a refusal of this class means that what was wanted is there, or is decided by the next look. */
const unless = async (refusal: ReturnType<typeof classify>, write: Promise<unknown>): Promise<void> => {
  try {
    await write;
  } catch (error) {
    if (classify(error) !== refusal) throw error;
  }
};
