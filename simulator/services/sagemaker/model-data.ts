import { type Archive, readArchive } from '../../containers/archive.ts';
import { startFiles } from '../../containers/model-server.ts';
import { publisherOf } from '../../containers/publisher.ts';
import type { Container, ServedBy } from '../../contracts.ts';
import { digestOf } from '../../random.ts';
import type { ContainerDefinition } from './container-definition.ts';
import { assumed, type Context, objectFor } from './context.ts';

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

interface Startable {
  readonly image: string;
  readonly modelData: ModelData | undefined;
  readonly role: string | undefined;
  readonly modelPackage: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
}

/** The downloaded data. */
interface Downloaded {
  readonly bytes: readonly Buffer[];
  /** @throws when an archive is none */
  files(): Archive;
}

const download = (
  context: Context,
  { image, modelData: data, role }: Pick<Startable, 'image' | 'modelData' | 'role'>,
): Downloaded | undefined => {
  if (data === undefined) return { bytes: [Buffer.from(image)], files: () => context.images.files(image) };
  const { url, form } = data;
  if (form === 'prefix') {
    const [, bucket = '', prefix = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(url) ?? [];
    const objects = context.objects.under(bucket, prefix);
    if (objects.length === 0) return undefined;
    const principal = role === undefined ? undefined : assumed(context, role);
    if (principal !== undefined && !objects.every(({ key }) => context.objects.mayRead(principal, bucket, key)))
      return undefined;
    const files = new Map(objects.map(({ key, body }) => [key.slice(prefix.length), body]));
    return { bytes: [...files.values()], files: () => files };
  }
  const body = objectFor(context, role, url)?.body;
  if (body === undefined) return undefined;
  const single = new Map([[url.replace(/^.*\//, ''), body]]);
  return { bytes: [body], files: () => (form === 'archive' ? readArchive(body) : single) };
};

const readable = ({ files }: Downloaded): Archive | undefined => {
  try {
    return files();
  } catch {
    return undefined;
  }
};

/**
 * The server with its model, or with the files that stand in for it.
 * @returns undefined when there is nothing to download
 * @throws when an archive is none
 */
export const startModel = (context: Context, startable: Startable): Container | undefined => {
  const { image, modelData, modelPackage, environment } = startable;
  const data = download(context, startable);
  if (data === undefined) return undefined;
  const { standIn, serve } = context.kernel;
  if (serve !== undefined) {
    const [archive = Buffer.alloc(0)] = data.bytes;
    const served = serve({
      identity: modelPackage ?? modelData?.url ?? image,
      data: modelData?.form === 'archive' ? archive : data.files(),
      environment,
    });
    return marked(served, 'command');
  }
  const instead = standIn?.(
    modelPackage ?? digestOf(...data.bytes.map((bytes) => bytes.toString('latin1'))).toString('hex'),
    readable(data),
  );
  const publish = publisherOf(environment, context.metrics, context.kernel.clock.now);
  const container = startFiles(instead ?? data.files(), publish);
  // The caller's own model may be given another behaviour; it is still the caller's.
  const isOther = instead !== undefined && !sameModel(instead, readable(data));
  return isOther ? marked(container, 'stand-in') : container;
};

const sameModel = (one: Archive, other: Archive | undefined): boolean => {
  const [model, original] = [one.get('model.json'), other?.get('model.json')];
  return model !== undefined && original !== undefined && model.equals(original);
};

const marked = ({ ping, invoke, stop }: Container, servedBy: ServedBy): Container => ({
  ping,
  ...(stop === undefined ? {} : { stop }),
  invoke: (...request) => ({ ...invoke(...request), servedBy }),
});
