import type { Container, Instant } from '../../contracts.ts';
import { assumed, type Context, epochSeconds } from './context.ts';
import type { EndpointConfig, ProductionVariant } from './endpoint-configs.ts';
import { startModel } from './model-data.ts';
import type { Models, Runnable } from './models.ts';
import { Setback, type Timeline } from './timeline.ts';

/** The instances that run one endpoint config: blue, green, or the only one. Changed in place by the timelines. */
export interface Fleet {
  readonly config: EndpointConfig;
  readonly variants: readonly FleetVariant[];
}

export interface FleetVariant {
  readonly name: string;
  settings: ProductionVariant;
  /** It gets copies of requests, and its answers are dropped (AWS: "Shadow variants"). */
  readonly shadow: boolean;
  /** Launched, and counted against the quota. A serverless variant counts as one. */
  instances: number;
  /** Of these, taking traffic; a fraction while blue gives way to a green of another size. */
  active: number;
  desired: number;
  weight: number;
  desiredWeight: number;
  status?: VariantStatus;
  running?: {
    /** In the order in which a request passes through them; none on a variant without a model. */
    readonly containers: readonly Running[];
    /** Each caller names one of them. */
    readonly direct: boolean;
  };
}
export interface Running {
  readonly hostname: string | undefined;
  /** Absent for many models below a prefix: each call names one. */
  readonly container?: Container;
  readonly prefix?: string;
  /** SageMaker downloads those models as this role. */
  readonly role?: string | undefined;
  readonly image: DeployedImage;
}
export interface VariantStatus {
  readonly Status: 'Creating' | 'Updating' | 'Deleting' | 'ActivatingTraffic' | 'Baking';
  readonly StatusMessage: string;
  readonly StartTime: number;
}
export interface DeployedImage {
  readonly SpecifiedImage: string;
  readonly ResolvedImage: string;
  readonly ResolutionTime: number;
}

/** The initial values of a new fleet: the config's, or those an update retains. */
export interface Start {
  readonly desired: number;
  readonly weight: number;
}

export const initial = (variant: ProductionVariant): Start => ({
  desired: variant.InitialInstanceCount ?? 1,
  weight: variant.InitialVariantWeight ?? 1,
});

export const newFleet = (config: EndpointConfig, start: (variant: ProductionVariant) => Start): Fleet => ({
  config,
  variants: [...config.variants, ...config.shadows].map((settings) => {
    const { desired, weight } = start(settings);
    const shadow = config.shadows.includes(settings);
    const name = settings.VariantName;
    return { name, settings, shadow, instances: 0, active: 0, desired, weight, desiredWeight: weight };
  }),
});

/** The variants whose answers the callers get. */
export const production = ({ variants }: Pick<Fleet, 'variants'>): readonly FleetVariant[] =>
  variants.filter(({ shadow }) => !shadow);

export const sum = (fleet: Fleet, of: (variant: FleetVariant) => number): number =>
  fleet.variants.reduce((total, variant) => total + of(variant), 0);

/** CurrentInstanceCount of a live variant: those that a scale-out is launching are in DesiredInstanceCount only, until they run. */
export const runningIn = ({ status, desired, active, instances }: FleetVariant): number =>
  status?.Status === 'Updating' && desired > active ? active : instances;

/** Serverless capacity is not counted in instances. Of instance pools the first one always has capacity here. */
export const instanceType = ({ settings }: FleetVariant): string | undefined => {
  const [first] = (settings.InstancePools ?? []).toSorted((one, other) => one.Priority - other.Priority);
  return settings.ServerlessConfig ? undefined : (first?.InstanceType ?? settings.InstanceType);
};

export const say = (
  fleet: Fleet,
  now: Instant,
  Status: VariantStatus['Status'],
  message: (variant: FleetVariant) => string,
): void => {
  for (const variant of fleet.variants)
    variant.status = { Status, StatusMessage: message(variant), StartTime: epochSeconds(now) };
};
export const hush = (fleet: Fleet): void => {
  for (const variant of fleet.variants) delete variant.status;
};

