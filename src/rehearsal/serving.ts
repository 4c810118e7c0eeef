import { createHash } from 'node:crypto';
import type { Simulator } from '../../simulator/contracts.ts';
import { type AnyVersion, anyFixture, type FixtureModel, fixtures } from '../../simulator/fixtures/fixtures.ts';

/** An endpoint's description and its serving version, without any code of the product: the artifact's bytes identify the version. */
export interface Serving {
  readonly status: string;
  readonly endpointConfig: string;
  /** Config of the update that is under way. */
  readonly pending: string | undefined;
  readonly failureReason: string | undefined;
  /** Of the variant with the most traffic. */
  readonly version: string | undefined;
  readonly instances: Instances;
  readonly variants: readonly ServingVariant[];
}

export interface ServingVariant {
  readonly name: string;
  /** Version whose artifact the variant's model loads; undefined for another artifact. */
  readonly version: string | undefined;
  /** Its weight as a fraction of all of them. */
  readonly share: number;
  readonly instances: Instances;
}

interface Instances {
  readonly current: number;
  readonly desired: number;
}

type Answer = Record<string, unknown>;

/** The account of the endpoint. */
type Place = Pick<Simulator, 'call' | 'objects'>;

/**
 * @param versions by the digest of their artifacts; default: the simulator's own models
 * @returns undefined when there is neither such an endpoint, nor such a function with an alias `live`, nor such a service in `models`
 */
export const readServing = async (
  simulator: Place,
  endpoint: string,
  versions: Versions = fixtureVersions(),
): Promise<Serving | undefined> => {
  const ask = (operation: string, input: object): Promise<Answer> => simulator.call('sagemaker', operation, input);
  const described = await ask('DescribeEndpoint', { EndpointName: endpoint }).catch(absent);
  if (!described) return (await readAlias(simulator, endpoint, versions)) ?? readService(simulator, endpoint, versions);
  const endpointConfig = String(described['EndpointConfigName']);
  const versionNamed = (model: string): Promise<string | undefined> => versionOf(simulator, ask, model, versions);
  const variants = await variantsOf(
    ask,
    versionNamed,
    endpointConfig,
    (described['ProductionVariants'] ?? []) as Answer[],
  );
  const most = variants.toSorted((a, b) => b.share - a.share)[0];
  return {
    status: String(described['EndpointStatus']),
    endpointConfig,
    pending: (described['PendingDeploymentSummary'] as Answer | undefined)?.['EndpointConfigName'] as
      | string
      | undefined,
    failureReason: described['FailureReason'] as string | undefined,
    version: most?.version,
    instances: most?.instances ?? { current: 0, desired: 0 },
    variants,
  };
};

/** AWS answers ValidationException "Could not find endpoint" instead of 404. */
const absent = (error: { code?: string }): undefined => {
  if (error.code !== 'ValidationException') throw error;
};

/** A function's alias, as if it were an endpoint; the digest of a version's image is that of its model's artifact. */
const readAlias = async (simulator: Place, name: string, versions: Versions): Promise<Serving | undefined> => {
  const alias = await simulator
    .call('lambda', 'GetAlias', { FunctionName: name, Name: 'live' })
    .catch((error: { code?: string }) => {
      if (error.code !== 'ResourceNotFoundException') throw error;
      return undefined;
    });
  if (alias === undefined) return undefined;
  const { AdditionalVersionWeights: weights = {} } = (alias['RoutingConfig'] ?? {}) as {
    readonly AdditionalVersionWeights?: Readonly<Record<string, number>>;
  };
  const [other] = Object.entries(weights);
  const none = { current: 0, desired: 0 };
  const fleet = async (version: string, share: number): Promise<ServingVariant> => {
    const found = await simulator.call('lambda', 'GetFunction', { FunctionName: name, Qualifier: version });
    const { ResolvedImageUri = '' } = found['Code'] as { readonly ResolvedImageUri?: string };
    return { name: `version-${version}`, version: versionInImage(ResolvedImageUri, versions), share, instances: none };
  };
  const main = await fleet(String(alias['FunctionVersion']), 1 - (other?.[1] ?? 0));
  return {
    status: 'InService',
    endpointConfig: main.name,
    pending: other === undefined ? undefined : `version-${other[0]}`,
    failureReason: undefined,
    version: main.version,
    instances: none,
    variants: [main, ...(other === undefined ? [] : [await fleet(...other)])],
  };
};

/** @param image with a digest, which is that of its model's artifact */
const versionInImage = (image: string, versions: Versions): string | undefined =>
  versions.get(image.split('@sha256:')[1] ?? '');

