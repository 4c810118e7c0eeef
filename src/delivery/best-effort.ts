import { describe, isRefused } from '../aws/errors.ts';
import { Throttled } from '../aws/retry.ts';
import { minutes } from '../clock.ts';
import type { Turn } from '../mechanisms/turn.ts';
import type { Task } from './task.ts';

/** How long cleanup waits for AWS to answer again before the release goes on without it. */
const patience = minutes(15);

/**
 * Rules 13 and 23: what follows the verification does not fail a delivery, and does not block the endpoint for later releases. A refusal
 * by AWS is logged, with the things that are left behind; an error that passes is retried for a while.
 */
export const bestEffort =
  (task: Task, left: (turn: Turn) => string): Task =>
  async (turn) => {
    try {
      return await task(turn);
    } catch (error) {
      if (!isRefused(error) && !(error instanceof Throttled && hasWaited(turn))) throw error;
      turn.remark(`${left(turn)}: ${describe(error)}`);
      return undefined;
    }
  };

/** Records of older versions do not have the time of their outcome. */
export const hasWaited = ({ world, release }: Turn): boolean =>
  release.concludedAt !== undefined && world.clock.now() >= release.concludedAt + patience;
