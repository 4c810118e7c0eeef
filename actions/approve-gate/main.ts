import { runAction } from '../../src/hosts/github-actions/run-action.ts';
import { approveGate } from '../../src/operations/approve-gate.ts';

// Not awaited: the bundle is CommonJS, and runAction ends the process itself.
void runAction(approveGate);
