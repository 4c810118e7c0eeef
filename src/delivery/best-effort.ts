import { describe, isRefused } from '../aws/errors.ts';
import type { Turn } from '../mechanisms/turn.ts';
import type { Task } from './task.ts';

/**
 * Rule 13: what keeps nobody from using what was delivered fails no delivery, and holds no endpoint up for the releases to come. AWS
 * refusing it is told, with what it leaves behind.
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
