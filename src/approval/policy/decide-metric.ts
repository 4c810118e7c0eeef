import type { DecidedRule } from '../../findings/approval-policy.ts';
import type { Bound, MetricRule } from '../../manifest/approval-policy.ts';
import { figure } from './figure.ts';
import type { Found } from './number-in.ts';

/** The number to compare with. */
export type Beside =
  | {
      readonly is: 'found';
      readonly value: Found;
      /** For people: `the serving package churn/3`. */
      readonly of: string;
    }
  /** Nothing serves. */
  | { readonly is: 'nothing' }
  /** A clause with its subject. */
  | { readonly is: 'unknown'; readonly why: string };

/** Room for the rounding of a difference: the limit itself is allowed. */
const rounding = 1e-12;

/** @param beside of a comparison; not read for a limit */
export const decideMetric = (rule: MetricRule, value: Found, beside: Beside): DecidedRule => {
  const { bound } = rule;
  const name = nameOf(rule);
  const words = { rule: `${name} ${boundText(bound)}` };
  // A first version is let pass by the absence of others, not by that of its own metric.
  if (typeof value === 'string') return { ...words, ruling: 'open', because: `${name} ${value}` };
  if (bound.is !== 'not-worse') return { ...words, ...limited(name, bound, value) };
  if (beside.is === 'nothing')
    return bound.firstPasses
      ? { ...words, value, ruling: 'left-out', because: `${name} is ${figure(value)}; nothing serves yet` }
      : {
          ...words,
          value,
          ruling: 'open',
          because: `${name} is ${figure(value)}; nothing serves yet to compare it with`,
        };
  if (beside.is === 'unknown') return { ...words, value, ruling: 'open', because: beside.why };
  if (typeof beside.value === 'string')
    return { ...words, value, ruling: 'open', because: `${name} of ${beside.of} ${beside.value}` };
  return { ...words, ...compared(name, bound, value, beside.value, beside.of) };
};

const limited = (
  name: string,
  { is, limit }: Exclude<Bound, { is: 'not-worse' }>,
  value: number,
): Omit<DecidedRule, 'rule'> => ({
  value,
  limit,
  ruling: (is === 'at-least' ? value >= limit : value <= limit) ? 'holds' : 'broken',
  because: `${name} is ${figure(value, limit)}, ${is === 'at-least' ? 'at least' : 'at most'} ${limit}`,
});

const compared = (
  name: string,
  { by, higherIs }: Extract<Bound, { is: 'not-worse' }>,
  value: number,
  beside: number,
  of: string,
): Omit<DecidedRule, 'rule'> => {
  const worse = higherIs === 'better' ? beside - value : value - beside;
  const room = rounding * Math.max(1, Math.abs(value), Math.abs(beside));
  return {
    value,
    limit: higherIs === 'better' ? beside - by : beside + by,
    beside,
    ruling: worse <= by + room ? 'holds' : 'broken',
    because: `${name} is ${figure(value, beside)} beside ${figure(beside, value)} of ${of}; worse by at most ${by} is allowed`,
  };
};

/** `recall`'s path with dots; the report where it is another one than usual. */
const nameOf = ({ from, path }: MetricRule): string => {
  const names = path.length > 1 && path.at(-1) === 'value' ? path.slice(0, -1) : path;
  return `${from === 'evaluation' ? '' : `${from} `}${names.join('.')}`;
};

const boundText = (bound: Bound): string => {
  if (bound.is !== 'not-worse') return `${bound.is === 'at-least' ? 'at least' : 'at most'} ${bound.limit}`;
  const than = bound.than === 'serving' ? 'the version that serves' : 'the drift baseline';
  return `not worse than ${than}${bound.by === 0 ? '' : ` by more than ${bound.by}`}`;
};
