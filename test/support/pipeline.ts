import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';

interface Source {
  readonly name: string;
  readonly bucket?: string;
  /** Default: the pipeline's name with `.zip`. */
  readonly key?: string;
  /** Name of the source's action and of its artifact. */
  readonly artifact?: string;
}

/**
 * A pipeline whose source is one object in S3, with a stage for each action.
 * @param actions as CodePipeline's API has them; each gets the source's artifact, unless it names others
 */
export const pipelineOf = <Action extends { readonly name: string }>(
  { name, bucket = team.bucket, key = `${name}.zip`, artifact = 'Repository' }: Source,
  ...actions: readonly Action[]
) => ({
  name,
  roleArn: `arn:aws:iam::${team.account}:role/pipeline`,
  artifactStore: { type: 'S3', location: bucket },
  stages: [
    {
      name: 'Source',
      actions: [
        {
          name: artifact,
          actionTypeId: { category: 'Source', owner: 'AWS', provider: 'S3', version: '1' },
          configuration: { S3Bucket: bucket, S3ObjectKey: key },
          outputArtifacts: [{ name: artifact }],
        },
      ],
    },
    ...actions.map((action) => ({
      name: action.name,
      actions: [{ inputArtifacts: [{ name: artifact }], ...action }],
    })),
  ],
});
