import { BatchGetImageCommand, ECRClient, type ECRClientConfig } from '@aws-sdk/client-ecr';
import { parseImage } from './image-reference.ts';
import type { Sender } from './sender.ts';

/** Created here, beside the commands in use, so that a bundle leaves out all others. */
export const ecrClient = (settings: ECRClientConfig): ECRClient => new ECRClient(settings);

/** ECR, for one purpose: the content that a name means now. */
export const ecr = (send: Sender<ECRClient>, region: string) => ({
  reads: {
    /**
     * @param image `111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn:1.4.0`, or `…@sha256:…`, to check that it exists
     * @returns `sha256:…`; for a registry that cannot be read (not ECR, or ECR of another region) the digest in the name, if any
     * @throws {ImageNotFoundException} when the repository has no such image
     */
    resolveImage: async (image: string): Promise<string | undefined> => {
      const [name = image, pinned] = image.split('@');
      const reference = parseImage(name);
      if (reference === undefined || reference.region !== region) return pinned;
      // BatchGetImage rather than DescribeImages: the policy of a shared repository grants it to those who may pull.
      const { images, failures } = await send(
        new BatchGetImageCommand({
          registryId: reference.registry,
          repositoryName: reference.repository,
          imageIds: [pinned ? { imageDigest: pinned } : { imageTag: reference.tag }],
        }),
      );
      const digest = images?.[0]?.imageId?.imageDigest;
      if (digest) return digest;
      throw new ImageNotFoundException(`${image}: ${failures?.[0]?.failureReason ?? 'no such image'}`);
    },
  },
});
export type Ecr = ReturnType<typeof ecr>;

/** BatchGetImage reports a missing image in its answer; named as DescribeImages throws it, so that `classify` knows it. */
class ImageNotFoundException extends Error {
  override readonly name = 'ImageNotFoundException';
}
