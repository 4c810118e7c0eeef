import { duration, seconds } from '../clock.ts';
import { counted } from '../judge/amounts.ts';
import type { Change, Plan } from '../operation.ts';
import { type Need, permissionsFor } from '../permissions.ts';
import type { DataCopy, PinnedSource } from '../registry/artifact.ts';
import { type Container, dataSourcesOf, isTrainingImage } from '../registry/container.ts';
import { copySeconds, isLarge, partsOf } from '../registry/copy-data.ts';
import { metricGroups } from '../registry/evaluation.ts';
import { keptReports, reportObject } from '../registry/kept-reports.ts';
import type { Pins } from '../registry/pins.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import type { Registration, WantedPackage } from '../registry/registration.ts';
import { s3Uri } from '../registry/s3-object.ts';
import { versionTag } from '../registry/semantic-version.ts';

/** The parts of a registration that the account may already have. */
export interface Existing {
  readonly group: boolean;
  /** Copies that do not exist yet. */
  readonly missing: readonly DataCopy[];
  /** Digests of the reports that are kept already. */
  readonly reports: ReadonlySet<string>;
  /** Number of the package that has the version, when only copies of its data are missing. */
  readonly package?: number;
}

/** The plan when no package has the version yet, or when its data has to be copied again. */
export const registrationPlan = (
  wanted: WantedPackage,
  pins: Pins,
  registration: Registration,
  existing: Existing,
): Plan => {
  const { model, semver, releases } = wanted;
  const change = (exists: boolean, object: string, ...details: string[]): Change => ({
    verb: exists ? 'reuse' : 'create',
    object,
    details,
  });
  return {
    title: `register ${versionTag(model, semver)}`,
    changes: [
      change(existing.group, `model package group ${model}`),
      ...pins.sources.flatMap((pinned) => (pinned ? [copyChange(pinned, existing.missing)] : [])),
      ...keptReports(wanted).map((report) =>
        change(existing.reports.has(report.sha256), s3Uri(reportObject(releases, report)), report.what),
      ),
      change(
        existing.package !== undefined,
        `model package ${versionTag(model, semver)}`,
        ...registration.containers.flatMap(containerDetails),
        `approval: ${wanted.approval}`,
        ...(wanted.card
          ? [`model card${wanted.card.riskRating === undefined ? '' : `, risk rating ${wanted.card.riskRating}`}`]
          : []),
        ...(wanted.takenOver ? [`taken over from package ${wanted.takenOver.name}`] : []),
      ),
    ],
    notes: notesOf(wanted, pins, registration),
    expectedSeconds: 30 + copySeconds(existing.missing),
    peakInstances: {},
    permissions: permissionsFor('register-model', needsOf(wanted, pins)),
  };
};

const copyChange = ({ source, uri, copies }: PinnedSource, missing: readonly DataCopy[]): Change => {
  const left = copies.filter((one) => missing.includes(one));
  const parts = left.filter(isLarge).reduce((sum, one) => sum + partsOf(one).length, 0);
  return {
    verb: left.length === 0 && copies.length > 0 ? 'reuse' : 'create',
    object: uri,
    details: [
      `copy of ${source.place ? s3Uri(source.place) : source.uri}`,
      ...(copies.length > 1 ? [`${counted(copies.length, 'object')}, of which ${left.length} are missing`] : []),
      ...(parts > 0
        ? [
            `in ${counted(parts, 'part')}, some in each turn: about ${duration(seconds(copySeconds(left)))}, an estimate`,
          ]
        : []),
    ],
  };
};

const containerDetails = (container: Container, index: number, all: readonly Container[]): readonly string[] => {
  const of = all.length > 1 ? ` of container ${index + 1}` : '';
  const data = dataSourcesOf(container);
  return [
    `image${of}: ${container.Image ?? 'none'}`,
    ...data.map(({ role, uri }) => `${role}${of}: ${uri}`),
    ...(data.length === 0 ? [`artifact${of}: none`] : []),
  ];
};

const notesOf = (wanted: WantedPackage, pins: Pins, registration: Registration): readonly string[] => {
  const { evaluation, pin, takenOver, containers, next } = wanted;
  const copies = pins.sources.flatMap((pinned) => (pinned ? [pinned.uri] : []));
  const training = containers.flatMap(({ Image: image }) => (image && isTrainingImage(image) ? [image] : []));
  const empty = containers.length > 0 && containers.every((container) => dataSourcesOf(container).length === 0);
  const notes = [
    next && `version ${next.version}: ${next.because}`,
    !pin &&
      'not pinned: a moved image tag or an overwritten artifact changes the content that is deployed under this version',
    ...pins.notes,
    copies.length > 0 && `the endpoint's execution role must be able to read ${copies.join(', ')}`,
    ...training.map(
      (image) =>
        `by its name ${image} is an image for training, which may have no server: an endpoint of it may not start`,
    ),
    empty &&
      'there is no model data: the image, or its variables, must bring the model, and what they fetch is not pinned',
    ...(takenOver?.notes ?? []),
    wanted.approval === 'Approved' && 'approved on registration: no approval gate will hold this version back',
    evaluation &&
      !evaluation.hasKnownGroup &&
      `the evaluation has none of the groups that Studio shows: ${metricGroups.join(', ')}`,
    registration.leftOut.length > 0 &&
      `left out, because SageMaker cannot hold them as metadata: ${registration.leftOut.join(', ')}`,
  ];
  return notes.filter((note) => typeof note === 'string');
};

const needsOf = (wanted: WantedPackage, { sources }: Pins): readonly Need[] => [
  ...(wanted.pin ? (['pins'] as const) : []),
  ...(sources.some((pinned) => pinned?.copies.some(isLarge)) ? (['copies-parts'] as const) : []),
  ...(keptReports(wanted).length > 0 ? (['evaluates'] as const) : []),
  ...(wanted.trainingJob ? (['trains'] as const) : []),
];

/** The plan when another run registered this version first. */
export const rejectionPlan = (owner: RegisteredVersion, mine: RegisteredVersion): Plan => ({
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

/** The plan when the version is registered, but SageMaker has not completed it. */
export const waitingPlan = (owner: RegisteredVersion): Plan => ({
  title: `register ${owner.tag}`,
  changes: [{ verb: 'keep', object: `model package ${owner.packageVersion}`, details: [`status: ${owner.status}`] }],
  notes: [],
  expectedSeconds: 60,
  peakInstances: {},
  permissions: ['sagemaker:DescribeModelPackage', 'sagemaker:ListModelPackages'],
});
