import { runAction } from '../../src/hosts/github-actions/run-action.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';

// Not awaited: the bundle is CommonJS, and runAction ends the process itself.
void runAction(shiftTraffic);
