import { actionTypes } from './action-types.ts';
import { adopt } from './adopt.ts';
import { backtest } from './backtest.ts';
import { compare } from './compare.ts';
import { createBucket } from './create-bucket.ts';
import type { Commands } from './help.ts';
import { history } from './history.ts';
import { judge } from './judge.ts';
import { lint } from './lint.ts';
import { operationCommands } from './operation-commands.ts';
import { plan } from './plan.ts';
import { rehearse } from './rehearse.ts';
import { simulator } from './simulator.ts';

/** All commands, in the order in which a delivery needs them. */
export const commands = {
  ...operationCommands,
  adopt,
  plan,
  lint,
  history,
  'create-bucket': createBucket,
  'action-types': actionTypes,
  judge,
  backtest,
  compare,
  rehearse,
  simulator,
} as const satisfies Commands;
