import { parse } from 'yaml';

/** The part of an AppSpec that a deployment of a function has (user guide, "AppSpec 'resources' section for AWS Lambda"). */
export interface AppSpec {
  readonly functionName: string;
  readonly alias: string;
  readonly currentVersion: string;
  readonly targetVersion: string;
  readonly hooks: { readonly BeforeAllowTraffic?: string; readonly AfterAllowTraffic?: string };
}

/** @param content JSON or YAML @returns undefined when it is no AppSpec of one function */
export const readAppSpec = (content: string): AppSpec | undefined => {
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
  if (!isRecord(resource) || resource['Type'] !== 'AWS::Lambda::Function') return undefined;
  const properties = resource['Properties'];
  if (!isRecord(properties)) return undefined;
  const [functionName, alias, currentVersion, targetVersion] = ['Name', 'Alias', 'CurrentVersion', 'TargetVersion'].map(
    (name) => text(properties[name]),
  );
  if (!functionName || !alias || !currentVersion || !targetVersion) return undefined;
  const hooks = hooksOf(value['Hooks'] ?? []);
  return hooks && { functionName, alias, currentVersion, targetVersion, hooks };
};

const hooksOf = (given: unknown): AppSpec['hooks'] | undefined => {
  if (!Array.isArray(given)) return undefined;
  const hooks: Record<string, string> = {};
  for (const one of given) {
    if (!isRecord(one)) return undefined;
    for (const [event, name] of Object.entries(one)) {
      // User guide, "AppSpec 'hooks' section for an AWS Lambda deployment": these two.
      if (event !== 'BeforeAllowTraffic' && event !== 'AfterAllowTraffic') return undefined;
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
