import type { Check, CheckCase } from '../../findings/regression.ts';
import { counted } from '../../judge/amounts.ts';
import type { BiasRule, CheckLevel } from '../../manifest/asking.ts';
import { shownName } from '../named.ts';
import { openCheck } from '../open-check.ts';
import { type BiasCell, distanceOf } from './bias.ts';

/** Decided by the cells of rules that can fail; where all of them only warn, by those. */
export const biasCheck = (cells: readonly BiasCell[]): Check => {
  const level = levelOf(cells.map(({ rule }) => rule));
  const deciding = cells.filter(({ rule }) => rule.level === level);
  const broken = deciding.filter(({ ruling }) => ruling === 'broken');
  const open = deciding.filter(({ ruling }) => ruling === 'open');
  const warned = cells.filter(({ rule, ruling }) => rule.level !== level && ruling !== 'kept').length;
  const [foremost] = [...broken, ...open];
  const also =
    warned === 0 ? '' : `; ${counted(warned, 'rule')} that only ${warned === 1 ? 'warns is' : 'warn are'} not kept`;
  const more = (broken.length > 0 ? broken : open).length - 1;
  return {
    name: 'bias',
    level,
    verdict: broken.length > 0 ? 'fail' : open.length > 0 ? 'inconclusive' : 'pass',
    because: `${
      foremost === undefined
        ? `${counted(deciding.length, 'value')} of bias within ${deciding.length === 1 ? 'its rule' : 'their rules'}`
        : `${nameOf(foremost)} ${foremost.why}${more > 0 ? `; ${more} more ${broken.length > 0 ? 'broken' : 'open'}` : ''}`
    }${also}. ${pointsAlone}`,
    table: {
      heads: ['metric', 'facet', 'group', 'baseline', 'candidate', 'distance', 'limit', 'max-worsening', 'decision'],
      rows: cells.map(rowOf),
    },
    cases: cells.map(caseOf),
  };
};

/** A bias without rows has no confidence. */
const pointsAlone = 'These are points without an interval, weaker than rules over rows';

export const openBias = (rules: readonly BiasRule[], because: string): Check =>
  openCheck('bias', levelOf(rules), because);

/** A rule that can fail is enough for a check that can. */
const levelOf = (rules: readonly Pick<BiasRule, 'level'>[]): CheckLevel =>
  rules.some(({ level }) => level === 'fail') ? 'fail' : 'warn';

const nameOf = ({ rule, group }: BiasCell): string =>
  `${rule.metric} of ${shownName(rule.facet)}${group === undefined ? '' : ` = ${shownName(group)}`}`;

const decisions = { kept: 'pass', broken: 'fail', open: 'inconclusive' } as const;

const rowOf = ({ rule, group, candidate, baseline, ruling }: BiasCell): readonly string[] => [
  rule.metric,
  shownName(rule.facet),
  group === undefined ? '' : shownName(group),
  number(baseline),
  number(candidate),
  candidate === undefined ? '' : number(distanceOf(rule.metric, candidate)),
  number(rule.limit),
  number(rule.maxWorsening),
  `${decisions[ruling]}${rule.level === 'warn' ? ' (warns only)' : ''}`,
];

const number = (value: number | undefined): string => (value === undefined ? '' : String(Number(value.toPrecision(4))));

/** A rule that only warns makes no case red. */
const caseOf = (cell: BiasCell): CheckCase => {
  const { rule, ruling, why } = cell;
  const verdict = rule.level === 'warn' && ruling === 'broken' ? 'inconclusive' : decisions[ruling];
  return {
    name: nameOf(cell),
    verdict,
    ...(why === undefined ? {} : { because: `${rule.level === 'warn' ? 'warns only: ' : ''}${why}` }),
  };
};
