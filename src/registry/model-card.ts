import * as z from 'zod/mini';
import { InputError } from '../schema.ts';
import { type RiskRating, riskRatings } from './card-summary.ts';
import { parseReport, reportBy } from './evaluation.ts';

/**
 * The content of a model card, by AWS's schema for the card of a model package (SageMaker developer guide, "View the Details of a Model
 * Version", model package model card schema). SageMaker refuses other content, after everything else of the registration is done.
 */
export interface ModelCard {
  /** As CreateModelPackage takes it: JSON in one line. */
  readonly content: string;
  readonly riskRating?: RiskRating;
}

/** AWS: ModelCardContent. */
const longestContent = 100_000;

const text = (most: number) =>
  z.optional(
    z.string({ error: 'is no text' }).check(z.maxLength(most, { error: `is longer than ${most} characters` })),
  );
const name = z.string({ error: 'is no text' }).check(z.minLength(1, { error: 'is empty' }));
const texts = (most: number) =>
  z.optional(
    z.array(
      z.string({ error: 'is no text' }).check(z.maxLength(most, { error: `is longer than ${most} characters` })),
      { error: 'is no list' },
    ),
  );
const object = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: ({ code, ...issue }) =>
      code === 'unrecognized_keys'
        ? `has ${(issue as unknown as { keys: readonly string[] }).keys.join(', ')}, and only these members are allowed: ${Object.keys(shape).join(', ')}`
        : 'is no object',
  });
const list = <Item extends z.core.SomeType>(item: Item) => z.optional(z.array(item, { error: 'is no list' }));
const number = z.number({ error: 'is no number' });

const figure = { name, notes: text(1024), x_axis_name: z.optional(z.unknown()), y_axis_name: z.optional(z.unknown()) };
const numbers = z.array(number, { error: 'is no list of numbers' });
const rows = z.array(numbers, { error: 'is no list of rows' });
const scalar = z.union([number, z.string().check(z.maxLength(63)), z.boolean()], {
  error: 'is neither a number nor a boolean nor a text of at most 63 characters',
});
const metric = z.discriminatedUnion(
  'type',
  [
    object({ ...figure, type: z.literal(['number', 'string', 'boolean']), value: scalar }),
    object({ ...figure, type: z.literal('bar_chart'), value: numbers }),
    object({ ...figure, type: z.literal(['linear_graph', 'matrix']), value: rows }),
  ],
  { error: 'is no metric of type number, string, boolean, linear_graph, bar_chart or matrix' },
);
const trainingMetric = object({ name, notes: text(1024), value: number });
const hyperparameter = object({ name, value: name });

const document = object({
  model_overview: z.optional(object({ model_creator: text(1024), model_artifact: texts(1024) })),
  intended_uses: z.optional(
    object({
      purpose_of_model: text(2048),
      intended_uses: text(2048),
      factors_affecting_model_efficiency: text(2048),
      risk_rating: z.optional(z.enum(riskRatings, { error: `is none of ${riskRatings.join(', ')}` })),
      explanations_for_risk_rating: text(2048),
    }),
  ),
  business_details: z.optional(
    object({ business_problem: text(2048), business_stakeholders: text(2048), line_of_business: text(2048) }),
  ),
  training_details: z.optional(
    object({
      objective_function: z.optional(z.looseObject({}, { error: 'is no object' })),
      training_observations: text(1024),
      training_job_details: z.optional(
        object({
          training_arn: text(1024),
          training_datasets: texts(1024),
          training_environment: z.optional(object({ container_image: texts(1024) })),
          training_metrics: list(trainingMetric),
          user_provided_training_metrics: list(trainingMetric),
          hyper_parameters: list(hyperparameter),
          user_provided_hyper_parameters: list(hyperparameter),
        }),
      ),
    }),
  ),
  evaluation_details: list(
    object({
      name,
      evaluation_observation: text(2096),
      evaluation_job_arn: text(256),
      datasets: texts(1024),
      metadata: z.optional(z.record(z.string(), z.string({ error: 'is no text' }))),
      metric_groups: list(z.looseObject({ name, metric_data: z.array(metric, { error: 'is no list' }) })),
    }),
  ),
  additional_information: z.optional(
    object({
      ethical_considerations: text(2048),
      caveats_and_recommendations: text(2048),
      custom_details: z.optional(z.record(z.string(), z.string({ error: 'is no text' }))),
    }),
  ),
});

/** @throws {InputError} naming `source` and the place in it */
export const parseModelCard = (written: string, source: string): ModelCard => {
  const value = parseReport(written, source, 'e.g. {"intended_uses": {"risk_rating": "Low"}}');
  const { intended_uses: uses } = reportBy(document, value, source);
  // AWS takes one line (its pattern is `.*`); these characters end one there, and JSON leaves them as they are.
  const content = JSON.stringify(value).replace(
    /[\u0085\u2028\u2029]/g,
    (end) => `\\u${end.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  if (content.length > longestContent)
    throw new InputError(
      `${source}: has ${content.length} characters, and SageMaker holds at most ${longestContent} of a model card`,
    );
  const rating = uses?.risk_rating;
  return { content, ...(rating === undefined ? {} : { riskRating: rating }) };
};
