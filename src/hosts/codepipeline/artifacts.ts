import { createAwsClients } from '../../aws/clients.ts';
import type { JobData } from '../../aws/codepipeline.ts';
import { fixed } from '../../aws/credentials.ts';
import type { Clock } from '../../clock.ts';
import type { Env } from '../../env.ts';
import type { ReadFile, Written } from '../../inputs/read-inputs.ts';
import { type Field, InputError } from '../../schema.ts';
import { connectionFrom } from '../../session/session.ts';
import { wholeFiles } from '../../whole-files.ts';
import type { Workspace } from '../../world.ts';
import { readZipBytes, ZipError } from './zip.ts';

type Artifact = NonNullable<JobData['inputArtifacts']>[number];

/** Every job holds the whole archive in memory: it should contain a manifest, not a model. */
const mostBytes = 64 * 1024 * 1024;

interface Place {
  readonly env: Env;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * The files in a job's input artifacts: `path` in the first one, `Artifact::path` in a named one (as CloudFormation actions write it). The
 * job's own credentials open the artifact store, and nothing else. An archive is fetched at most once.
 */
export const artifactFiles = (data: JobData, { env, clock, signal }: Place): Workspace => {
  const archives = new Map<Artifact, Promise<Buffer>>();
  const archiveOf = (artifact: Artifact): Promise<Buffer> => {
    const known = archives.get(artifact) ?? download(artifact);
    archives.set(artifact, known);
    return known;
  };
  const download = async (artifact: Artifact): Promise<Buffer> => {
    const { accessKeyId, secretAccessKey, sessionToken } = data.artifactCredentials ?? {};
    const { bucketName: Bucket, objectKey: Key } = artifact.location?.s3Location ?? {};
    const owner = data.pipelineContext?.pipelineArn?.split(':')[4];
    if (!accessKeyId || !secretAccessKey || !sessionToken || !Bucket || !Key || !owner)
      throw new InputError(`artifact ${artifact.name}: the job lacks its location, its owner or its credentials`);
    const { reads } = createAwsClients({
      ...connectionFrom(env),
      credentials: fixed({ accessKeyId, secretAccessKey, sessionToken }),
      clock,
      signal,
      // The artifact store is the pipeline's, so the pipeline's account owns it (CodePipeline user guide, "Artifact store").
      bucketOwner: () => owner,
    });
    const archive = await reads.s3.getBytes({ Bucket, Key }, mostBytes);
    if (archive !== undefined) return archive;
    throw new InputError(
      `artifact ${artifact.name} is larger than ${mostBytes / 1024 / 1024} MB; give the action one that holds the manifest and little else`,
    );
  };
  return wholeFiles(async (path, mostUnpackedBytes) => {
    const [artifactName, inner] = path.includes('::') ? path.split(/::(.*)/s) : [undefined, path];
    const artifacts = data.inputArtifacts ?? [];
    const artifact = artifacts.find((one) => artifactName === undefined || one.name === artifactName);
    if (artifact === undefined)
      throw new InputError(
        `the action has no input artifact${artifactName === undefined ? '' : ` ${artifactName}`}, so ${JSON.stringify(path)} cannot be read`,
      );
    const archive = await archiveOf(artifact);
    try {
      const bytes = await readZipBytes(archive, (inner ?? '').replace(/^\.?\//, ''), mostUnpackedBytes);
      if (bytes !== undefined) return bytes;
    } catch (error) {
      if (!(error instanceof ZipError)) throw error;
      throw new InputError(`artifact ${artifact.name} cannot be read: ${error.message}`);
    }
    throw new InputError(`artifact ${artifact.name} has no file ${JSON.stringify(inner)}`);
  });
};

/** A manifest has a few kilobytes. A much larger entry is not a manifest, or is a zip bomb. */
const mostInputBytes = 16 * 1024 * 1024;

/**
 * Fetches the files that a job's inputs name.
 * @returns the file reader for `readInputs`; it throws for a file that could not be fetched
 */
export const fetchFiles = async (
  workspace: Workspace,
  fields: readonly (readonly [string, Field<unknown>])[],
  written: Written,
): Promise<ReadFile> => {
  const files = new Map<string, string | InputError>();
  for (const [name, field] of fields) {
    const path = field.kind === 'file' ? written(name) || field.default : undefined;
    if (path === undefined) continue;
    const content = await workspace.read(path, mostInputBytes).catch(onlyInputErrors);
    files.set(name, content instanceof InputError ? inputFault(name, content) : content.toString('utf8'));
  }
  return (name, path) => {
    const content = files.get(name) ?? new InputError(`${name}: ${JSON.stringify(path)} was not fetched`);
    if (typeof content === 'string') return content;
    throw content;
  };
};

/** The fault of an artifact itself names it; all others are of one input. */
const inputFault = (name: string, { message }: InputError): InputError => new InputError(`${name}: ${message}`);

/** `readInputs` reports the faults of all inputs together. Any other failure ends the turn. */
const onlyInputErrors = (error: unknown): InputError => {
  if (error instanceof InputError) return error;
  throw error;
};