/** A service of ECS, as if it were an endpoint: its task sets are the variants. */
const readService = async (simulator: Place, name: string, versions: Versions): Promise<Serving | undefined> => {
  const found = await simulator
    .call('ecs', 'DescribeServices', { cluster: 'models', services: [name] })
    .catch((error: { code?: string }) => {
      if (error.code !== 'ClusterNotFoundException') throw error;
      return undefined;
    });
  const [service] = (found?.['services'] ?? []) as readonly { readonly taskSets: readonly Answer[] }[];
  if (service === undefined) return undefined;
  const sets = service.taskSets.filter(({ status }) => status !== 'DRAINING');
  const variants = await Promise.all(
    sets.map(async ({ taskDefinition, status, runningCount, computedDesiredCount }): Promise<ServingVariant> => {
      const described = await simulator.call('ecs', 'DescribeTaskDefinition', { taskDefinition });
      const { revision, containerDefinitions } = described['taskDefinition'] as {
        readonly revision: number;
        readonly containerDefinitions: readonly { readonly image: string }[];
      };
      return {
        name: `revision-${revision}`,
        version: versionInImage(containerDefinitions[0]?.image ?? '', versions),
        share: status === 'PRIMARY' ? 1 : 0,
        instances: { current: Number(runningCount), desired: Number(computedDesiredCount) },
      };
    }),
  );
  const main = variants.find(({ share }) => share === 1);
  return {
    status: 'InService',
    endpointConfig: main?.name ?? '',
    pending: variants.find((one) => one !== main)?.name,
    failureReason: undefined,
    version: main?.version,
    instances: main?.instances ?? { current: 0, desired: 0 },
    variants,
  };
};

type Ask = (operation: string, input: object) => Promise<Answer>;

const variantsOf = async (
  ask: Ask,
  versionNamed: (model: string) => Promise<string | undefined>,
  endpointConfig: string,
  described: readonly Answer[],
): Promise<readonly ServingVariant[]> => {
  const config = await ask('DescribeEndpointConfig', { EndpointConfigName: endpointConfig }).catch(absent);
  const configured = (config?.['ProductionVariants'] ?? []) as Answer[];
  const weightOf = (variant: Answer): number => Number(variant['CurrentWeight'] ?? 0);
  const total = described.reduce((sum, variant) => sum + weightOf(variant), 0);
  return Promise.all(
    described.map(async (variant): Promise<ServingVariant> => {
      const model = configured.find(({ VariantName }) => VariantName === variant['VariantName'])?.['ModelName'];
      return {
        name: String(variant['VariantName']),
        version: model === undefined ? undefined : await versionNamed(String(model)),
        share: total === 0 ? 0 : weightOf(variant) / total,
        instances: {
          current: Number(variant['CurrentInstanceCount'] ?? 0),
          desired: Number(variant['DesiredInstanceCount'] ?? 0),
        },
      };
    }),
  );
};

const versionOf = async (
  simulator: Place,
  ask: Ask,
  modelName: string,
  versions: Versions,
): Promise<string | undefined> => {
  const model = await ask('DescribeModel', { ModelName: modelName });
  const container = (model['PrimaryContainer'] ?? (model['Containers'] as Answer[] | undefined)?.[0]) as Answer;
  const url = String(
    container['ModelDataUrl'] ?? (await artifactOfPackage(ask, String(container['ModelPackageName']))),
  );
  const location = /^s3:\/\/([^/]+)\/(.+)$/.exec(url);
  const object = location ? simulator.objects.get(location[1] ?? '', location[2] ?? '') : undefined;
  return object && versions.get(digest(object.body));
};

const artifactOfPackage = async (ask: Ask, packageName: string): Promise<string> => {
  const described = await ask('DescribeModelPackage', { ModelPackageName: packageName });
  const [container] = (described['InferenceSpecification'] as { Containers: Answer[] }).Containers;
  return String(container?.['ModelDataUrl']);
};

const digest = (body: Buffer): string => createHash('sha256').update(body).digest('hex');

/** SHA-256 of an artifact → its version. */
export type Versions = ReadonlyMap<string, string>;
export const versionsOf = (artifacts: readonly (readonly [version: string, artifact: Buffer])[]): Versions =>
  new Map(artifacts.map(([version, artifact]) => [digest(artifact), version]));

let ofFixtures: Versions | undefined;
const fixtureVersions = (): Versions => {
  ofFixtures ??= versionsOf(
    (Object.keys(fixtures) as FixtureModel[]).flatMap((model) =>
      (Object.keys(fixtures[model]) as AnyVersion[]).map(
        (version) => [version, anyFixture(model, version).artifact] as const,
      ),
    ),
  );
  return ofFixtures;
};
