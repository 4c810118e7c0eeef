import { startAction } from '../../src/hosts/github-actions/start-action.ts';

// Not awaited: the bundle is CommonJS, and the run ends the process itself.
void startAction({
  operation: async () => (await import('../../src/operations/approve-gate.ts')).approveGate,
  roleOfItsOwn: 'approver-role',
});
