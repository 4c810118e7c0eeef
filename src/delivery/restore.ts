import { followChange, submitChange } from './mechanism-tasks.ts';
import { candidateIsOurs } from './provenance.ts';
import { settlingTasks } from './settle.ts';
import type { Tasks } from './task.ts';

/** Going back publishes nothing and arms nothing: the configuration exists, and red alarms must not stop it. */
export const restoreTasks: Tasks = {
  preparing: [candidateIsOurs, submitChange()],
  ...followChange(),
  settling: settlingTasks,
};
