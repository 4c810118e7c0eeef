import { describe, isRefused } from '../aws/errors.ts';
import type { Turn } from '../mechanisms/turn.ts';
import type { Task } from './task.ts';

/**
 * Rule 13: cleanup that does not affect users does not fail a delivery, and does not block the endpoint for later releases. A refusal
 * by AWS is logged, with the things that are left behind.
 */
export const bestEffort =
  (task: Task, left: (turn: Turn) => string): Task =>
  async (turn) => {
    try {
      return await task(turn);
    } catch (error) {
      if (!isRefused(error)) throw error;
      turn.remark(`${left(turn)}: ${describe(error)}`);
      return undefined;
    }
  };
