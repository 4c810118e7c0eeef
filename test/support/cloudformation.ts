import type { Resources } from '../../src/rehearsal/cloudformation.ts';

/** A declaration of CloudFormation as CodePipeline's API has it: members begin with a small letter, keys of a configuration stay. */
const asApi = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(asApi);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      `${key.charAt(0).toLowerCase()}${key.slice(1)}`,
      key === 'Configuration' ? one : asApi(one),
    ]),
  );
};

export interface DeclaredAction {
  readonly name: string;
  readonly actionTypeId: {
    readonly category: string;
    readonly owner: string;
    readonly provider: string;
    readonly version: string;
  };
  readonly configuration: Readonly<Record<string, string>>;
  readonly commands?: readonly string[];
  readonly namespace?: string;
  readonly outputVariables?: readonly string[];
}
export interface DeclaredPipeline {
  readonly name: string;
  readonly pipelineType: string;
  readonly executionMode?: string;
  readonly roleArn: string;
  readonly artifactStore: { readonly location: string };
  readonly variables?: readonly { readonly name: string }[];
  readonly triggers?: readonly object[];
  readonly stages: readonly {
    readonly name: string;
    readonly actions: readonly DeclaredAction[];
    readonly beforeEntry?: object;
    readonly onSuccess?: object;
  }[];
}

/** The pipelines among resources, as CreatePipeline takes them. */
export const pipelinesOf = (resources: Resources): Readonly<Record<string, DeclaredPipeline>> =>
  Object.fromEntries(
    Object.entries(resources)
      .filter(([, { Type }]) => Type === 'AWS::CodePipeline::Pipeline')
      .map(([id, { Properties }]) => [id, asApi(Properties) as DeclaredPipeline]),
  );
