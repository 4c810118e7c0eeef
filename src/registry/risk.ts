import type { Environment, Manifest } from '../manifest/manifest.ts';
import type { Risk } from '../manifest/risk.ts';
import type { CardSummary } from './card-summary.ts';

/** The risk of a version in one environment. */
export interface RiskHere {
  readonly level: Risk;
  /** A clause about its origin. Absent: nothing rates the risk as high. */
  readonly because?: string;
}

/**
 * The higher one of the manifest's and the model card's. A card never lowers the manifest's. `risk: normal` of one environment lowers
 * both there, and is reported: staging has no users whom a wrong answer harms, and cannot fulfil the requirements of a high risk.
 */
export const riskOf = (
  { risk: forAll }: Pick<Manifest, 'risk'>,
  { risk: own }: Pick<Environment, 'risk'>,
  card: CardSummary | undefined,
): RiskHere => {
  const claims = [
    ...(own === 'high' ? ['`risk: high` of the environment'] : []),
    ...(forAll === 'high' ? ['`risk: high` of the manifest'] : []),
    ...(card?.riskRating === 'High' ? ['the model card, which rates the risk as High'] : []),
  ];
  const origin = claims.join(' and ');
  if (claims.length === 0) return { level: 'normal' };
  if (own !== 'normal') return { level: 'high', because: `the risk is high by ${origin}` };
  return {
    level: 'normal',
    because: `the risk is high by ${origin}, but this environment has \`risk: normal\`, so that nothing more is required here`,
  };
};
