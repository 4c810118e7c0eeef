import type { OperationName } from '../operation.ts';
import type { Command } from './command.ts';
import type { Commands } from './loaded.ts';

const operation = (name: OperationName) => async (): Promise<Command> =>
  (await import('./operation-commands.ts')).operationCommands[name];

/**
 * All commands, in the order in which a delivery needs them. Each loads its modules when it is used: `compare` would otherwise hold the SDK of
 * AWS beside a million rows, and every command would start slower.
 */
export const commands = {
  'register-model': operation('register-model'),
  'approve-gate': operation('approve-gate'),
  'regression-test': operation('regression-test'),
  'deploy-endpoint': operation('deploy-endpoint'),
  'shift-traffic': operation('shift-traffic'),
  rollback: operation('rollback'),
  init: async () => (await import('./init.ts')).init,
  adopt: async () => (await import('./adopt.ts')).adopt,
  plan: async () => (await import('./plan.ts')).plan,
  lint: async () => (await import('./lint.ts')).lint,
  'next-version': async () => (await import('./next-version.ts')).nextVersionCommand,
  status: async () => (await import('./status.ts')).status,
  history: async () => (await import('./history.ts')).history,
  'create-bucket': async () => (await import('./create-bucket.ts')).createBucket,
  'action-types': async () => (await import('./action-types.ts')).actionTypes,
  judge: async () => (await import('./judge.ts')).judge,
  backtest: async () => (await import('./backtest.ts')).backtest,
  'golden-set': async () => (await import('./golden-set.ts')).goldenSet,
  predict: async () => (await import('./predict.ts')).predict,
  compare: async () => (await import('./compare.ts')).compare,
  rehearse: async () => (await import('./rehearse.ts')).rehearse,
  simulator: async () => (await import('./simulator.ts')).simulator,
  probe: async () => (await import('./probe.ts')).probe,
  completion: async (): Promise<Command> => (await import('./completion.ts')).completionOf(commands),
} as const satisfies Commands & Readonly<Record<OperationName, unknown>>;
