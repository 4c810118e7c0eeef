import { invalid } from './refusals.ts';

/** AWS: ModelPackageModelCard. */
export interface PackageCard {
  readonly ModelCardContent?: string;
  readonly ModelCardStatus?: string;
}

/** The part of JSON Schema that the card's schema uses. */
interface Schema {
  readonly type?: 'object' | 'array' | 'string' | 'number' | 'boolean';
  readonly properties?: Readonly<Record<string, Schema>>;
  /** `false`: no others. */
  readonly additionalProperties?: false | Schema;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxLength?: number;
  readonly pattern?: RegExp;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Schema[];
}

const text = (maxLength: number): Schema => ({ type: 'string', maxLength });
const list = (items: Schema): Schema => ({ type: 'array', items });
const closed = (properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});
const name: Schema = { type: 'string', pattern: /.{1,63}/ };
const longName: Schema = { type: 'string', pattern: /.{1,255}/ };
const axis = text(63);
const axes = list(axis);
const numbers: Schema = { ...list({ type: 'number' }), minItems: 1 };
const metric = (types: readonly string[], value: Schema, x: Schema, y: Schema): Schema =>
  closed(
    {
      name: longName,
      notes: text(1024),
      type: { type: 'string', enum: types },
      value,
      x_axis_name: x,
      y_axis_name: y,
    },
    ['name', 'type', 'value'],
  );
const trainingMetric = closed({ name: longName, notes: text(1024), value: { type: 'number' } }, ['name', 'value']);
const hyperparameter = closed({ name: longName, value: longName }, ['name', 'value']);

/** AWS: "View the Details of a Model Version", model package model card schema. */
const card = closed({
  model_overview: closed({ model_creator: text(1024), model_artifact: list(text(1024)) }),
  intended_uses: closed({
    purpose_of_model: text(2048),
    intended_uses: text(2048),
    factors_affecting_model_efficiency: text(2048),
    risk_rating: { type: 'string', enum: ['High', 'Medium', 'Low', 'Unknown'] },
    explanations_for_risk_rating: text(2048),
  }),
  business_details: closed({
    business_problem: text(2048),
    business_stakeholders: text(2048),
    line_of_business: text(2048),
  }),
  training_details: closed({
    // Its `function` and `notes` stand beside no `properties`, so that the schema does not describe it.
    objective_function: {},
    training_observations: text(1024),
    training_job_details: closed({
      training_arn: text(1024),
      training_datasets: list(text(1024)),
      training_environment: closed({ container_image: list(text(1024)) }),
      training_metrics: list(trainingMetric),
      user_provided_training_metrics: list(trainingMetric),
      hyper_parameters: list(hyperparameter),
      user_provided_hyper_parameters: list(hyperparameter),
    }),
  }),
  evaluation_details: list(
    closed(
      {
        name,
        evaluation_observation: text(2096),
        evaluation_job_arn: text(256),
        datasets: { ...list(text(1024)), maxItems: 10 },
        metadata: { type: 'object', additionalProperties: text(1024) },
        metric_groups: list({
          type: 'object',
          required: ['name', 'metric_data'],
          properties: {
            name,
            metric_data: list({
              anyOf: [
                metric(
                  ['number', 'string', 'boolean'],
                  { anyOf: [{ type: 'number' }, text(63), { type: 'boolean' }] },
                  axis,
                  axis,
                ),
                metric(
                  ['linear_graph'],
                  { ...list({ ...numbers, minItems: 2, maxItems: 2 }), minItems: 1 },
                  axis,
                  axis,
                ),
                metric(['bar_chart'], numbers, axes, axis),
                metric(['matrix'], { ...list({ ...numbers, maxItems: 20 }), minItems: 1, maxItems: 20 }, axes, axes),
              ],
            }),
          },
        }),
      },
      ['name'],
    ),
  ),
  additional_information: closed({
    ethical_considerations: text(2048),
    caveats_and_recommendations: text(2048),
    custom_details: { type: 'object', additionalProperties: text(1024) },
  }),
});

/** @throws ValidationException; AWS publishes the schema, and no words of its refusal */
export const refuseCard = ({ ModelCardContent: content }: PackageCard = {}, present: PackageCard = {}): void => {
  if (present.ModelCardStatus === 'Archived') throw invalid('Model Card is in Archived state');
  if (content === undefined || content === '') return;
  const fault = faultOf(parsed(content), card, '$');
  if (fault !== undefined) throw invalid(`ModelCardContent does not match the model card schema: ${fault}`);
};

const parsed = (content: string): unknown => {
  try {
    return JSON.parse(content);
  } catch {
    throw invalid('ModelCardContent does not match the model card schema: it is not JSON');
  }
};

const typeOf = (value: unknown): string => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value);

/** The first fault, with its place. */
const faultOf = (value: unknown, schema: Schema, at: string): string | undefined => {
  if (schema.anyOf !== undefined)
    return schema.anyOf.some((one) => faultOf(value, one, at) === undefined) ? undefined : `${at} matches no form`;
  if (schema.type !== undefined && typeOf(value) !== schema.type) return `${at} is no ${schema.type}`;
  if (typeof value === 'string') {
    if (value.length > (schema.maxLength ?? Number.POSITIVE_INFINITY)) return `${at} is too long`;
    if (schema.pattern && !schema.pattern.test(value)) return `${at} does not match ${schema.pattern.source}`;
    return schema.enum && !schema.enum.includes(value) ? `${at} is none of ${schema.enum.join(', ')}` : undefined;
  }
  if (Array.isArray(value)) {
    if (value.length < (schema.minItems ?? 0) || value.length > (schema.maxItems ?? Number.POSITIVE_INFINITY))
      return `${at} has ${value.length} items`;
    return first(value, (item, index) => schema.items && faultOf(item, schema.items, `${at}[${index}]`));
  }
  return typeof value === 'object' && value !== null ? faultOfMembers(value, schema, at) : undefined;
};

const faultOfMembers = (value: object, schema: Schema, at: string): string | undefined => {
  const missing = schema.required?.find((key) => !Object.hasOwn(value, key));
  if (missing !== undefined) return `${at} lacks ${missing}`;
  return first(Object.entries(value), ([key, member]) => {
    const { properties = {}, additionalProperties: others } = schema;
    const own = Object.hasOwn(properties, key) ? properties[key] : others;
    if (own === false) return `${at} has the unknown member ${key}`;
    return own && faultOf(member, own, `${at}.${key}`);
  });
};

const first = <Item>(
  items: readonly Item[],
  fault: (item: Item, index: number) => string | undefined,
): string | undefined => {
  for (const [index, item] of items.entries()) {
    const found = fault(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
};
