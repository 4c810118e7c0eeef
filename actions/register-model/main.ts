import { gitCommits } from '../../src/hosts/git-commits.ts';
import { runAction } from '../../src/hosts/github-actions/run-action.ts';
import { registerModel } from '../../src/operations/register-model.ts';

// Not awaited: the bundle is CommonJS, and runAction ends the process itself.
void runAction(registerModel, {}, { commits: (signal) => gitCommits(process.cwd(), process.env, signal) });
