import { runAction } from '../../src/hosts/github-actions/run-action.ts';
import { launch } from '../../src/hosts/launch.ts';
import { regressionTest } from '../../src/operations/regression-test.ts';

// Not awaited: the bundle is CommonJS, and runAction ends the process itself.
void runAction(regressionTest, {}, { launch });
