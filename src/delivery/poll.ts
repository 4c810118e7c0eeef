import { type Instant, seconds } from '../clock.ts';
import { digest } from '../digest.ts';
import type { Pace, Turn } from '../mechanisms/turn.ts';

/**
 * `Turn.nextPoll`. DescribeEndpoint at 5 s tripped throttling in AWS's own canaries (sagemaker-python-sdk#1204): 30 s or slower, one poller
 * per endpoint, with up to 20 % jitter (rule 11). The jitter comes from release and time, so that a rehearsal repeats exactly.
 */
export const nextPoll = ({ world, release }: Pick<Turn, 'world' | 'release'>): Instant =>
  withJitter(release.id, world.clock.now(), seconds(30));

const paces: Readonly<Record<Pace, number>> = { soon: seconds(30), minute: seconds(60) };

/** `Turn.nextLook`. CloudWatch has one point a minute: more looks would read the same points again. */
export const nextLook = ({ world, release }: Pick<Turn, 'world' | 'release'>, pace: Pace, mostMs?: number): Instant =>
  withJitter(release.id, world.clock.now(), Math.max(paces.soon, Math.min(paces[pace], mostMs ?? paces[pace])));

/** The next look, after `every` milliseconds and up to a fifth of them more. @param id of the run or release, which looks alone */
export const withJitter = (id: string, now: Instant, every: number): Instant => {
  const jitter = Number.parseInt(digest([id, now]).slice(0, 8), 16) / 0xffffffff;
  return now + every + Math.round((jitter * every) / 5);
};
