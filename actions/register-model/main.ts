import { startAction } from '../../src/hosts/github-actions/start-action.ts';

// Not awaited: the bundle is CommonJS, and the run ends the process itself.
void startAction({
  operation: async () => (await import('../../src/operations/register-model.ts')).registerModel,
  machine: async () => {
    const { gitCommits } = await import('../../src/hosts/git-commits.ts');
    return { commits: (signal) => gitCommits(process.cwd(), process.env, signal) };
  },
});
