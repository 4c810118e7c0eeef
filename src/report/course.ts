import { type Instant, minutes } from '../clock.ts';
import type { Counted, Course } from '../findings/course.ts';
import { percent } from '../judge/amounts.ts';
import { niceTop } from './chart.ts';

/** Labels of more points would touch each other, and a longer table is read by nobody. */
const mostPoints = 24;
const widths = [1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 1440];

interface Point {
  /** Minutes since the first one. */
  readonly minute: number;
  readonly share: number;
  readonly candidate: Counted;
  readonly baseline: Counted;
}

/**
 * Traffic and errors of a release as charts, one quantity each, and the same numbers as a table: GitHub strips pictures from a summary and
 * draws Mermaid. One point makes no chart, and an arm without requests no column. Empty when the candidate had no traffic.
 */
export const courseMarkdown = (course: Course): string => {
  const points = pointsOf(course);
  if (points.length === 0) return '';
  const known = (arm: 'candidate' | 'baseline') => points.filter((point) => point[arm].requests > 0);
  const [candidate, baseline] = [known('candidate'), known('baseline')];
  const rates = [...candidate.map((one) => rate(one.candidate)), ...baseline.map((one) => rate(one.baseline))];
  const top = niceTop(100 * Math.max(0, ...rates));
  return [
    candidate.length + baseline.length === 0 ? '### Traffic' : '### Traffic and errors',
    chart('Share of the candidate, %', points, 100, ({ share }) => share),
    chart('Errors of the candidate, %', candidate, top, (one) => rate(one.candidate)),
    chart('Errors of the baseline, %', baseline, top, (one) => rate(one.baseline)),
    table(points, { candidate: candidate.length > 0, baseline: baseline.length > 0 }),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
};

const rate = ({ requests, errors }: Counted): number => errors / requests;

const pointsOf = ({ shares, minutes: all = [] }: Course): readonly Point[] => {
  const times = [...shares, ...all].map(({ at }) => at);
  if (times.length === 0) return [];
  const [from, last] = [Math.min(...times), Math.max(...times)];
  const count = (width: number): number => Math.floor((last - from) / minutes(width)) + 1;
  const width = widths.find((one) => count(one) <= mostPoints) ?? Math.ceil((last - from) / minutes(mostPoints - 1));
  return Array.from({ length: count(width) }, (_, index) => {
    const begin = from + index * minutes(width);
    const end = begin + minutes(width);
    const within = all.filter(({ at }) => at >= begin && at < end);
    return {
      minute: index * width,
      share: index === count(width) - 1 ? shareAt(shares, end) : longestShare(shares, begin, end),
      candidate: sumOf(within.map((one) => one.candidate)),
      baseline: sumOf(within.map((one) => one.baseline)),
    };
  });
};

const shareAt = (shares: Course['shares'], end: Instant): number => shares.findLast(({ at }) => at < end)?.share ?? 0;

/** The requests of an interval came by this share, or most of them: a change at its end had no part in them. */
const longestShare = (shares: Course['shares'], begin: Instant, end: Instant): number => {
  const ends = [...shares.map(({ at }) => at).filter((at) => at > begin && at < end), end];
  const spans = ends.map((until, index) => ({ until, length: until - (ends[index - 1] ?? begin) }));
  const longest = spans.reduce((one, other) => (other.length > one.length ? other : one));
  return shareAt(shares, longest.until);
};

const sumOf = (all: readonly (Counted | undefined)[]): Counted =>
  all.reduce<Counted>(
    (sum, one) => ({ requests: sum.requests + (one?.requests ?? 0), errors: sum.errors + (one?.errors ?? 0) }),
    { requests: 0, errors: 0 },
  );

/** `xychart-beta` is the name that older versions of Mermaid know too (its documentation, "XY Chart"). */
const chart = (title: string, points: readonly Point[], top: number, of: (point: Point) => number): string =>
  points.length < 2
    ? ''
    : [
        '```mermaid',
        'xychart-beta',
        `  title "${title}"`,
        `  x-axis "minutes" [${points.map(({ minute }) => `"${minute}"`).join(', ')}]`,
        `  y-axis "%" 0 --> ${top}`,
        `  line [${points.map((point) => Number((100 * of(point)).toFixed(3))).join(', ')}]`,
        '```',
      ].join('\n');

const table = (points: readonly Point[], known: Readonly<Record<'candidate' | 'baseline', boolean>>): string => {
  const arms = (['candidate', 'baseline'] as const).filter((arm) => known[arm]);
  return [
    ['minute', 'share of the candidate', ...arms.map((arm) => `errors of the ${arm}`)],
    ['---:', '---:', ...arms.map(() => '---:')],
    ...points.map((point) => [`${point.minute}`, percent(point.share), ...arms.map((arm) => errorsOf(point[arm]))]),
  ]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
};

const errorsOf = (counted: Counted): string =>
  counted.requests === 0 ? '–' : `${counted.errors} of ${counted.requests} (${percent(rate(counted))})`;
