import {
  AddTagsCommand,
  type AddTagsInput,
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  type CreateEndpointConfigInput,
  type CreateEndpointInput,
  CreateModelCommand,
  type CreateModelInput,
  CreateModelPackageCommand,
  CreateModelPackageGroupCommand,
  type CreateModelPackageGroupInput,
  type CreateModelPackageInput,
  DeleteEndpointCommand,
  DeleteEndpointConfigCommand,
  type DeleteEndpointConfigInput,
  type DeleteEndpointInput,
  DeleteModelCommand,
  type DeleteModelInput,
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  type DescribeEndpointConfigInput,
  type DescribeEndpointInput,
  DescribeInferenceExperimentCommand,
  type DescribeInferenceExperimentRequest,
  DescribeModelCommand,
  type DescribeModelInput,
  DescribeModelPackageCommand,
  DescribeModelPackageGroupCommand,
  type DescribeModelPackageGroupInput,
  type DescribeModelPackageInput,
  DescribeTrainingJobCommand,
  type DescribeTrainingJobRequest,
  GetModelPackageGroupPolicyCommand,
  type GetModelPackageGroupPolicyInput,
  ListEndpointConfigsCommand,
  type ListEndpointConfigsInput,
  ListEndpointsCommand,
  type ListEndpointsInput,
  ListInferenceExperimentsCommand,
  type ListInferenceExperimentsRequest,
  ListModelPackagesCommand,
  type ListModelPackagesInput,
  ListModelsCommand,
  type ListModelsInput,
  ListTagsCommand,
  type ListTagsInput,
  SageMakerClient,
  type SageMakerClientConfig,
  UpdateEndpointCommand,
  type UpdateEndpointInput,
  UpdateEndpointWeightsAndCapacitiesCommand,
  type UpdateEndpointWeightsAndCapacitiesInput,
  UpdateModelPackageCommand,
  type UpdateModelPackageInput,
} from '@aws-sdk/client-sagemaker';
import type { Sender } from './sender.ts';
import { passUntypedMembers } from './untyped-members.ts';

export type {
  CreateEndpointConfigInput,
  CreateModelInput,
  CreateModelPackageInput,
  DeploymentConfig,
  DescribeEndpointConfigOutput,
  DescribeEndpointOutput,
  DescribeModelOutput,
  DescribeModelPackageOutput,
  DescribeTrainingJobResponse,
  ModelPackageSummary,
  PendingDeploymentSummary,
  ProductionVariant,
  ProductionVariantSummary,
} from '@aws-sdk/client-sagemaker';

/** Created here, beside the commands in use, so that a bundle leaves out all others. */
export const sagemakerClient = (settings: SageMakerClientConfig): SageMakerClient =>
  passUntypedMembers(new SageMakerClient(settings));

/** SageMaker, one method per call. `send` retries, refreshes credentials and names errors (see sender.ts). */
export const sagemaker = (send: Sender<SageMakerClient>) => ({
  reads: {
    describeEndpoint: (input: DescribeEndpointInput) => send(new DescribeEndpointCommand(input)),
    describeEndpointConfig: (input: DescribeEndpointConfigInput) => send(new DescribeEndpointConfigCommand(input)),
    describeInferenceExperiment: (input: DescribeInferenceExperimentRequest) =>
      send(new DescribeInferenceExperimentCommand(input)),
    describeModel: (input: DescribeModelInput) => send(new DescribeModelCommand(input)),
    describeModelPackage: (input: DescribeModelPackageInput) => send(new DescribeModelPackageCommand(input)),
    describeModelPackageGroup: (input: DescribeModelPackageGroupInput) =>
      send(new DescribeModelPackageGroupCommand(input)),
    describeTrainingJob: (input: DescribeTrainingJobRequest) => send(new DescribeTrainingJobCommand(input)),
    getModelPackageGroupPolicy: (input: GetModelPackageGroupPolicyInput) =>
      send(new GetModelPackageGroupPolicyCommand(input)),
    listEndpointConfigs: (input: ListEndpointConfigsInput) => send(new ListEndpointConfigsCommand(input)),
    listEndpoints: (input: ListEndpointsInput) => send(new ListEndpointsCommand(input)),
    listModels: (input: ListModelsInput) => send(new ListModelsCommand(input)),
    listInferenceExperiments: (input: ListInferenceExperimentsRequest) =>
      send(new ListInferenceExperimentsCommand(input)),
    listModelPackages: (input: ListModelPackagesInput) => send(new ListModelPackagesCommand(input)),
    listTags: (input: ListTagsInput) => send(new ListTagsCommand(input)),
  },
  writes: {
    addTags: (input: AddTagsInput) => send(new AddTagsCommand(input)),
    createEndpoint: (input: CreateEndpointInput) => send(new CreateEndpointCommand(input)),
    createEndpointConfig: (input: CreateEndpointConfigInput) => send(new CreateEndpointConfigCommand(input)),
    createModel: (input: CreateModelInput) => send(new CreateModelCommand(input)),
    createModelPackage: (input: CreateModelPackageInput) => send(new CreateModelPackageCommand(input)),
    createModelPackageGroup: (input: CreateModelPackageGroupInput) => send(new CreateModelPackageGroupCommand(input)),
    /** Of temporary ones alone (`src/scoring/temporary.ts`): everything else may be needed by a rollback. */
    deleteEndpoint: (input: DeleteEndpointInput) => send(new DeleteEndpointCommand(input)),
    deleteEndpointConfig: (input: DeleteEndpointConfigInput) => send(new DeleteEndpointConfigCommand(input)),
    deleteModel: (input: DeleteModelInput) => send(new DeleteModelCommand(input)),
    updateEndpointWeightsAndCapacities: (input: UpdateEndpointWeightsAndCapacitiesInput) =>
      send(new UpdateEndpointWeightsAndCapacitiesCommand(input)),
    updateEndpoint: (input: UpdateEndpointInput) => send(new UpdateEndpointCommand(input)),
    updateModelPackage: (input: UpdateModelPackageInput) => send(new UpdateModelPackageCommand(input)),
  },
});
export type Sagemaker = ReturnType<typeof sagemaker>;
