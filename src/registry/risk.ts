import type { Delivery, Environment, Manifest } from '../manifest/manifest.ts';
import type { Risk } from '../manifest/risk.ts';
import { sharingRegistry } from '../manifest/same-registry.ts';
import type { CardSummary } from './card-summary.ts';

/** The risk of a version in one environment. */
export interface RiskHere {
  readonly level: Risk;
  /** A clause about its origin. Absent: nothing rates the risk as high. */
  readonly because?: string;
  /** The environment that makes it high, where that is another one of the same registry. */
  readonly by?: string;
}

/**
 * The higher one of the manifest's and the model card's. A card never lowers the manifest's. `risk: normal` of one environment lowers
 * both for its deliveries, and is reported: staging has no users whom a wrong answer harms, and cannot fulfil the requirements of a high risk.
 */
export const riskOf = (
  { risk: forAll }: Pick<Manifest, 'risk'>,
  { risk: own }: Pick<Delivery, 'risk'>,
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
    because: `the risk is high by ${origin}, but this environment has \`risk: normal\`, so that a delivery requires nothing more here`,
  };
};

/**
 * The risk of an approval: the highest one of all environments of the registry, which has one approval for them all. Otherwise the gate of
 * an environment with `risk: normal` would approve for the one with users.
 */
export const riskOfApproval = (manifest: Manifest, here: Environment, card: CardSummary | undefined): RiskHere => {
  const own = riskOf(manifest, here, card);
  if (own.level === 'high') return own;
  for (const [name, other] of sharingRegistry(manifest, here)) {
    const { level, because } = riskOf(manifest, other, card);
    if (level === 'high')
      return {
        level,
        because: `${because} in ${name}, which has the same registry, and so the same approval`,
        by: name,
      };
  }
  return own;
};
