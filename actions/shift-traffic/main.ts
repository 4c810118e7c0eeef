import { runAction } from '../../src/hosts/github-actions.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';

// Not awaited: the bundle is CommonJS, and runAction ends the process itself.
void runAction(shiftTraffic);
