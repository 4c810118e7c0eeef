import { toJSONSchema } from 'zod/mini';
import { manifestSchema } from './schema.ts';

/** The JSON Schema editors validate and complete `delivery.yml` with; written to `delivery.schema.json`. */
export const jsonSchema = (): Readonly<Record<string, unknown>> => {
  const { $schema, ...schema } = toJSONSchema(manifestSchema, { io: 'input' });
  return {
    $schema,
    title: 'delivery.yml',
    description: 'The manifest of model-delivery: the model, its environments and its rollouts.',
    ...schema,
  };
};
