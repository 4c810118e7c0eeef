import { optionsOf, runCommand } from '../hosts/command-line/command-line.ts';
import { offers } from '../offers.ts';
import type { Memory, Operation, OperationName } from '../operation.ts';
import { operations } from '../operations/all.ts';
import { type Command, type Exits, wrongRequest } from './command.ts';

/** Exits of a command that runs an operation to its end; DESIGN §2. */
const operationExits: Exits = {
  0: 'succeeded',
  1: 'rolled back, rejected, inconclusive, timed out, cancelled or failed: see the reason code',
  2: wrongRequest,
  3: 'pending: the release goes on, or waits for an approval; run the command again',
};

const commandOf = <Inputs, M extends Memory, Outputs>(declared: Operation<Inputs, M, Outputs>): Command => ({
  does: declared.description,
  options: optionsOf(declared),
  examples: offers[declared.name].examples,
  exits: operationExits,
  run: (args, host) => runCommand(declared.name, declared, args, host()),
});

/** One command for each operation, under its name. */
export const operationCommands = Object.fromEntries(
  Object.values<Operation<object, Memory, object>>(operations).map((declared) => [declared.name, commandOf(declared)]),
) as Readonly<Record<OperationName, Command>>;
