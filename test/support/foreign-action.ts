/**
 * An action with the text of FOREIGN in every place where foreign text can stand, or in an uncaught error (FOREIGN_THROWS). The tests
 * of the GitHub host run it as a process of its own.
 */
import { runAction } from '../../src/hosts/github-actions/run-action.ts';
import type { Operation, Plan } from '../../src/operation.ts';
import { countingOperation } from './fake-operation.ts';
import { fakeSession } from './fake-world.ts';
import { virtualClock } from './virtual-clock.ts';

const foreign = process.env['FOREIGN'] ?? '';
const counting = countingOperation({ count: 0, mutations: [] }, {});
const plan: Plan = {
  title: foreign,
  changes: [{ verb: 'create', object: foreign, details: [foreign, foreign] }],
  notes: [foreign],
  expectedSeconds: 60,
  peakInstances: { [foreign]: 2 },
  permissions: [foreign],
};
const speaking: Operation<object, { v: 1; turn: number }, { counted: string }> = {
  name: 'deploy-endpoint',
  description: counting.description,
  inputs: {},
  outputs: { counted: { description: foreign } },
  advance: async (_inputs, memory, world) => {
    if (memory === undefined)
      return {
        is: 'waiting',
        memory: { v: 1, turn: 1 },
        notBefore: world.clock.now(),
        percent: 1,
        because: foreign,
        plan,
      };
    if (process.env['FOREIGN_THROWS'] === 'turn') throw new TypeError(foreign);
    if (process.env['FOREIGN_THROWS'] === 'late') {
      void Promise.reject(new TypeError(foreign));
      await new Promise(() => {});
    }
    return {
      is: 'done',
      outcome: 'failed',
      reason: 'aws-error',
      because: foreign,
      outputs: { counted: foreign },
      remarks: [foreign],
    };
  },
  abort: async () => ({ is: 'done', outcome: 'cancelled', reason: 'cancelled', because: foreign, outputs: {} }),
};

void runAction(speaking as never, { openSession: fakeSession(), clock: virtualClock() });
