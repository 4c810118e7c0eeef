import { runAction } from '../../src/hosts/github-actions/run-action.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';

// Not awaited: the bundle is CommonJS, and runAction ends the process itself.
void runAction(deployEndpoint);
