import { createAwsClients } from '../../aws/clients.ts';
import type { JobData } from '../../aws/codepipeline.ts';
import { fixed } from '../../aws/credentials.ts';
import type { Clock } from '../../clock.ts';
import type { Env } from '../../env.ts';
import type { ReadFile, Written } from '../../inputs/read-inputs.ts';
import { type Field, InputError } from '../../schema.ts';
import { connectionFrom } from '../../session/session.ts';
import { readZipEntry, ZipError } from './zip.ts';

type Artifact = NonNullable<JobData['inputArtifacts']>[number];

/** Every job holds the whole archive in memory: it should contain a manifest, not a model. */
const mostBytes = 64 * 1024 * 1024;

/**
 * Fetches the files that a job's inputs name from its input artifacts: `path` in the first one, `Artifact::path` in a named one (as
 * CloudFormation actions write it). The job's own credentials open the artifact store, and nothing else.
 * @returns the file reader for `readInputs`; it throws for a file that could not be fetched
 */
export const fetchFiles = async (
  data: JobData,
  fields: readonly (readonly [string, Field<unknown>])[],
  written: Written,
  { env, clock, signal }: { readonly env: Env; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<ReadFile> => {
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
  const contentOf = async (name: string, path: string): Promise<string> => {
    const [artifactName, inner] = path.includes('::') ? path.split(/::(.*)/s) : [undefined, path];
    const artifacts = data.inputArtifacts ?? [];
    const artifact = artifacts.find((one) => artifactName === undefined || one.name === artifactName);
    if (artifact === undefined)
      throw new InputError(
        `${name}: the action has no input artifact${artifactName === undefined ? '' : ` ${artifactName}`}, so ${JSON.stringify(path)} cannot be read`,
      );
    const archive = await archiveOf(artifact);
    try {
      const text = await readZipEntry(archive, (inner ?? '').replace(/^\.?\//, ''));
      if (text !== undefined) return text;
    } catch (error) {
      if (!(error instanceof ZipError)) throw error;
      throw new InputError(`${name}: artifact ${artifact.name} cannot be read: ${error.message}`);
    }
    throw new InputError(`${name}: artifact ${artifact.name} has no file ${JSON.stringify(inner)}`);
  };

  const files = new Map<string, string | InputError>();
  for (const [name, field] of fields) {
    const path = field.kind === 'file' ? written(name) || field.default : undefined;
    if (path === undefined) continue;
    files.set(name, await contentOf(name, path).catch(onlyInputErrors));
  }
  return (name, path) => {
    const content = files.get(name) ?? new InputError(`${name}: ${JSON.stringify(path)} was not fetched`);
    if (typeof content === 'string') return content;
    throw content;
  };
};

/** `readInputs` reports the faults of all inputs together. Any other failure ends the turn. */
const onlyInputErrors = (error: unknown): InputError => {
  if (error instanceof InputError) return error;
  throw error;
};
