import type { DescribeModelPackageOutput } from '../aws/sagemaker.ts';
import { readJson, UnreadableText } from '../release/stored-json.ts';
import { withoutUndefined } from '../without-undefined.ts';

/** The parts of a package's model card that a reviewer needs. Foreign text; any writer of the package may change it. */
export interface CardSummary {
  /** AWS: ModelCardStatus. */
  readonly status?: string;
  readonly riskRating?: RiskRating;
  /** By the head of the section for a reader, in the order of the card. */
  readonly sections: Readonly<Record<string, string>>;
  /** The content is no JSON object: nothing of it is known. */
  readonly unreadable?: true;
}

/** AWS: "Model package model card schema", `risk_rating`. */
export const riskRatings = ['High', 'Medium', 'Low', 'Unknown'] as const;
export type RiskRating = (typeof riskRatings)[number];

/** Place in the card, and the head for a reader. */
const shown: readonly (readonly [section: string, member: string, head: string])[] = [
  ['model_overview', 'model_creator', 'creator'],
  ['intended_uses', 'purpose_of_model', 'purpose'],
  ['intended_uses', 'intended_uses', 'intended uses'],
  ['intended_uses', 'factors_affecting_model_efficiency', 'limitations'],
  ['intended_uses', 'explanations_for_risk_rating', 'reason of the risk rating'],
  ['business_details', 'business_problem', 'business problem'],
  ['business_details', 'business_stakeholders', 'stakeholders'],
  ['business_details', 'line_of_business', 'line of business'],
  ['training_details', 'training_observations', 'training'],
  ['additional_information', 'ethical_considerations', 'ethical considerations'],
  ['additional_information', 'caveats_and_recommendations', 'caveats'],
];

/** A card may have been written by anything, and AWS may add members: each part is read for itself. */
export const cardSummaryOf = ({
  ModelCard: card,
}: Pick<DescribeModelPackageOutput, 'ModelCard'>): CardSummary | undefined => {
  if (!isMapping(card)) return undefined;
  const { ModelCardContent: content, ModelCardStatus: status } = card as Readonly<Record<string, unknown>>;
  if (content === undefined && status === undefined) return undefined;
  const known = withoutUndefined({ status: typeof status === 'string' ? status : undefined });
  const parsed = typeof content === 'string' && content !== '' ? parse(content) : {};
  if (parsed === undefined) return { ...known, sections: {}, unreadable: true };
  const sections = shown.flatMap(([section, member, head]) => {
    const text = textOf(memberOf(memberOf(parsed, section), member));
    return text === '' ? [] : [[head, text] as const];
  });
  const rating = memberOf(memberOf(parsed, 'intended_uses'), 'risk_rating');
  return {
    ...known,
    ...withoutUndefined({
      riskRating: riskRatings.find((one) => one.toLowerCase() === String(rating).trim().toLowerCase()),
    }),
    sections: Object.fromEntries(sections),
  };
};

/** Cards that were not made by the schema have lists of sentences. */
const textOf = (value: unknown): string =>
  typeof value === 'string'
    ? value.trim()
    : Array.isArray(value)
      ? value
          .filter((one) => typeof one === 'string')
          .join('; ')
          .trim()
      : '';

const parse = (content: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value = readJson(content);
    return isMapping(value) ? value : undefined;
  } catch (error) {
    if (error instanceof UnreadableText) return undefined;
    throw error;
  }
};

const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const memberOf = (value: unknown, key: string): unknown =>
  isMapping(value) && Object.hasOwn(value, key) ? value[key] : undefined;
