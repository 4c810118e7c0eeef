import { startAction } from '../../src/hosts/github-actions/start-action.ts';

// Not awaited: the bundle is CommonJS, and the run ends the process itself.
void startAction({
  operation: async () => (await import('../../src/operations/regression-test.ts')).regressionTest,
  machine: async () => ({ launch: (await import('../../src/hosts/launch.ts')).launch }),
  nearWith: 'predictions',
});
