import type { Environment, Manifest } from '../manifest/manifest.ts';
import { Refusal } from '../operation.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import { type RiskHere, riskOf } from '../registry/risk.ts';

/** The safeguards of a delivery that a high risk requires and the manifest does not have, each as its key and the reason for it. */
export const missingSafeguards = (
  { regression }: Pick<Manifest, 'regression'>,
  { rollout }: Pick<Environment, 'rollout'>,
): readonly string[] => [
  ...(regression === undefined ? ['`regression:`, so that the version is compared with the one that serves'] : []),
  ...(rollout.strategy === 'steps'
    ? []
    : [
        `\`strategy: steps\` instead of \`${rollout.strategy}\`, so that little of the traffic meets the version before its health is proven`,
      ]),
];

/**
 * Refuses a delivery whose risk is high without its safeguards.
 * @returns notes for the plan: why they are required, or that the environment lowers the risk
 * @throws {Refusal} `risk-high`
 */
export const requireSafeguards = (
  manifest: Manifest,
  name: string,
  environment: Environment,
  { card }: RegisteredVersion,
): readonly string[] => {
  const risk = riskOf(manifest, environment, card);
  const notes = [
    ...(risk.because === undefined ? [] : [risk.level === 'high' ? demandsOf(risk.because) : risk.because]),
    ...(card?.unreadable ? ['the model card is no JSON object: its risk rating is not known'] : []),
  ];
  const missing = risk.level === 'high' ? missingSafeguards(manifest, environment) : [];
  if (missing.length === 0) return notes;
  throw new Refusal('risk-high', refusalOf(name, risk, missing));
};

/** The requirements of a high risk, and the reason: for the plan. */
const demandsOf = (because: string): string =>
  `${because}: so a passing regression test and strategy: steps are required here, and approve-gate requires two people`;

const refusalOf = (name: string, { because = 'the risk is high' }: RiskHere, missing: readonly string[]): string =>
  `${because}; ${name} needs ${missing.join('; and ')}. Without users there, write \`risk: normal\` into the environment`;