/** AWS's words where a source has them (reference/sagemaker.md §2.8); callers may match prefixes only. */
const setbacks = {
  capacity: () =>
    new Setback(
      'no-capacity',
      'Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. Please retry using a different ML instance ' +
        'type or after some time.',
    ),
  // aws/sagemaker-python-sdk#1835.
  image: (variant: string) =>
    new Setback(
      'image-missing',
      `Please make sure all images included in the model for the production variant ${variant} exist, and that the execution role used to ` +
        'create the model has permissions to access them.',
    ),
  // aws-solutions-library-samples/fraud-detection-using-machine-learning#9.
  download: (url: string) =>
    new Setback(
      'download-failed',
      `Failed to download model data for container "container_1" from URL: "${url}". Please ensure that there is an object located at the URL ` +
        'and that the role passed to CreateModel has permissions to download the object.',
    ),
  // AWS re:Post knowledge center, "SageMaker endpoint creation fails", has the beginning.
  extract: (url: string) =>
    new Setback(
      'extract-failed',
      `Failed to extract model data archive for container "container_1" from URL "${url}". Please ensure that the object located at the URL is a valid tar.gz archive.`,
    ),
  ping: (variant: string) =>
    new Setback(
      'health-check-failed',
      `The primary container for production variant ${variant} did not pass the ping health check. Please check CloudWatch logs for this endpoint.`,
    ),
  model: (name: string) => new Setback('model-missing', `Could not find model "${name}".`),
};

const refuse = (setback: Setback): never => {
  throw setback;
};

const digestOf = (image: string, digest: string): string =>
  `${image.replace(/@.*$/, '').replace(/:[^:/]*$/, '')}@${digest}`;

export const createFleets = (context: Context, models: Models) => {
  const { kernel } = context;
  let capacityFailures = 0;

  /** Each question is one launch. */
  const lacksCapacity = (): boolean => {
    if (capacityFailures === 0) return false;
    capacityFailures--;
    return true;
  };

  const loadAll = (variant: FleetVariant): NonNullable<FleetVariant['running']> => {
    const modelName = variant.settings.ModelName;
    if (modelName === undefined) return { containers: [], direct: false };
    let runnables: readonly Runnable[];
    let direct: boolean;
    try {
      runnables = models.runnable(modelName);
      direct = models.isDirect(modelName);
    } catch {
      // Deleting a model in use is allowed and breaks the next launch (§2.1).
      throw setbacks.model(modelName);
    }
    return { containers: runnables.map((runnable) => load(variant, runnable)), direct };
  };

  const stop = ({ running }: FleetVariant): void => {
    for (const { container } of running?.containers ?? []) container?.stop?.();
  };

  const load = (variant: FleetVariant, runnable: Runnable): Running => {
    const digest = context.images.resolve(runnable.image);
    const { role } = runnable;
    const refused = role !== undefined && context.images.pullRefusedBy(assumed(context, role), runnable.image);
    if (digest === undefined || refused === 'role') throw setbacks.image(variant.name);
    const { hostname } = runnable;
    const url = runnable.modelData?.url ?? '';
    const image: DeployedImage = {
      SpecifiedImage: runnable.image,
      ResolvedImage: digestOf(runnable.image, digest),
      ResolutionTime: epochSeconds(kernel.clock.now()),
    };
    if (runnable.multiModel) return { hostname, prefix: url, role, image };
    return { hostname, container: started(runnable) ?? refuse(setbacks.download(url)), image };
  };

  const started = (runnable: Runnable): Container | undefined => {
    try {
      return startModel(context, runnable);
    } catch {
      throw setbacks.extract(runnable.modelData?.url ?? '');
    }
  };

  /**
   * Instances are provisioned, the image is resolved, the artifact downloaded, and /ping must answer within the startup timeout. Without an
   * instance nothing of it happens: only a scale-out finds out whether the model starts.
   * @throws {Setback}
   */
  function* launch(fleet: Fleet, deadline?: Instant): Timeline {
    if (sum(fleet, (variant) => variant.instances) === 0) return;
    const until = deadline === undefined ? {} : { deadline };
    yield { label: 'provision', milliseconds: kernel.settings.provisionMs, ...until };
    if (lacksCapacity()) throw setbacks.capacity();
    for (const variant of fleet.variants) {
      // Each batch of a rolling deployment is a launch; all instances of a variant share its containers.
      stop(variant);
      variant.running = loadAll(variant);
    }
    const sick = fleet.variants.find((variant) =>
      variant.running?.containers.some(({ container }) => container?.ping() === false),
    );
    if (sick) {
      const seconds = sick.settings.ContainerStartupHealthCheckTimeoutInSeconds;
      yield {
        label: 'startup health check',
        milliseconds: seconds === undefined ? kernel.settings.startupHealthCheckTimeoutMs : seconds * 1000,
        ...until,
      };
      throw setbacks.ping(sick.name);
    }
    yield { label: 'container start', milliseconds: kernel.settings.containerStartMs, ...until };
  }

  return {
    launch,
    /** Its last instance has gone. */
    stop: (fleet: Fleet): void => {
      for (const variant of fleet.variants) stop(variant);
    },
    lacksCapacity,
    failCapacity: (times: number): void => {
      capacityFailures = times;
    },
  };
};
export type Fleets = ReturnType<typeof createFleets>;
