import { minutes, seconds } from '../../clock.ts';
import { question } from '../question.ts';
import { makeConfig, stages, variantOf } from '../stage.ts';
import type { ProbeWorld } from '../world.ts';

interface Made {
  readonly ModelPackageArn: string;
}

const makeGroup = async (world: ProbeWorld, part: string): Promise<string> => {
  const ModelPackageGroupName = world.name(part);
  await world.make('CreateModelPackageGroup', { ModelPackageGroupName });
  return ModelPackageGroupName;
};

export const packageOf = ({ given }: ProbeWorld, group: string, more: object = {}, containers = 1): object => ({
  ModelPackageGroupName: group,
  InferenceSpecification: {
    Containers: Array.from({ length: containers }, () => ({ Image: given.image, ModelDataUrl: given.modelData })),
    SupportedContentTypes: [given.contentType],
    SupportedResponseMIMETypes: [given.contentType],
  },
  ...more,
});

const makePackage = async (
  world: ProbeWorld,
  ...given: Parameters<typeof packageOf> extends [ProbeWorld, ...infer Rest] ? Rest : never
) => (await world.call<Made>('sagemaker', 'CreateModelPackage', packageOf(world, ...given))).ModelPackageArn;

const group = ['sagemaker:CreateModelPackageGroup', 'sagemaker:AddTags'];
const version = [...group, 'sagemaker:CreateModelPackage'];

export const registry = [
  question({
    id: 'approval-status',
    asks: 'Which ModelApprovalStatus has a package whose CreateModelPackage named none?',
    decides: ['defaultApprovalStatus'],
    source: 'sagemaker.md §13.10',
    actions: [...version, 'sagemaker:DescribeModelPackage'],
    instances: 0,
    minutes: 5,
    async ask(world) {
      const arn = await makePackage(world, await makeGroup(world, 'status'));
      const { ModelApprovalStatus } = await world.call<{ readonly ModelApprovalStatus?: string }>(
        'sagemaker',
        'DescribeModelPackage',
        { ModelPackageName: arn },
      );
      return { status: ModelApprovalStatus };
    },
    read: ({ status }) => ({ defaultApprovalStatus: status }),
  }),

  question({
    id: 'package-token',
    asks: 'Does CreateModelPackage with a client token that was used before answer with the package of that call?',
    decides: ['packageTokens'],
    source: 'sagemaker.md §13.10',
    actions: version,
    instances: 0,
    minutes: 5,
    async ask(world) {
      const name = await makeGroup(world, 'token');
      const more = { ClientToken: `${world.run}-token` };
      const first = await makePackage(world, name, more);
      const same = await world.attempt<Made>('sagemaker', 'CreateModelPackage', packageOf(world, name, more));
      const other = await world.attempt<Made>(
        'sagemaker',
        'CreateModelPackage',
        packageOf(world, name, { ...more, ModelPackageDescription: 'another body' }),
      );
      return {
        sameBody: 'refused' in same ? same.refused.code : same.answer.ModelPackageArn === first ? 'same' : 'new',
        otherBody: 'refused' in other ? other.refused.code : other.answer.ModelPackageArn === first ? 'same' : 'new',
      };
    },
    read: ({ sameBody }) => ({ packageTokens: sameBody === 'new' ? 'forgotten' : 'remembered' }),
  }),

  question({
    id: 'package-listed',
    asks: 'How long after CreateModelPackage does a listing miss the package?',
    decides: ['packageListedAfterMs'],
    source: 'sagemaker.md §1.4',
    actions: [...version, 'sagemaker:ListModelPackages'],
    instances: 0,
    minutes: 10,
    async ask(world) {
      const name = await makeGroup(world, 'listed');
      const arn = await makePackage(world, name);
      const { after } = await world.until('the package in a listing', seconds(1), minutes(8), async () => {
        const { ModelPackageSummaryList } = await world.call<{ readonly ModelPackageSummaryList: readonly Made[] }>(
          'sagemaker',
          'ListModelPackages',
          { ModelPackageGroupName: name },
        );
        return ModelPackageSummaryList.some(({ ModelPackageArn }) => ModelPackageArn === arn) || undefined;
      });
      return { after };
    },
    read: ({ after }) => ({ packageListedAfterMs: after }),
  }),

  question({
    id: 'versions',
    asks: 'May an approved package become pending again, and is the number of a deleted version used again?',
    decides: [],
    source: 'sagemaker.md §13.10',
    actions: [
      ...version,
      'sagemaker:UpdateModelPackage',
      'sagemaker:DescribeModelPackage',
      'sagemaker:DeleteModelPackage',
    ],
    instances: 0,
    minutes: 10,
    async ask(world) {
      const name = await makeGroup(world, 'versions');
      const ModelPackageArn = await makePackage(world, name, { ModelApprovalStatus: 'Approved' });
      const pending = await world.attempt('sagemaker', 'UpdateModelPackage', {
        ModelPackageArn,
        ModelApprovalStatus: 'PendingManualApproval',
      });
      await world.call('sagemaker', 'DeleteModelPackage', { ModelPackageName: ModelPackageArn });
      const next = await makePackage(world, name);
      const { ModelPackageVersion } = await world.call<{ readonly ModelPackageVersion?: number }>(
        'sagemaker',
        'DescribeModelPackage',
        { ModelPackageName: next },
      );
      return {
        pendingRefused: 'refused' in pending ? pending.refused.message : null,
        versionAfterDeletion: ModelPackageVersion ?? null,
      };
    },
    read: () => ({}),
  }),

  question({
    id: 'unapproved',
    asks: 'Which call refuses a package that is not approved, and with which words?',
    decides: ['unapprovedRefusedAt'],
    source: 'sagemaker.md §13.7',
    actions: [...version, ...stages.model, ...stages.config, ...stages.endpoint],
    instances: 1,
    minutes: 45,
    async ask(world) {
      const name = await makeGroup(world, 'unapproved');
      const arn = await makePackage(world, name, { ModelApprovalStatus: 'PendingManualApproval' });
      const ModelName = world.name('unapproved');
      const model = await world.attempt('sagemaker', 'CreateModel', {
        ModelName,
        ExecutionRoleArn: world.given.role,
        PrimaryContainer: { ModelPackageName: arn },
        Tags: world.tags,
      });
      if ('refused' in model) return { refusedAt: 'CreateModel', words: model.refused.message };
      const config = await makeConfig(world, 'unapproved', [variantOf(world.given, ModelName)]);
      const endpoint = await world.attempt('sagemaker', 'CreateEndpoint', {
        EndpointName: world.name('unapproved'),
        EndpointConfigName: config,
        Tags: world.tags,
      });
      if ('refused' in endpoint) return { refusedAt: 'CreateEndpoint', words: endpoint.refused.message };
      return { refusedAt: 'never', words: '' };
    },
    read: ({ refusedAt }) => ({ unapprovedRefusedAt: refusedAt }),
  }),
];
