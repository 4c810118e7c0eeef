import type { OperationName } from '../../src/operation.ts';
import type { AnyOperation } from '../../src/operations/all.ts';
import { operations } from '../../src/operations/all.ts';

/** A test's rows for each operation, at least one: the compiler refuses a table without one of the operations. */
export type PerOperation<Row> = { readonly [Name in OperationName]: readonly [Row, ...Row[]] };

export const operationNames = Object.keys(operations) as readonly OperationName[];

/** Every row of the table, with its operation. */
export const rowsOf = <Row extends object>(table: PerOperation<Row>): readonly (Row & OfOperation)[] =>
  operationNames.flatMap((name) => table[name].map((row) => ({ ...row, operation: operations[name] as AnyOperation })));

interface OfOperation {
  readonly operation: AnyOperation;
}
