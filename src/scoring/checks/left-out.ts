import type { Standing } from '../standing.ts';

/** The rules of checks that decide nothing about a first version, for the plan: every skip says why (rule 14). */
export const leftOutNotes = ({ regression, look }: Standing): readonly string[] => {
  if (look !== undefined) return [];
  const { bias = [], attribution } = regression.asking;
  return [
    ...(bias.some(({ maxWorsening }) => maxWorsening !== undefined)
      ? ['bias: max-worsening decides nothing, since nothing serves yet']
      : []),
    ...(attribution === undefined ? [] : ['attribution is not checked, since nothing serves yet']),
  ];
};
