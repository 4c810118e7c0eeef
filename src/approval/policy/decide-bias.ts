import type { DecidedRule } from '../../findings/approval-policy.ts';
import { counted } from '../../judge/amounts.ts';
import type { BiasPolicyRule } from '../../manifest/approval-policy.ts';
import type { Analysis } from '../../regression/clarify/analysis.ts';
import { type BiasCell, biasCells, distanceOf } from '../../regression/clarify/bias.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import { figure } from './figure.ts';

/** Clarify's report of the version that serves. */
export type BesideAnalysis =
  | { readonly is: 'found'; readonly analysis: Analysis }
  | { readonly is: 'nothing' }
  /** A clause. */
  | { readonly is: 'unknown'; readonly why: string };

/** Every group of the facet counts. @param candidate its report, or why there is none, as a clause */
export const decideBias = (
  { rule, firstPasses }: BiasPolicyRule,
  candidate: Analysis | string,
  beside: BesideAnalysis,
): DecidedRule => {
  const { metric, facet, limit, maxWorsening } = rule;
  const name = `${metric} of ${facet}`;
  const words = {
    rule:
      limit === undefined
        ? `${name} not worse than the version that serves${maxWorsening === 0 ? '' : ` by more than ${maxWorsening}`}`
        : `${name} at most ${limit} from no bias`,
  };
  if (typeof candidate === 'string') return { ...words, ruling: 'open', because: `${name} is not known: ${candidate}` };
  const isFirst = limit === undefined && beside.is === 'nothing';
  // Its own values must be known all the same: a limit that each keeps shows whether they are.
  const read = isFirst ? { ...rule, limit: Number.MAX_VALUE, maxWorsening: undefined } : rule;
  const cells = biasCells(
    [withoutUndefined(read)],
    candidate,
    beside.is === 'found' ? beside.analysis : beside.is === 'nothing' ? 'nothing serves yet' : beside.why,
  );
  const [foremost] = [...cells].sort((one, other) => weight(other) - weight(one));
  // Without a cell there is nothing that could hold.
  if (foremost === undefined) return { ...words, ruling: 'open', because: `${name} has no value` };
  const figures = figuresOf(foremost, rule);
  if (foremost.ruling !== 'kept') {
    const ruling = foremost.ruling === 'broken' ? 'broken' : 'open';
    return { ...words, ...figures, ruling, because: `${subjectOf(name, foremost)} ${foremost.why ?? 'is not known'}` };
  }
  const groups = counted(cells.length, 'group');
  if (isFirst)
    return {
      ...words,
      ...figures,
      ruling: firstPasses ? 'left-out' : 'open',
      because: `${name} has values of ${groups}; nothing serves yet to compare them with`,
    };
  return {
    ...words,
    ...figures,
    ruling: 'holds',
    because: `${name} keeps the rule in ${groups}; the value that is furthest from no bias is ${figure(foremost.candidate ?? Number.NaN)}`,
  };
};

/** Broken ones first, then open ones, then by the distance from no bias. */
const weight = ({ rule: { metric }, ruling, candidate }: BiasCell): number => {
  if (ruling === 'broken') return Number.POSITIVE_INFINITY;
  if (ruling === 'open') return Number.MAX_VALUE;
  return candidate === undefined ? 0 : distanceOf(metric, candidate);
};

const subjectOf = (name: string, { group }: BiasCell): string => (group === undefined ? name : `${name} for ${group}`);

/** The values of a bias metric themselves, and the limit, which is a distance. */
const figuresOf = ({ candidate, baseline }: BiasCell, { limit }: BiasPolicyRule['rule']) =>
  withoutUndefined({ value: candidate, limit, beside: baseline });
