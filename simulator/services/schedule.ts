import type { Instant } from '../contracts.ts';

/** When a scheduled action is due. Minutes are the finest grain. */
export interface Schedule {
  /** @param minute the start of a minute */
  isDue(minute: Instant): boolean;
}

const minuteMs = 60_000;
const units: Readonly<Record<string, number>> = { minute: minuteMs, hour: 60 * minuteMs, day: 1440 * minuteMs };
const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

interface Field {
  readonly from: number;
  readonly to: number;
  /** The field's names, counted from `from` on. */
  readonly names?: readonly string[];
}
/** [Minutes] [Hours] [Day_of_Month] [Month] [Day_of_Week] [Year] (AWS: PutScheduledAction, Schedule). */
const fields: readonly Field[] = [
  { from: 0, to: 59 },
  { from: 0, to: 23 },
  { from: 1, to: 31 },
  { from: 1, to: 12, names: months },
  { from: 1, to: 7, names: weekdays },
  { from: 1970, to: 2199 },
];

/** Which values a cron field allows; undefined when it cannot be read. Lists, ranges, steps, names; no `L`, `W` or `#`. */
const allowed = (text: string, { from, to, names = [] }: Field): ReadonlySet<number> | undefined => {
  const found = new Set<number>();
  const numberOf = (word: string): number => {
    const name = names.indexOf(word.toUpperCase());
    return name >= 0 ? name + from : Number(word);
  };
  for (const part of text.split(',')) {
    const match = /^(\*|\?|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(part);
    if (!match) return undefined;
    const [, whole, low, high, step] = match;
    const first = low === undefined ? from : numberOf(low);
    const last = high !== undefined ? numberOf(high) : low === undefined || (whole && step) ? to : first;
    if (!(first >= from && last <= to && first <= last) || step === '0') return undefined;
    for (let value = first; value <= last; value += Number(step ?? 1)) found.add(value);
  }
  return found;
};

/** Minute, hour, day, month, weekday (1 = Sunday), year on the wall clock of `timezone`; undefined when there is no such zone. */
const wallClock = (timezone: string): ((at: Instant) => readonly number[]) | undefined => {
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      weekday: 'short',
    });
    return (at) => {
      const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type as string, value]));
      const number = (type: string): number => Number(parts.get(type));
      const weekday = weekdays.indexOf((parts.get('weekday') ?? '').toUpperCase()) + 1;
      return [number('minute'), number('hour'), number('day'), number('month'), weekday, number('year')];
    };
  } catch {
    return undefined;
  }
};

/**
 * @param text `at(2026-01-05T09:30:00)`, `rate(5 minutes)` or `cron(0 9 * * ? *)`
 * @param since the start of `rate`'s count
 * @returns undefined when the text or the time zone cannot be read
 */
export const parseSchedule = (text: string, timezone: string, since: Instant): Schedule | undefined => {
  const clock = wallClock(timezone);
  const match = /^(at|rate|cron)\((.+)\)$/.exec(text.trim());
  if (!match || !clock) return undefined;
  const [, kind, body = ''] = match;
  if (kind === 'at') {
    const wanted = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)$/.exec(body)?.slice(1, 6).map(Number);
    if (!wanted) return undefined;
    const [year, month, day, hour, minute] = wanted;
    return {
      isDue: (at) => {
        const now = clock(at);
        return [minute, hour, day, month].every((value, index) => value === now[index]) && year === now[5];
      },
    };
  }
  if (kind === 'rate') {
    const rate = /^(\d+) (minute|hour|day)s?$/.exec(body);
    const every = Number(rate?.[1]) * (units[rate?.[2] ?? ''] ?? Number.NaN);
    const start = Math.floor(since / minuteMs) * minuteMs;
    return every > 0 ? { isDue: (minute) => minute > start && (minute - start) % every === 0 } : undefined;
  }
  const words = body.trim().split(/\s+/);
  const sets = fields.map((field, index) => allowed(words[index] ?? '', field));
  if (words.length !== fields.length || sets.some((set) => set === undefined)) return undefined;
  return { isDue: (minute) => clock(minute).every((value, index) => sets[index]?.has(value)) };
};
