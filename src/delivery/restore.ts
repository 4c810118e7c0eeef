import { followChange, submitChange } from './mechanism-tasks.ts';
import { candidateIsOurs } from './provenance.ts';
import { settlingTasks } from './settle.ts';
import type { Tasks } from './task.ts';

/** A rollback publishes no config and no alarm: the configuration exists, and an alarm in ALARM must not stop it. */
export const restoreTasks: Tasks = {
  preparing: [candidateIsOurs, submitChange()],
  ...followChange(),
  settling: settlingTasks,
};
