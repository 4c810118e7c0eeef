import { runWorker } from '../../src/hosts/codepipeline/job-worker.ts';
import { listenForSignals } from '../../src/hosts/signals.ts';
import { operations } from '../../src/operations/all.ts';

// Not awaited: the bundle is CommonJS. A connection that is still open must not keep a worker alive that has ended.
void runWorker(process.env, Object.values(operations), listenForSignals().signal).then((code) => process.exit(code));
