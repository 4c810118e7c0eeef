import type { Evidence, EvidenceMetric } from '../../findings/evidence.ts';

export const servingSentence = (serves: Evidence['serves']): string =>
  serves.is === 'unknown'
    ? `The version that serves is not known: ${serves.because}`
    : serves.value.name === undefined
      ? `Nothing serves at ${serves.value.endpoint} yet: there is nothing to compare with.`
      : `${serves.value.name} serves at ${serves.value.endpoint}.`;

/** Six digits that count. */
export const amount = (value: number | undefined): string =>
  value === undefined ? '–' : String(Number(value.toPrecision(6)));

export const difference = ({ candidate, serving, better }: EvidenceMetric): string => {
  if (candidate === undefined || serving === undefined) return '–';
  const change = Number((candidate - serving).toPrecision(3));
  if (change === 0) return 'same';
  const text = `${change > 0 ? '+' : '−'}${Math.abs(change)}`;
  if (better === undefined) return text;
  return `${text} ${change > 0 === (better === 'higher') ? '▲ better' : '▼ worse'}`;
};
