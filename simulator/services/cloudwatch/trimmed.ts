import type { Statistic, Summary } from './summary.ts';

/** Which observations a trimmed statistic keeps: bounds as values of the metric, or as fractions of the observations by rank. */
interface Bounds {
  readonly by: 'value' | 'rank';
  /** Exclusive. */
  readonly from: number;
  /** Inclusive. */
  readonly to: number;
}

type Counted = readonly [value: number, times: number];
interface Cut {
  readonly all: readonly Counted[];
  readonly kept: readonly Counted[];
}

const number = String.raw`\d+(?:\.\d{1,10})?`;
const ranged = new RegExp(`^(TM|TC|TS|WM|PR)\\((?:(${number})(%?))?:(?:(${number})(%?))?\\)$`, 'i');
const short = new RegExp(`^(tm|tc|ts|wm)(${number})$`, 'i');

/** `TC(a:b)`, `TC(:b)`, `TC(a:)`, the same with percentages, `tc90` for `TC(0%:90%)`, `IQM` for `TM(25%:75%)`. */
const parse = (name: string): { readonly kind: string; readonly bounds: Bounds } | undefined => {
  if (name.toUpperCase() === 'IQM') return { kind: 'TM', bounds: { by: 'rank', from: 0.25, to: 0.75 } };
  const [, shortKind = '', upTo] = short.exec(name) ?? [];
  if (upTo !== undefined && Number(upTo) <= 100)
    return { kind: shortKind.toUpperCase(), bounds: { by: 'rank', from: 0, to: Number(upTo) / 100 } };
  const [, kind = '', from, fromSign, to, toSign] = ranged.exec(name) ?? [];
  if (from === undefined && to === undefined) return undefined;
  const signs = new Set([from === undefined ? toSign : fromSign, to === undefined ? fromSign : toSign]);
  if (signs.size > 1 || (from !== undefined && to !== undefined && Number(from) > Number(to))) return undefined;
  if (signs.has('%')) {
    // A percentile rank counts the observations between two values; between two ranks it has no meaning.
    if (kind.toUpperCase() === 'PR' || Number(from ?? 0) > 100 || Number(to ?? 100) > 100) return undefined;
    const bounds = { by: 'rank', from: Number(from ?? 0) / 100, to: Number(to ?? 100) / 100 } as const;
    return { kind: kind.toUpperCase(), bounds };
  }
  const bounds = {
    by: 'value',
    from: from === undefined ? Number.NEGATIVE_INFINITY : Number(from),
    to: to === undefined ? Number.POSITIVE_INFINITY : Number(to),
  } as const;
  return { kind: kind.toUpperCase(), bounds };
};

/** The lower bound is exclusive, the upper one inclusive (AWS: "CloudWatch statistics definitions"). */
const cut = (summary: Summary, { by, from, to }: Bounds): Cut => {
  const all = [...summary.values].sort(([a], [b]) => a - b);
  if (by === 'value') return { all, kept: all.filter(([value]) => value > from && value <= to) };
  // As for percentiles, floating point must not move a rank.
  const [first, last] = [Math.floor(summary.count * from + 1e-9), Math.ceil(summary.count * to - 1e-9)];
  let seen = 0;
  const kept = all.flatMap(([value, times]): readonly Counted[] => {
    const begin = Math.max(seen, first);
    seen += times;
    const within = Math.min(seen, last) - begin;
    return within > 0 ? [[value, within]] : [];
  });
  return { all, kept };
};

const count = (values: readonly Counted[]): number => values.reduce((total, [, times]) => total + times, 0);
const total = (values: readonly Counted[]): number => values.reduce((sum, [value, times]) => sum + value * times, 0);

const kinds: Readonly<Record<string, (cut: Cut, bounds: Bounds) => number | undefined>> = {
  TC: ({ kept }) => count(kept),
  TS: ({ kept }) => total(kept),
  PR: ({ all, kept }) => (100 * count(kept)) / count(all),
  TM: ({ kept }) => (kept.length === 0 ? undefined : total(kept) / count(kept)),
  // A value outside counts as the boundary: the given value, or the outermost kept one.
  WM: ({ all, kept }, { by, from, to }) => {
    const [low, high] = by === 'value' ? [from, to] : [kept[0]?.[0], kept.at(-1)?.[0]];
    if (low === undefined || high === undefined) return undefined;
    return total(all.map(([value, times]) => [Math.min(Math.max(value, low), high), times])) / count(all);
  },
};

/**
 * TC, TS, TM, WM and PR from the exact values. They need every single value and none below zero (AWS: "CloudWatch statistics
 * definitions"), and a metric may not have them at all.
 * @returns undefined when `name` is none of them
 */
export const trimmedStatistic = (name: string): Statistic | undefined => {
  const parsed = parse(name);
  const compute = kinds[parsed?.kind ?? ''];
  if (!parsed || !compute) return undefined;
  return (summary) =>
    summary.opaque || summary.untrimmed || summary.count === 0 || summary.min < 0
      ? undefined
      : compute(cut(summary, parsed.bounds), parsed.bounds);
};
