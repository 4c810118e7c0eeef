import { playPoint, type Recording, record, type Shown } from './play.ts';
import { playSchedule } from './schedules.ts';

/** One of the command's processes: plays what it is given, one after another, each in an account of its own. */
export type Task =
  | { readonly is: 'record'; readonly act: string }
  | { readonly is: 'point'; readonly name: string; readonly clean: Recording }
  | { readonly is: 'schedule'; readonly seed: number };

export type Answer =
  | { readonly is: 'recorded'; readonly recording: Recording }
  | { readonly is: 'played'; readonly shown: Shown }
  /** The harness itself failed: an act that does not even succeed undisturbed, a process that never sleeps. */
  | { readonly is: 'broken'; readonly because: string };

export const play = async (task: Task): Promise<Answer> => {
  try {
    switch (task.is) {
      case 'record':
        return { is: 'recorded', recording: await record(task.act) };
      case 'point':
        return { is: 'played', shown: await playPoint(task.name, task.clean) };
      case 'schedule':
        return { is: 'played', shown: await playSchedule(task.seed) };
    }
  } catch (error) {
    return { is: 'broken', because: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
};

process.on('message', (task: Task) => {
  void play(task).then((answer) => process.send?.(answer));
});
