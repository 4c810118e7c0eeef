import type { Images, Kernel, Objects } from '../../contracts.ts';
import { readZip, writeZip } from '../../zip.ts';
import type { StartedOutside } from '../outside.ts';
import type { Artifacts } from './artifacts.ts';
import type { ActionEnd, ActionRun, startedBy } from './model.ts';

/** Actions of AWS without jobs: sources, the deployment to S3, and those that start something outside of CodePipeline. */
export interface AwsActions {
  /** Ends at once. */
  carryOut(run: ActionRun): ActionEnd;
  /** @param end called once */
  start(run: ActionRun, kind: NonNullable<ReturnType<typeof startedBy>>, end: (end: ActionEnd) => void): void;
}

interface Around {
  readonly objects: Objects;
  readonly images: Pick<Images, 'resolve'>;
  readonly artifacts: Artifacts;
  readonly startOutside: StartedOutside['start'];
}

/** Where no source is named, the words are ours. [unconfirmed] */
const failed = (code: 'ConfigurationError' | 'JobFailed', message: string): ActionEnd => ({
  status: 'Failed',
  code,
  message,
});

export const createAwsActions = (kernel: Kernel, { objects, images, artifacts, startOutside }: Around): AwsActions => {
  /** The object under the key becomes the artifact (user guide "Amazon S3 source action reference"). */
  const fetchObject = (run: ActionRun, artifact: string): ActionEnd => {
    const { S3Bucket = '', S3ObjectKey = '' } = run.configuration;
    const object = objects.get(S3Bucket, S3ObjectKey);
    if (object === undefined)
      return failed(
        'ConfigurationError',
        `The object with key '${S3ObjectKey}' does not exist in bucket '${S3Bucket}'`,
      );
    run.revision = artifacts.keep(run, artifact, object.body).revision;
    return { status: 'Succeeded', outputVariables: { ETag: object.etag.replaceAll('"', '') } };
  };

  /** User guide "Amazon ECR source action reference", and "Image definitions file reference" for `imageDetail.json`. */
  const fetchImage = (run: ActionRun, artifact: string): ActionEnd => {
    const { RepositoryName = '', ImageTag = 'latest' } = run.configuration;
    const repository = `${kernel.accountId}.dkr.ecr.${kernel.region}.amazonaws.com/${RepositoryName}`;
    const ImageDigest = images.resolve(`${repository}:${ImageTag}`);
    if (ImageDigest === undefined)
      return failed(
        'ConfigurationError',
        `The image with tag '${ImageTag}' does not exist in repository '${RepositoryName}'`,
      );
    const ImageURI = `${repository}@${ImageDigest}`;
    const named = { RegistryId: kernel.accountId, RepositoryName, ImageDigest, ImageURI };
    const detail = { Version: '1.0', ...named, ImageTags: [ImageTag] };
    artifacts.keep(run, artifact, writeZip(new Map([['imageDetail.json', Buffer.from(JSON.stringify(detail))]])));
    run.revision = ImageDigest;
    return { status: 'Succeeded', outputVariables: { ...named, ImageTag } };
  };

  /** User guide "Amazon S3 deploy action reference". */
  const deploy = (run: ActionRun): ActionEnd => {
    const { BucketName = '', Extract = '', ObjectKey } = run.configuration;
    const [body] = Object.values(artifacts.bodies(run.execution, run.declaration.inputArtifacts));
    if (body === undefined) return failed('ConfigurationError', 'The input artifact does not exist any more');
    if (Extract !== 'true') {
      objects.put(BucketName, ObjectKey ?? '', body);
      return { status: 'Succeeded' };
    }
    const files = unzipped(body);
    if (files === undefined) return failed('ConfigurationError', 'The input artifact is no zip file');
    const folder = ObjectKey === undefined ? '' : `${ObjectKey.replace(/\/$/, '')}/`;
    for (const [name, file] of files) objects.put(BucketName, `${folder}${name}`, file);
    return { status: 'Succeeded' };
  };

  return {
    carryOut(run) {
      const { actionTypeId, outputArtifacts: [output] = [] } = run.declaration;
      if (actionTypeId.category === 'Deploy') return deploy(run);
      const name = output?.name ?? '';
      return actionTypeId.provider === 'ECR' ? fetchImage(run, name) : fetchObject(run, name);
    },
    start(run, kind, end) {
      const { configuration, execution, declaration } = run;
      const inputs = artifacts.bodies(execution, declaration.inputArtifacts);
      const name = configuration[kind === 'build' ? 'ProjectName' : 'StateMachineArn'] ?? '';
      const prefix = configuration['ExecutionNamePrefix'];
      const id = kind === 'build' ? `${name}:${run.id}` : prefix === undefined ? run.id : `${prefix}-${run.id}`;
      const input = kind === 'build' ? undefined : inputOf(configuration, Object.values(inputs)[0]);
      if (typeof input === 'object') {
        end(failed('ConfigurationError', input.fault));
        return;
      }
      run.externalExecutionId = kind === 'build' ? id : `${name.replace(':stateMachine:', ':execution:')}:${id}`;
      const running = startOutside(kind, name, {
        ...{ id, configuration, artifacts: inputs },
        ...(input === undefined ? {} : { input }),
      });
      if (running === undefined) {
        const what = kind === 'build' ? 'project of CodeBuild' : 'state machine';
        end(failed('ConfigurationError', `The ${what} ${name} does not exist`));
        return;
      }
      void running.then((ended) => {
        if (run.status !== 'InProgress') return;
        if (!ended.succeeded) {
          end(failed('JobFailed', ended.message));
          return;
        }
        for (const { name: output } of declaration.outputArtifacts ?? []) {
          const body = ended.artifacts?.[output];
          if (body === undefined) {
            end(failed('JobFailed', `The output artifact ${output} was not made`));
            return;
          }
          artifacts.keep(run, output, body);
        }
        // User guide, the variables of both references.
        const outputVariables =
          kind === 'build'
            ? (ended.variables ?? {})
            : { StateMachineArn: name, ExecutionArn: run.externalExecutionId ?? '' };
        end({ status: 'Succeeded', outputVariables });
      });
    },
  };
};

const unzipped = (body: Buffer): ReadonlyMap<string, Buffer> | undefined => {
  try {
    return readZip(body);
  } catch {
    return undefined;
  }
};

/** User guide "AWS Step Functions invoke action reference", `InputType` and `Input`. */
const inputOf = (
  { InputType = 'Literal', Input }: Readonly<Record<string, string>>,
  artifact: Buffer | undefined,
): string | { readonly fault: string } => {
  if (InputType !== 'FilePath') return Input ?? '{}';
  const file = artifact && unzipped(artifact)?.get(Input ?? '');
  return file?.toString() ?? { fault: `The input artifact has no file ${Input}` };
};
