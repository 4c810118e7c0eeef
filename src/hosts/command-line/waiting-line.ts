import { duration, type Instant } from '../../clock.ts';
import { percent } from '../../judge/amounts.ts';
import type { Waiting } from '../drive.ts';

/**
 * Where a waiting run is now: phase, share of the traffic, time left, and the last verdict. The end of a narrow terminal cuts the line, so
 * the most important comes first.
 * @param deadline of the run
 */
export const waitingLine = (
  { percent: done, because, course }: Pick<Waiting, 'percent' | 'because' | 'course'>,
  now: Instant,
  deadline: Instant,
): string => {
  const { share, endsAt, latestAt } = course ?? {};
  const left = (until: Instant | undefined): string | undefined =>
    until !== undefined && until > now ? duration(until - now) : undefined;
  const [step, latest] = [left(endsAt), left(latestAt)];
  const most = latest ?? left(deadline);
  return [
    `${String(Math.round(done)).padStart(3)} %`,
    ...(course === undefined ? [] : [course.phase]),
    ...(share === undefined ? [] : [`candidate ${percent(share)}`]),
    ...(step === undefined ? [] : [`${step} left`]),
    ...(most === undefined ? [] : [`at most ${most}`]),
    course?.verdict ?? because,
  ].join(' · ');
};
