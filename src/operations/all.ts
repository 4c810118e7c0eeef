import type { Memory, Operation, OperationName } from '../operation.ts';
import { approveGate } from './approve-gate.ts';
import { deployEndpoint } from './deploy-endpoint.ts';
import { registerModel } from './register-model.ts';
import { regressionTest } from './regression-test.ts';
import { rollback } from './rollback.ts';
import { shiftTraffic } from './shift-traffic.ts';

/** Every operation of the suite, by name, for the command line and the generator of the pages. */
export const operations = {
  'register-model': registerModel,
  'approve-gate': approveGate,
  'regression-test': regressionTest,
  'deploy-endpoint': deployEndpoint,
  'shift-traffic': shiftTraffic,
  rollback,
} as const satisfies Readonly<Record<OperationName, object>>;

/** Any of them: its inputs are read with its own schema, so they have the right types. */
export type AnyOperation = Operation<object, Memory, object>;
