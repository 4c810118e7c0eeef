import type { ApprovalPolicy, DecidedRule } from '../../findings/approval-policy.ts';
import { counted } from '../../judge/amounts.ts';
import { htmlTable } from '../html-table.ts';
import { prose } from '../markdown.ts';
import { escapeXml } from '../xml.ts';
import type { FindingsRenderer, TestCase } from './renderer.ts';

const title = 'Approval policy';
const heads = ['rule', 'value', 'limit', 'compared with', 'holds', 'because'] as const;

export const approvalPolicyRenderer = {
  member: 'approval-policy',
  summary: (found: ApprovalPolicy): string =>
    [
      `### ${title}`,
      '',
      sentence(found),
      '',
      `| ${heads.join(' | ')} |`,
      '| --- | ---: | ---: | ---: | --- | --- |',
      ...found.rules.map((rule) => `| ${cellsOf(rule).map(prose).join(' | ')} |`),
    ].join('\n'),
  html: (found: ApprovalPolicy): string =>
    [
      `<h3>${title}</h3>`,
      `<p>${escapeXml(sentence(found))}</p>`,
      htmlTable(
        heads,
        found.rules.map((rule) => cellsOf(rule).map(escapeXml)),
      ),
    ].join('\n'),
  junit: (found: ApprovalPolicy): readonly TestCase[] => found.rules.map(caseOf),
} as const satisfies FindingsRenderer<ApprovalPolicy>;

const sentence = ({ rules }: ApprovalPolicy): string => {
  const count = (ruling: DecidedRule['ruling']): number => rules.filter((rule) => rule.ruling === ruling).length;
  return `Of ${counted(rules.length, 'rule')}: ${count('holds')} kept, ${count('broken')} broken, ${count('open')} undecided${count('left-out') > 0 ? `, ${count('left-out')} left out` : ''}.`;
};

const words = { holds: 'yes', broken: 'no', open: 'undecided', 'left-out': 'left out' } as const satisfies Readonly<
  Record<DecidedRule['ruling'], string>
>;

const cellsOf = ({ rule, value, limit, beside, ruling, because }: DecidedRule): readonly string[] => [
  rule,
  ...[value, limit, beside].map((figure) => (figure === undefined ? '' : String(Number(figure.toPrecision(12))))),
  words[ruling],
  because,
];

const caseOf = ({ rule, ruling, because }: DecidedRule): TestCase => ({
  classname: 'model-delivery.policy',
  name: rule,
  ended:
    ruling === 'holds'
      ? { is: 'passed' }
      : ruling === 'broken'
        ? { is: 'failed', type: 'policy-broken', message: because, details: because }
        : { is: 'skipped', message: because },
  output: because,
});
