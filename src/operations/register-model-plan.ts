import type { Change, Plan } from '../operation.ts';
import { type Need, permissionsFor } from '../permissions.ts';
import { evaluationObject, metricGroups } from '../registry/evaluation.ts';
import type { RegisteredVersion } from '../registry/packages.ts';
import type { Registration, WantedPackage } from '../registry/registration.ts';
import { s3Uri } from '../registry/s3-object.ts';
import { versionTag } from '../registry/semantic-version.ts';

/** The parts of a registration that the account may already have. */
export interface Existing {
  readonly group: boolean;
  readonly artifact: boolean;
  readonly evaluation: boolean;
}

/** The plan when no package has the version yet. */
export const registrationPlan = (wanted: WantedPackage, registration: Registration, existing: Existing): Plan => {
  const { model, semver, evaluation } = wanted;
  const change = (exists: boolean, object: string, ...details: string[]): Change => ({
    verb: exists ? 'reuse' : 'create',
    object,
    details,
  });
  const notes = [
    !wanted.pin &&
      'not pinned: a moved image tag or an overwritten artifact changes the content that is deployed under this version',
    wanted.pin && `the endpoint's execution role must be able to read ${s3Uri(registration.artifact)}`,
    wanted.approval === 'Approved' && 'approved on registration: no approval gate will hold this version back',
    evaluation &&
      !evaluation.hasKnownGroup &&
      `the evaluation has none of the groups that Studio shows: ${metricGroups.join(', ')}`,
    registration.leftOut.length > 0 &&
      `left out, because SageMaker cannot hold them as metadata: ${registration.leftOut.join(', ')}`,
  ];
  return {
    title: `register ${versionTag(model, semver)}`,
    changes: [
      change(existing.group, `model package group ${model}`),
      ...(wanted.pin
        ? [change(existing.artifact, s3Uri(registration.artifact), `copy of ${s3Uri(wanted.artifact)}`)]
        : []),
      ...(evaluation
        ? [change(existing.evaluation, s3Uri(evaluationObject(wanted.releases, evaluation)), 'the evaluation')]
        : []),
      change(
        false,
        `model package ${versionTag(model, semver)}`,
        `image: ${registration.image}`,
        `artifact: ${s3Uri(registration.artifact)}`,
        `approval: ${wanted.approval}`,
      ),
    ],
    notes: notes.filter((note) => typeof note === 'string'),
    expectedSeconds: 30,
    peakInstances: {},
    permissions: permissionsFor('register-model', needsOf(wanted)),
  };
};

const needsOf = ({ pin, evaluation, trainingJob }: WantedPackage): readonly Need[] => [
  ...(pin ? (['pins'] as const) : []),
  ...(evaluation ? (['evaluates'] as const) : []),
  ...(trainingJob ? (['trains'] as const) : []),
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
