import { describe, isRefused } from '../aws/errors.ts';
import type { Task } from './carry.ts';
import type { Turn } from './turn.ts';

/**
 * Rule 13: what keeps nobody from using what was delivered fails no delivery, and holds no endpoint up for the releases to come. AWS
 * refusing it is told, with what it leaves behind.
 */
export const orTold =
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
