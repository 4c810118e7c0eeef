import { startContainer, startFiles } from '../../containers/model-server.ts';
import { publisherOf } from '../../containers/publisher.ts';
import type { Container } from '../../contracts.ts';
import type { ContainerDefinition } from './container-definition.ts';
import { type Context, objectAt } from './context.ts';

/** The model data of a container: an archive, one file, or all objects under a prefix (AWS: S3ModelDataSource). */
export interface ModelData {
  readonly url: string;
  readonly form: 'archive' | 'file' | 'prefix';
}

/** None: the image brings its model. */
export const modelDataOf = ({ ModelDataUrl, ModelDataSource }: ContainerDefinition): ModelData | undefined => {
  if (ModelDataUrl !== undefined) return { url: ModelDataUrl, form: 'archive' };
  const source = ModelDataSource?.S3DataSource;
  if (source === undefined) return undefined;
  const form = source.S3DataType === 'S3Prefix' ? 'prefix' : source.CompressionType === 'Gzip' ? 'archive' : 'file';
  return { url: source.S3Uri, form };
};

/**
 * The server with its model.
 * @returns undefined when there is nothing to download
 * @throws when an archive is none
 */
export const startModel = (
  context: Context,
  image: string,
  data: ModelData | undefined,
  environment: Readonly<Record<string, string>>,
): Container | undefined => {
  const publish = publisherOf(environment, context.metrics, context.kernel.clock.now);
  if (data === undefined) return startFiles(context.images.files(image), publish);
  const { url, form } = data;
  if (form === 'prefix') {
    const [, bucket = '', prefix = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(url) ?? [];
    const objects = context.objects.under(bucket, prefix);
    if (objects.length === 0) return undefined;
    return startFiles(new Map(objects.map(({ key, body }) => [key.slice(prefix.length), body])), publish);
  }
  const object = objectAt(context, url);
  if (object === undefined) return undefined;
  return form === 'archive'
    ? startContainer(object.body, publish)
    : startFiles(new Map([[url.replace(/^.*\//, ''), object.body]]), publish);
};
