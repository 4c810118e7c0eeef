import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codebuildFolder } from './pipeline.ts';

/** The committed templates with their parameters filled in, as CloudFormation would. Only the functions that they use. */

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
interface Document {
  readonly Statement: readonly Statement[];
}
interface Statement {
  readonly Sid?: string;
  readonly Principal?: object;
  readonly Action: readonly string[];
  readonly Resource?: unknown;
  readonly Condition: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}
/** The properties that rehearsals and tests read, of all types of resources together: each resource has some of them. */
export interface Properties {
  readonly Description: string;
  readonly PolicyDocument: Document;
  readonly AssumeRolePolicyDocument: Document;
  readonly ManagedPolicyArns?: readonly string[];
  readonly Policies?: readonly [{ readonly PolicyDocument: Document }];
  readonly RoleName: string;
  readonly Roles: readonly string[];
  readonly EventPattern: object;
  readonly ScheduleExpression: string;
  readonly Targets: readonly [
    {
      readonly Arn: string;
      readonly RoleArn: string;
      readonly DeadLetterConfig: object;
      readonly InputTransformer: { readonly InputPathsMap?: object; readonly InputTemplate: string };
    },
  ];
  readonly HttpMethod: string;
  readonly InvocationEndpoint: string;
  readonly AuthParameters: { readonly ApiKeyAuthParameters: object };
  readonly DeadLetterConfig?: object;
  readonly Definition: object;
  readonly DefinitionSubstitutions: Readonly<Record<string, string>>;
}
export interface Resource {
  readonly Type: string;
  readonly Condition?: string;
  readonly Properties: Properties;
}
export type Resources = Readonly<Record<string, Resource>>;

/** @throws {Error} when the stack has no such resource */
export const propertiesOf = (resources: Resources, id: string): Properties => {
  const found = resources[id];
  if (found === undefined) throw new Error(`the template makes no ${id}`);
  return found.Properties;
};

interface Template {
  readonly Parameters: Readonly<
    Record<
      string,
      {
        readonly Default?: string | number;
        readonly AllowedPattern?: string;
        readonly MaxLength?: number;
        readonly Type: string;
      }
    >
  >;
  readonly Conditions?: Readonly<Record<string, Json>>;
  readonly Resources: Readonly<
    Record<
      string,
      {
        readonly Type: string;
        readonly Condition?: string;
        readonly DeletionPolicy?: string;
        readonly UpdateReplacePolicy?: string;
        readonly Properties: Json;
      }
    >
  >;
}

export const readTemplate = (name: string): Template =>
  JSON.parse(readFileSync(join(codebuildFolder(), `templates/${name}.json`), 'utf8'));

const absent = Symbol('AWS::NoValue');
const pseudo: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'eu-west-1',
  'AWS::AccountId': '111122223333',
  'AWS::StackName': 'stack',
  'AWS::URLSuffix': 'amazonaws.com',
};

/**
 * The resources that the stack would have.
 * @param given parameters; the others have their defaults
 * @throws {Error} for a parameter that is unknown, missing or not allowed, and for a function that is not known here
 */
export const resourcesOf = (name: string, given: Readonly<Record<string, string>>): Resources => {
  const { Parameters, Conditions = {}, Resources } = readTemplate(name);
  const unknown = Object.keys(given).filter((one) => !(one in Parameters));
  if (unknown.length > 0) throw new Error(`${name} has no parameter ${unknown.join(', ')}`);
  const parameters = new Map<string, string>(Object.entries(pseudo));
  for (const [parameter, { Default, AllowedPattern, MaxLength = Number.POSITIVE_INFINITY, Type }] of Object.entries(
    Parameters,
  )) {
    const value = given[parameter] ?? Default?.toString();
    if (value === undefined) throw new Error(`${name} needs ${parameter}`);
    // CloudFormation compares each value of a list.
    const values = Type === 'CommaDelimitedList' ? value.split(',') : [value];
    if (AllowedPattern !== undefined && !values.every((one) => new RegExp(`^(?:${AllowedPattern})$`).test(one)))
      throw new Error(`${name}: ${parameter}: ${value} is not ${AllowedPattern}`);
    if (value.length > MaxLength) throw new Error(`${name}: ${parameter}: ${value} is longer than ${MaxLength}`);
    parameters.set(parameter, value);
  }
  const ref = (id: string): string | readonly string[] => {
    const value = parameters.get(id);
    if (value !== undefined) return Parameters[id]?.Type === 'CommaDelimitedList' ? value.split(',') : value;
    if (!(id in Resources)) throw new Error(`${name} has no ${id}`);
    const named = Resources[id]?.Properties as { readonly [member: string]: Json } | undefined;
    const own = named?.['Name'] ?? named?.['RoleName'] ?? named?.['FunctionName'];
    return own === undefined ? id : String(resolve(own));
  };
  const holds = (condition: string): boolean => resolve(Conditions[condition] as Json) === true;
  const functions: Readonly<Record<string, (argument: never) => unknown>> = {
    Ref: (id: string) => (id === 'AWS::NoValue' ? absent : ref(id)),
    'Fn::GetAtt': ([id, attribute]: [string, string]) => {
      if (!(id in Resources)) throw new Error(`${name} has no ${id}`);
      const type = Resources[id]?.Type ?? '';
      if (type === 'AWS::IAM::Role') return `arn:aws:iam::111122223333:role/${ref(id)}`;
      // A policy takes an ARN, or nothing.
      return attribute === 'Arn'
        ? `arn:aws:${type.split('::')[1]?.toLowerCase()}:eu-west-1:111122223333:${ref(id)}`
        : `${id}.${attribute}`;
    },
    'Fn::Sub': (argument: string | [string, Record<string, Json>]) => {
      const [text, own] = typeof argument === 'string' ? [argument, {}] : argument;
      return text.replace(/\$\{([^}]+)\}/g, (_, id: string) => String(id in own ? resolve(own[id] as Json) : ref(id)));
    },
    'Fn::Join': ([by, parts]: [string, Json]) => (resolve(parts) as string[]).join(by),
    'Fn::Split': ([by, text]: [string, Json]) => String(resolve(text)).split(by),
    'Fn::Select': ([at, list]: [string, Json]) => (resolve(list) as string[])[Number(at)],
    'Fn::If': ([condition, yes, no]: [string, Json, Json]) => resolve(holds(condition) ? yes : no),
    'Fn::Equals': ([one, other]: [Json, Json]) => resolve(one) === resolve(other),
    'Fn::Not': ([one]: [Json]) => resolve(one) !== true,
    'Fn::Or': (some: readonly Json[]) => some.some((one) => resolve(one) === true),
    'Fn::And': (all: readonly Json[]) => all.every((one) => resolve(one) === true),
    Condition: (condition: string) => holds(condition),
  };
  const resolve = (value: Json): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(resolve).filter((one) => one !== absent);
    const [[key, argument] = ['', null], ...others] = Object.entries(value);
    if (
      others.length === 0 &&
      (key === 'Ref' || key.startsWith('Fn::') || (key === 'Condition' && typeof argument === 'string'))
    ) {
      const found = functions[key];
      if (found === undefined) throw new Error(`${name}: ${key} is not known here`);
      return found(argument as never);
    }
    return Object.fromEntries(
      Object.entries(value)
        .map(([member, one]) => [member, resolve(one)] as const)
        .filter(([, one]) => one !== absent),
    );
  };
  return Object.fromEntries(
    Object.entries(Resources)
      .filter(([, { Condition }]) => Condition === undefined || holds(Condition))
      .map(([id, resource]) => [id, resolve(resource as Json) as Resource]),
  );
};
