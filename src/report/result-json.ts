import type { AnyFindings, Findings } from '../findings/findings.ts';
import { type Renderers, renderers } from './findings/renderers.ts';
import type { Result } from './result.ts';

type Table = typeof renderers;
/** `judged`, …: findings without their kind, since the member's name shows it. */
type FindingsMembers = {
  readonly [Kind in Findings['is'] as Table[Kind]['member']]?: Omit<Extract<Findings, { readonly is: Kind }>, 'is'>;
};

/** A result in the form for users: the `result` output, `--json`, the output variable of a pipeline. */
export type ResultJson = Omit<Result, 'findings'> & FindingsMembers;

export const resultJson = ({ findings, ...result }: Result, table: Renderers = renderers): ResultJson => ({
  ...result,
  ...(findings && memberOf(findings, table)),
});

const memberOf = ({ is, ...found }: AnyFindings, table: Renderers): FindingsMembers => {
  const member = table[is]?.member;
  return member === undefined ? {} : { [member]: found };
};

/** The findings of a result in JSON; undefined when it has none. */
export const findingsOf = (read: ResultJson, table: Renderers = renderers): AnyFindings | undefined => {
  const members: Readonly<Record<string, unknown>> = { ...read };
  return Object.entries(table)
    .map(([is, { member }]) => ({ is, found: members[member] }))
    .flatMap(({ is, found }) => (typeof found === 'object' && found !== null ? [{ is, ...found }] : []))
    .at(0);
};
