import type { CreateModelPackageInput } from '../aws/sagemaker.ts';
import { canonical } from '../digest.ts';
import { parseS3Location, type S3Object } from './s3-object.ts';

/** A container of a package, in AWS's own members (AWS: ModelPackageContainerDefinition). */
export type Container = NonNullable<
  NonNullable<CreateModelPackageInput['InferenceSpecification']>['Containers']
>[number];

/** One place that SageMaker downloads model data from into a container. */
export interface DataSource {
  /** `artifact`, `additional data`, or `additional data adapters` by its channel. */
  readonly role: string;
  /** As the package has it: `s3://…`, or `https://…` of S3. */
  readonly uri: string;
  /** `archive` is unpacked, `file` is used under its own name, `prefix` is all objects whose keys begin so. */
  readonly form: 'archive' | 'file' | 'prefix';
  /** Absent for an address that is not S3's, and for data that SageMaker reads by another way (a hub, a list of objects). */
  readonly place?: S3Object;
}

/** Members that repeat a content which SageMaker looked up by itself; they change without any change of the package. */
const lookedUp = new Set(['ETag', 'ManifestEtag']);

interface S3Source {
  readonly S3Uri?: string | undefined;
  readonly S3DataType?: string | undefined;
  readonly CompressionType?: string | undefined;
  readonly HubAccessConfig?: unknown;
  readonly ManifestS3Uri?: string | undefined;
}

/** All data of a container, in a fixed order: the artifact first. */
export const dataSourcesOf = (container: Container): readonly DataSource[] => {
  const { ModelDataUrl: url, ModelDataSource, AdditionalModelDataSources, AdditionalS3DataSource } = container;
  const main = ModelDataSource?.S3DataSource;
  return [
    // A prefix in ModelDataUrl is that of a multi-model endpoint (AWS: ContainerDefinition, Mode).
    ...(url
      ? [located('artifact', url, url.endsWith('/') ? 'prefix' : 'archive')]
      : main?.S3Uri
        ? [sourceOf('artifact', main)]
        : []),
    ...(AdditionalModelDataSources ?? []).flatMap(({ ChannelName, S3DataSource }) =>
      S3DataSource ? [sourceOf(`additional data ${ChannelName}`, S3DataSource)] : [],
    ),
    ...(AdditionalS3DataSource ? [sourceOf('additional data', AdditionalS3DataSource)] : []),
  ];
};

const sourceOf = (role: string, source: S3Source): DataSource => {
  const { S3Uri = '', S3DataType, CompressionType, HubAccessConfig, ManifestS3Uri } = source;
  const form = S3DataType === 'S3Prefix' ? 'prefix' : CompressionType === 'Gzip' ? 'archive' : 'file';
  return HubAccessConfig || ManifestS3Uri ? { role, uri: S3Uri, form } : located(role, S3Uri, form);
};

const located = (role: string, uri: string, form: DataSource['form']): DataSource => {
  const place = parseS3Location(uri);
  return { role, uri, form, ...(place ? { place } : {}) };
};

/**
 * The container with other addresses for its data.
 * @param uriOf gives the address of a source, in the order of `dataSourcesOf`
 */
export const withAddresses = (
  container: Container,
  uriOf: (source: DataSource, index: number) => string,
): Container => {
  const uris = dataSourcesOf(container).map(uriOf);
  let next = 0;
  const moved = <Source extends S3Source>(source: Source): Source => ({ ...source, S3Uri: uris[next++] ?? '' });
  const { ModelDataUrl, ModelDataSource, AdditionalModelDataSources, AdditionalS3DataSource, ...rest } = container;
  const main = ModelDataSource?.S3DataSource;
  return {
    ...rest,
    // DescribeModelPackage may repeat ModelDataUrl as a ModelDataSource: CreateModelPackage takes one of them.
    ...(ModelDataUrl
      ? { ModelDataUrl: uris[next++] ?? '' }
      : main?.S3Uri
        ? { ModelDataSource: { ...ModelDataSource, S3DataSource: moved(main) } }
        : {}),
    ...(AdditionalModelDataSources?.length
      ? {
          AdditionalModelDataSources: AdditionalModelDataSources.map((one) =>
            one.S3DataSource ? { ...one, S3DataSource: moved(one.S3DataSource) } : one,
          ),
        }
      : {}),
    ...(AdditionalS3DataSource ? { AdditionalS3DataSource: moved(AdditionalS3DataSource) } : {}),
  };
};

/** The members that decide about the running container, apart from image, artifact and environment; undefined when there are none. */
export const additionsOf = (container: Container): Readonly<Record<string, unknown>> | undefined => {
  const { ModelDataUrl, ModelDataSource, AdditionalModelDataSources, AdditionalS3DataSource, BaseModel } = container;
  // DescribeModel repeats ModelDataUrl as a ModelDataSource; that DescribeModelPackage does the same is [unconfirmed].
  const repeated =
    canonical(ModelDataSource) ===
    canonical({ S3DataSource: { S3Uri: ModelDataUrl, S3DataType: 'S3Object', CompressionType: 'Gzip' } });
  const found = Object.entries({
    AdditionalModelDataSources: AdditionalModelDataSources?.length ? AdditionalModelDataSources : undefined,
    AdditionalS3DataSource,
    BaseModel,
    ContainerHostname: container.ContainerHostname,
    IsCheckpoint: container.IsCheckpoint || undefined,
    ModelDataSource: repeated ? undefined : ModelDataSource,
    ProductId: container.ProductId,
  }).filter(([, value]) => value !== undefined && value !== null);
  return found.length > 0
    ? (withoutLookedUp(Object.fromEntries(found)) as Readonly<Record<string, unknown>>)
    : undefined;
};

const withoutLookedUp = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutLookedUp);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !lookedUp.has(key))
      .map(([key, member]) => [key, withoutLookedUp(member)]),
  );
};

/** By the name of its repository: AWS's training images, and those of people who follow them, have no server for models. */
export const isTrainingImage = (image: string): boolean =>
  /(^|[/_.-])train(ing)?([_.-]|$)/.test(image.replace(/[:@][^/]*$/, '').replace(/^[^/]*\//, ''));
