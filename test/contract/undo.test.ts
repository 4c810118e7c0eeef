import { expect, test } from '@jest/globals';
import { fieldsOf } from '../../src/inputs/read-inputs.ts';
import { type Offer, offers } from '../../src/offers.ts';
import type { OperationName } from '../../src/operation.ts';
import { type AnyOperation, operations } from '../../src/operations/all.ts';

/** The way back from each operation that changes an endpoint. */
const undone: Readonly<Record<OperationName, OperationName | undefined>> = {
  'register-model': undefined,
  'approve-gate': undefined,
  // It leaves a verdict, and nothing on an endpoint.
  'regression-test': undefined,
  'deploy-endpoint': 'rollback',
  'shift-traffic': 'rollback',
  rollback: 'rollback',
};

const inputsOf = ({ inputs }: AnyOperation): readonly string[] => fieldsOf(inputs).map(([name]) => name);

test.each(Object.entries(undone))('%s is undone by inputs and outputs that exist', (name, by) => {
  const operation: AnyOperation = operations[name as OperationName] as AnyOperation;
  const { undo }: Offer = offers[name as OperationName];
  expect(undo?.by).toBe(by);
  if (undo === undefined) return;
  const inverse = inputsOf(operations[undo.by as OperationName] as AnyOperation);
  expect(inverse).toEqual(expect.arrayContaining([...undo.keeps, ...Object.keys(undo.sets)]));
  expect(inputsOf(operation)).toEqual(expect.arrayContaining([...undo.keeps]));
  expect(Object.keys(operation.outputs)).toEqual(
    expect.arrayContaining([undo.needs, ...Object.values(undo.sets).flat()]),
  );
});
