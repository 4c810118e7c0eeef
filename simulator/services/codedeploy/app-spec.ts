import { parse } from 'yaml';

/** The part of an AppSpec that a deployment of a service has (user guide, "AppSpec 'resources' section for Amazon ECS deployments"). */
export interface ServiceSpec {
  readonly taskDefinition: string;
  readonly containerName: string;
  readonly containerPort: number;
  readonly platformVersion?: string;
  /** In ECS's own members. */
  readonly networkConfiguration?: object;
  readonly capacityProviderStrategy?: readonly object[];
  readonly hooks: Hooks;
}
/** Functions by the names of their events. */
export type Hooks = Readonly<Record<string, string>>;

/** The part of an AppSpec that a deployment of a function has (user guide, "AppSpec 'resources' section for AWS Lambda"). */
export interface AppSpec {
  readonly functionName: string;
  readonly alias: string;
  readonly currentVersion: string;
  readonly targetVersion: string;
  readonly hooks: Hooks;
}

/** The properties of the one resource, and the hooks. @param content JSON or YAML */
const readResource = (
  content: string,
  type: string,
  events: readonly string[],
): { readonly properties: Readonly<Record<string, unknown>>; readonly hooks: Hooks } | undefined => {
  let value: unknown;
  try {
    value = parse(content);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || Number(value['version']) !== 0) return undefined;
  const resources: unknown = value['Resources'];
  if (!Array.isArray(resources) || resources.length !== 1 || !isRecord(resources[0])) return undefined;
  const [resource] = Object.values(resources[0]);
  if (!isRecord(resource) || resource['Type'] !== type) return undefined;
  const properties = resource['Properties'];
  const hooks = hooksOf(value['Hooks'] ?? [], events);
  return isRecord(properties) && hooks !== undefined ? { properties, hooks } : undefined;
};

/** @returns undefined when it is no AppSpec of one service */
export const readServiceSpec = (content: string): ServiceSpec | undefined => {
  const { properties, hooks } = readResource(content, 'AWS::ECS::Service', serviceEvents) ?? {};
  const balancer = properties?.['LoadBalancerInfo'];
  if (properties === undefined || hooks === undefined || !isRecord(balancer)) return undefined;
  const [taskDefinition, containerName] = [text(properties['TaskDefinition']), text(balancer['ContainerName'])];
  const containerPort = Number(balancer['ContainerPort']);
  if (!taskDefinition || !containerName || !Number.isInteger(containerPort)) return undefined;
  const network = properties['NetworkConfiguration'];
  const strategy = properties['CapacityProviderStrategy'];
  const platformVersion = text(properties['PlatformVersion']);
  return {
    ...{ taskDefinition, containerName, containerPort, hooks },
    ...(platformVersion === '' ? {} : { platformVersion }),
    ...(network === undefined ? {} : { networkConfiguration: inLowerCamel(network) as object }),
    ...(strategy === undefined ? {} : { capacityProviderStrategy: inLowerCamel(strategy) as readonly object[] }),
  };
};

/** The names of AppSpec's members as ECS's API has them. */
const inLowerCamel = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(inLowerCamel);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name.charAt(0).toLowerCase() + name.slice(1), inLowerCamel(one)]),
  );
};

/** User guide, "AppSpec 'hooks' section for an Amazon ECS deployment". */
const serviceEvents = [
  'BeforeInstall',
  'AfterInstall',
  'AfterAllowTestTraffic',
  'BeforeAllowTraffic',
  'AfterAllowTraffic',
];
/** User guide, "AppSpec 'hooks' section for an AWS Lambda deployment". */
const functionEvents = ['BeforeAllowTraffic', 'AfterAllowTraffic'];

/** @param content JSON or YAML @returns undefined when it is no AppSpec of one function */
export const readAppSpec = (content: string): AppSpec | undefined => {
  const { properties, hooks } = readResource(content, 'AWS::Lambda::Function', functionEvents) ?? {};
  if (properties === undefined || hooks === undefined) return undefined;
  const [functionName, alias, currentVersion, targetVersion] = ['Name', 'Alias', 'CurrentVersion', 'TargetVersion'].map(
    (name) => text(properties[name]),
  );
  if (!functionName || !alias || !currentVersion || !targetVersion) return undefined;
  return { functionName, alias, currentVersion, targetVersion, hooks };
};

const hooksOf = (given: unknown, events: readonly string[]): Hooks | undefined => {
  if (!Array.isArray(given)) return undefined;
  const hooks: Record<string, string> = {};
  for (const one of given) {
    if (!isRecord(one)) return undefined;
    for (const [event, name] of Object.entries(one)) {
      if (!events.includes(event)) return undefined;
      if (typeof name !== 'string' || name === '') return undefined;
      hooks[event] = name;
    }
  }
  return hooks;
};

/** A version is written as a number or as a text. */
const text = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The content that takes a deployment of a service back to this task definition. */
export const withTaskDefinition = (content: string, taskDefinition: string): string => {
  const value = parse(content) as { Resources: [{ [name: string]: { Properties: { TaskDefinition: string } } }] };
  const [{ ...resource }] = value.Resources;
  for (const [name, { Properties, ...rest }] of Object.entries(resource))
    resource[name] = { ...rest, Properties: { ...Properties, TaskDefinition: taskDefinition } };
  return JSON.stringify({ version: 0.0, Resources: [resource] });
};

/** The content that takes a deployment back. */
export const reversed = ({ functionName, alias, currentVersion, targetVersion }: AppSpec): string =>
  JSON.stringify({
    version: 0.0,
    Resources: [
      {
        [functionName]: {
          Type: 'AWS::Lambda::Function',
          Properties: {
            Name: functionName,
            Alias: alias,
            CurrentVersion: targetVersion,
            TargetVersion: currentVersion,
          },
        },
      },
    ],
  });
