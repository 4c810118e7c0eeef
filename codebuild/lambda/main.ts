import type { Worker } from '../../src/hosts/codepipeline/answer-jobs.ts';
import { answerEvent, openWorker } from '../../src/hosts/codepipeline/job-worker.ts';
import { operations } from '../../src/operations/all.ts';

let opened: Promise<Worker> | undefined;

/** Woken by a Lambda invoke action with its job; by the start event of a custom action; and by a one-minute schedule. */
export const handler = (event: unknown): Promise<void> =>
  answerEvent(event, process.env, () => {
    opened ??= openWorker(process.env, Object.values(operations));
    return opened;
  });
