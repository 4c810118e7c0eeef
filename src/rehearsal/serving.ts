import { createHash } from 'node:crypto';
import type { Simulator } from '../../simulator/contracts.ts';
import { type IrisVersion, irisFixture, irisVersions } from '../../simulator/fixtures/fixtures.ts';

/** What an endpoint shows and serves, found out without a line of the product: the artifact's bytes say which version it is. */
export interface Serving {
  readonly status: string;
  readonly endpointConfig: string;
  /** Config of the update that is under way. */
  readonly pending: string | undefined;
  readonly failureReason: string | undefined;
  /** Fixture whose artifact the config's model loads; undefined when it is none of them. */
  readonly version: IrisVersion | undefined;
  readonly instances: { readonly current: number; readonly desired: number };
}

type Answer = Record<string, unknown>;

/** @returns undefined when there is no such endpoint */
export const readServing = async (simulator: Simulator, endpoint: string): Promise<Serving | undefined> => {
  const ask = (operation: string, input: object): Promise<Answer> => simulator.call('sagemaker', operation, input);
  const described = await ask('DescribeEndpoint', { EndpointName: endpoint }).catch(absent);
  if (!described) return undefined;
  const endpointConfig = String(described['EndpointConfigName']);
  const [variant] = (described['ProductionVariants'] ?? []) as Answer[];
  return {
    status: String(described['EndpointStatus']),
    endpointConfig,
    pending: (described['PendingDeploymentSummary'] as Answer | undefined)?.['EndpointConfigName'] as
      | string
      | undefined,
    failureReason: described['FailureReason'] as string | undefined,
    version: await versionOf(simulator, ask, endpointConfig),
    instances: {
      current: Number(variant?.['CurrentInstanceCount'] ?? 0),
      desired: Number(variant?.['DesiredInstanceCount'] ?? 0),
    },
  };
};

/** AWS says ValidationException "Could not find endpoint" where others say 404. */
const absent = (error: { code?: string }): undefined => {
  if (error.code !== 'ValidationException') throw error;
};

const versionOf = async (
  simulator: Simulator,
  ask: (operation: string, input: object) => Promise<Answer>,
  endpointConfig: string,
): Promise<IrisVersion | undefined> => {
  const config = await ask('DescribeEndpointConfig', { EndpointConfigName: endpointConfig }).catch(absent);
  if (!config) return undefined;
  const [variant] = config['ProductionVariants'] as Answer[];
  const model = await ask('DescribeModel', { ModelName: variant?.['ModelName'] });
  const container = (model['PrimaryContainer'] ?? (model['Containers'] as Answer[] | undefined)?.[0]) as Answer;
  const url = String(
    container['ModelDataUrl'] ?? (await artifactOfPackage(ask, String(container['ModelPackageName']))),
  );
  const location = /^s3:\/\/([^/]+)\/(.+)$/.exec(url);
  const object = location ? simulator.objects.get(location[1] ?? '', location[2] ?? '') : undefined;
  return object ? versionByBytes().get(digest(object.body)) : undefined;
};

const artifactOfPackage = async (
  ask: (operation: string, input: object) => Promise<Answer>,
  packageName: string,
): Promise<string> => {
  const described = await ask('DescribeModelPackage', { ModelPackageName: packageName });
  const [container] = (described['InferenceSpecification'] as { Containers: Answer[] }).Containers;
  return String(container?.['ModelDataUrl']);
};

const digest = (body: Buffer): string => createHash('sha256').update(body).digest('hex');

const versionByBytes = (): ReadonlyMap<string, IrisVersion> =>
  new Map(
    (Object.keys(irisVersions) as IrisVersion[]).map((version) => [digest(irisFixture(version).artifact), version]),
  );
