import * as z from 'zod/mini';
import { parseJsonFile } from '../json-file.ts';
import { InputError } from '../schema.ts';
import { quoted } from '../secrets.ts';
import type { Container } from './container.ts';

const text = z.string().check(z.minLength(1));
const s3Source = z.strictObject({
  S3Uri: text,
  S3DataType: z.enum(['S3Prefix', 'S3Object']),
  CompressionType: z.enum(['None', 'Gzip']),
  ModelAccessConfig: z.optional(z.strictObject({ AcceptEula: z.boolean() })),
  HubAccessConfig: z.optional(z.strictObject({ HubContentArn: text })),
  ManifestS3Uri: z.optional(text),
});

/** A container as CreateModelPackage takes it, without the members that SageMaker looks up by itself (AWS: ModelPackageContainerDefinition). */
const container = z.strictObject({
  ContainerHostname: z.optional(text),
  Image: z.optional(text),
  ModelDataUrl: z.optional(text),
  ModelDataSource: z.optional(z.strictObject({ S3DataSource: s3Source })),
  AdditionalModelDataSources: z.optional(z.array(z.strictObject({ ChannelName: text, S3DataSource: s3Source }))),
  AdditionalS3DataSource: z.optional(
    z.strictObject({
      S3Uri: text,
      S3DataType: z.enum(['S3Object', 'S3Prefix']),
      CompressionType: z.optional(z.enum(['None', 'Gzip'])),
    }),
  ),
  Environment: z.optional(z.record(z.string(), z.string())),
  ProductId: z.optional(text),
  BaseModel: z.optional(
    z.strictObject({
      HubContentName: z.optional(text),
      HubContentVersion: z.optional(text),
      RecipeName: z.optional(text),
    }),
  ),
  IsCheckpoint: z.optional(z.boolean()),
  Framework: z.optional(text),
  FrameworkVersion: z.optional(text),
  NearestModelName: z.optional(text),
  ModelInput: z.optional(z.strictObject({ DataInputConfig: text })),
});

/** AWS: InferenceSpecification, Containers. */
const containers = z.array(container).check(z.minLength(1), z.maxLength(15));

/** @throws {InputError} naming the first member that CreateModelPackage would not take */
export const parseContainers = (content: string, source: string): readonly Container[] => {
  const read = containers.safeParse(parseJsonFile(content, source));
  if (!read.success) {
    const [issue] = read.error.issues;
    const place = issue?.path.map(String).join('.') ?? '';
    const unknown = issue?.code === 'unrecognized_keys' ? `: unknown member ${quoted(issue.keys[0])}` : '';
    throw new InputError(
      `${source}: ${place === '' ? 'the list' : /^[\w.]+$/.test(place) ? place : quoted(place)} is not as CreateModelPackage takes it${unknown}; expected a list of 1 to 15 containers such as [{"Image": "…", "ModelDataUrl": "s3://…"}]`,
    );
  }
  for (const [index, { ModelDataUrl, ModelDataSource }] of read.data.entries())
    if (ModelDataUrl && ModelDataSource)
      throw new InputError(`${source}: container ${index} has both ModelDataUrl and ModelDataSource; keep one`);
  if (new Set(read.data.map(({ ContainerHostname }) => ContainerHostname === undefined)).size > 1)
    throw new InputError(`${source}: all containers have a ContainerHostname, or none has`);
  return read.data as readonly Container[];
};
