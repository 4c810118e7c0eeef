import { type Look, lookAt } from '../endpoint/look.ts';
import type { Evidence, EvidenceVerdict, Facts, Part } from '../findings/evidence.ts';
import { testDue } from '../manifest/test-due.ts';
import { shortened } from '../plain-text.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import { findingsOf } from '../scoring/kept-findings.ts';
import { standingOf } from '../scoring/require-verdict.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { nameOfReviewer } from './electorate.ts';
import { plannedDelivery } from './evidence-changes.ts';
import { andThen, partOf } from './evidence-part.ts';
import { evidenceDigest } from './evidence-stamp.ts';
import type { Asked, Considered } from './mode.ts';
import { registeredMetrics } from './registered-metrics.ts';
import { reviewersFor } from './reviewers-for.ts';

const mostOfFact = 300;
const mostFacts = 40;

/**
 * The evidence for a version that waits for a decision. Reads only; a part that cannot be read has the reason.
 * @param considered by the mode that did not decide
 */
export const gatherEvidence = async (at: Asked, { findings }: Partial<Considered> = {}): Promise<Evidence> => {
  const { world, name, environment, registered } = at;
  const planned = await partOf(() => plannedDelivery(at));
  const look =
    planned.is === 'known'
      ? ({ is: 'known', value: planned.value.look } as const)
      : await partOf(() => lookAt(world, environment.endpoint.name));
  const isDark = planned.is === 'known' && planned.value.isDark;
  const { card } = registered;
  return {
    is: 'evidence',
    state: evidenceDigest(registered),
    environment: name,
    rules: rulesOf(at),
    ...(findings?.is === 'approval-policy' ? { policy: findings } : {}),
    ...(await registeredMetrics(world, environment.endpoint.name, look, registered)),
    ...withoutUndefined({
      verdict: await verdictOf(at, look, isDark),
      card: card && { ...card, sections: brief(card.sections) },
    }),
    changes: planned.is === 'known' ? { is: 'known', value: planned.value.changes } : planned,
    lineage: brief(lineageOf(registered)),
  };
};

/** The evidence is a part of the result, which has room for a few thousand characters of each kind. */
const brief = (facts: Facts): Facts =>
  Object.fromEntries(
    Object.entries(facts)
      .slice(0, mostFacts)
      .map(([head, text]) => [shortened(head), shortened(text, mostOfFact)]),
  );

/** Absent where the manifest has no test for this environment. */
const verdictOf = async (
  { manifest, name, registered, world }: Asked,
  look: Part<Look | undefined>,
  isDark: boolean,
): Promise<Part<EvidenceVerdict> | undefined> => {
  const { regression } = manifest;
  if (regression === undefined || testDue(manifest, name) === undefined) return undefined;
  return andThen(look, async (seen): Promise<EvidenceVerdict> => {
    const standing = await standingOf(world, regression, {
      ...{ manifest, environment: name, registered, look: seen, isDark },
      operation: 'deploy-endpoint',
    });
    if (standing.is === 'open') return { verdict: 'none', because: `${standing.because}; ${standing.remedy}` };
    const { folder, verdict } = standing.kept;
    const kept = await partOf(() => findingsOf(world, folder, verdict));
    const findings = kept.is === 'known' ? kept.value.findings : undefined;
    return {
      verdict: verdict.verdict,
      because: standing.because,
      ...withoutUndefined({ page: verdict.run.url, findings }),
    };
  });
};

/** The content of the version, then its origin. */
const lineageOf = ({ imageDigest, artifactSha256, contentDigestNow, unpinned, lineage }: RegisteredVersion): Facts =>
  withoutUndefined({
    image: imageDigest,
    artifact: artifactSha256 && `sha256:${artifactSha256}`,
    content: `sha256:${contentDigestNow}`,
    'not pinned': unpinned.length === 0 ? undefined : unpinned.join(', '),
    ...lineage,
  }) as Facts;

/** One sentence each: the people who decide, and the requirements of a high risk. */
const rulesOf = ({ rules, risk }: Asked): readonly string[] => {
  const { atLeast, of } = reviewersFor(rules, risk.level);
  const people = atLeast === 1 ? 'One person has' : `${atLeast} different people have`;
  return [
    of === undefined
      ? `${people} to approve; the manifest names no reviewers.`
      : `${people} to approve, of ${of.map(nameOfReviewer).join(', ')}.`,
    ...(risk.because === undefined
      ? []
      : [
          `${risk.because.charAt(0).toUpperCase()}${risk.because.slice(1)}${
            risk.level === 'high'
              ? `: two people have to approve, and a delivery${risk.by === undefined ? '' : ` to ${risk.by}`} needs a passing regression test and strategy: steps`
              : ''
          }.`,
        ]),
  ];
};
