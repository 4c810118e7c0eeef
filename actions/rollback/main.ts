import { runAction } from '../../src/hosts/github-actions/run-action.ts';
import { rollback } from '../../src/operations/rollback.ts';

// Not awaited: the bundle is CommonJS, and runAction ends the process itself.
void runAction(rollback);
