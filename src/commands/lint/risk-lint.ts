import type { Manifest } from '../../manifest/manifest.ts';
import { missingSafeguards } from '../../mechanisms/safeguards.ts';
import { riskOf } from '../../registry/risk.ts';

/** One warning for each environment whose risk is high by the manifest and that lacks a safeguard. The risk by a model card needs AWS. */
export const lintRisk = (manifest: Manifest): readonly string[] =>
  Object.entries(manifest.environments).flatMap(([name, environment]) => {
    const { level, because = '' } = riskOf(manifest, environment, undefined);
    if (level === 'normal') return because === '' ? [] : [`${name}: ${because}`];
    const missing = missingSafeguards(manifest, environment);
    return [
      ...(missing.length === 0
        ? []
        : [`${name}: ${because}: every delivery is refused without ${missing.join('; and ')}`]),
      ...(environment.approval?.reviewers === undefined
        ? [
            `${name}: ${because}: two people have to approve, and \`approval.reviewers\` does not name those whose approval counts`,
          ]
        : []),
    ];
  });
