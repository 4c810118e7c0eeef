import type { Images, Instant, Kernel, Metrics, Objects, Principal, Scaling } from '../../contracts.ts';
import type { RegistryFace } from './registry-face.ts';

/** The shared context of all resources of this service. */
export interface Context {
  readonly kernel: Kernel;
  readonly metrics: Metrics;
  readonly objects: Objects;
  readonly images: Images;
  /** Whether the role exists and lets SageMaker in. */
  readonly canAssume: (role: string) => boolean;
  /** By the policies of a role that SageMaker has assumed. */
  readonly mayDo: (principal: Principal, action: string, resource: string) => boolean;
  /** The registry of another account in the same region. */
  readonly registryOf: (accountId: string) => RegistryFace;
  /** A late lookup: the autoscaler is built after hosting, on top of it. */
  readonly scaling: () => Scaling;
}

/** Timestamps on AWS's JSON protocols are epoch seconds with a fraction (reference/sagemaker.md §12). */
export const epochSeconds = (instant: Instant): number => instant / 1000;

export const sagemakerArn = (context: Context, resource: string): string => context.kernel.arn('sagemaker', resource);

/** The name in `ArnOrName` and `VersionedArnOrName` members: `arn:…:model-package/churn/7` and `churn/7` are the same thing. */
export const nameOf = (arnOrName: string): string =>
  arnOrName.startsWith('arn:') ? arnOrName.slice(arnOrName.indexOf('/') + 1) : arnOrName;

type Present<T> = { [Key in keyof T as undefined extends T[Key] ? never : Key]: T[Key] } & {
  [Key in keyof T as undefined extends T[Key] ? Key : never]?: Exclude<T[Key], undefined>;
};

/** `values` without the members that are undefined: AWS leaves absent members out. */
export const present = <T extends object>(values: T): Present<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Present<T>;

/** The bucket and the key in an `s3://bucket/key` URL. */
export const placeAt = (url: string): { readonly bucket: string; readonly key: string } | undefined => {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(url) ?? [];
  return bucket === undefined || key === undefined ? undefined : { bucket, key };
};

/** The object an `s3://bucket/key` URL names; undefined when it is no such URL or there is none. */
export const objectAt = (context: Context, url: string): ReturnType<Objects['get']> => {
  const place = placeAt(url);
  return place && context.objects.get(place.bucket, place.key);
};

/** SageMaker as the role of a model. */
export const assumed = ({ kernel }: Pick<Context, 'kernel'>, role: string): Principal => ({
  accessKeyId: 'sagemaker',
  arn: role,
  accountId: kernel.accountId,
});

/** The same, read with the role of a model: undefined also where a policy of the role, of the bucket or of its key forbids it. */
export const objectFor = (context: Context, role: string | undefined, url: string): ReturnType<Objects['get']> => {
  const place = placeAt(url);
  const object = objectAt(context, url);
  if (place === undefined || object === undefined || role === undefined) return object;
  return context.objects.mayRead(assumed(context, role), place.bucket, place.key) ? object : undefined;
};
