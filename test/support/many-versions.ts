import type { Simulator } from '../../simulator/contracts.ts';

/** Registers versions 0.0.1, 0.0.2, … of a model, as an older version of this suite did: no description names the versions before it. */
export const manyVersions = async (
  simulator: Pick<Simulator, 'call'>,
  model: string,
  howMany: number,
): Promise<void> => {
  for (let n = 1; n <= howMany; n++)
    await simulator.call('sagemaker', 'CreateModelPackage', {
      ModelPackageGroupName: model,
      ModelPackageDescription: `${model}_v0.0.${n} (content sha256:${'0'.repeat(64)})`,
      ModelApprovalStatus: 'PendingManualApproval',
      InferenceSpecification: {
        Containers: [{ Image: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/iris-serving:1' }],
        SupportedContentTypes: ['text/csv'],
        SupportedResponseMIMETypes: ['text/csv'],
      },
    });
};
