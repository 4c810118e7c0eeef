import { jobInputs } from '../../inputs/common-inputs.ts';
import { fieldsOf } from '../../inputs/read-inputs.ts';
import { type Offer, offers } from '../../offers.ts';
import type { OperationName } from '../../operation.ts';
import type { Field, Schema } from '../../schema.ts';

/** The members of an operation that its action type is made of. */
export interface DeclaredOperation {
  readonly name: OperationName;
  readonly inputs: Schema<object>;
}
interface Property {
  readonly name: string;
  readonly required: boolean;
  readonly key: boolean;
  readonly secret: boolean;
  readonly queryable: boolean;
  readonly description: string;
  readonly type: 'String' | 'Boolean';
}
interface ArtifactCount {
  readonly minimumCount: number;
  readonly maximumCount: number;
}
/** The request of CreateCustomActionType. */
export interface ActionTypeRequest {
  readonly category: Offer['category'];
  readonly provider: string;
  readonly version: string;
  readonly settings?: { readonly entityUrlTemplate: string; readonly executionUrlTemplate: string };
  readonly configurationProperties: Property[];
  readonly inputArtifactDetails: ArtifactCount;
  readonly outputArtifactDetails: ArtifactCount;
}

/** A definition cannot be changed; a change needs a new version. Raise this with every change that `generate --check` shows. */
export const actionTypeVersion = '1';

/** The key for all inputs without a key of their own: CodePipeline allows ten keys (API CreateCustomActionType). */
export const furtherInputs = 'further-inputs';
const mostKeys = 10;
const longestDescription = 160;

/** The id that workers poll for and pipelines name. At most 25 characters: there the API's and the guide's limits agree. */
export const actionTypeId = (name: OperationName) =>
  ({ category: offers[name].category, owner: 'Custom', provider: `md-${name}`, version: actionTypeVersion }) as const;

/** Every input of an operation's job, in the order of declaration, but those about a runner. */
export const jobFields = ({ inputs }: DeclaredOperation): readonly (readonly [string, Field<unknown>])[] =>
  fieldsOf({ ...inputs, ...jobInputs }).filter(([, { ofRunner }]) => ofRunner === undefined);

/** The inputs with a configuration key of their own; the others travel in `further-inputs`. */
export const keyedFields = (operation: DeclaredOperation): readonly (readonly [string, Field<unknown>])[] => {
  const fields = jobFields(operation);
  if (fields.length <= mostKeys) return fields;
  const keyed = [...fields].sort(([, a], [, b]) => Number(b.required) - Number(a.required)).slice(0, mostKeys - 1);
  return fields.filter((field) => keyed.includes(field));
};

/** The definition of an operation's custom action type: `codebuild/action-types/<operation>.json`. */
export const actionTypeOf = (operation: DeclaredOperation): ActionTypeRequest => {
  const { owner: _owner, ...id } = actionTypeId(operation.name);
  const keyed = keyedFields(operation);
  const others = jobFields(operation)
    .map(([name]) => name)
    .filter((name) => !keyed.some(([key]) => key === name));
  return {
    ...id,
    ...(id.category === 'Deploy'
      ? {
          settings: {
            entityUrlTemplate: 'https://console.aws.amazon.com/sagemaker/home#/endpoints',
            executionUrlTemplate: 'https://console.aws.amazon.com/sagemaker/home#/endpoints/{ExternalExecutionId}',
          },
        }
      : {}),
    configurationProperties: [
      ...keyed.map(([name, field]) => property(name, field.required, description(field), field.kind === 'boolean')),
      ...(others.length === 0
        ? []
        : [property(furtherInputs, false, `Further inputs as YAML: ${others.join(', ')}.`, false)]),
    ],
    // The manifest comes in an artifact; up to five may be named as Artifact::path.
    inputArtifactDetails: { minimumCount: 1, maximumCount: 5 },
    outputArtifactDetails: { minimumCount: 0, maximumCount: 0 },
  };
};

const property = (name: string, required: boolean, text: string, isBoolean: boolean): Property => ({
  name,
  required,
  key: required,
  secret: false,
  queryable: false,
  description: shortened(text),
  type: isBoolean ? 'Boolean' : 'String',
});

const description = (field: Field<unknown>): string => {
  const where = field.kind === 'file' ? 'File in an input artifact. ' : '';
  const choices = field.choices ? ` One of: ${field.choices.join(', ')}.` : '';
  return `${where}${field.description}${choices}`;
};

/** Cut at a word's end; the ellipsis stands for the rest, which is in the README. */
const shortened = (text: string): string =>
  text.length <= longestDescription ? text : `${text.slice(0, longestDescription - 1).replace(/\s+\S*$/, '')}…`;
