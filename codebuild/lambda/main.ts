import type { Worker } from '../../src/hosts/codepipeline/answer-jobs.ts';
import { openWorker } from '../../src/hosts/codepipeline/job-worker.ts';
import { operations } from '../../src/operations/all.ts';

let opened: Promise<Worker> | undefined;

/**
 * One sweep. Woken by the start event of an action and by a one-minute schedule: continuation jobs announce themselves by no event.
 * What the event says is not looked at, so a lost or a doubled one does no harm.
 */
export const handler = async (): Promise<void> => {
  opened ??= openWorker(process.env, Object.values(operations));
  const worker = await opened;
  await worker.sweep();
};
