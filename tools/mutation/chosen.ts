import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { CheckStatus } from '@stryker-mutator/api/check';
import type { Mutant } from '@stryker-mutator/api/core';
import { declareValuePlugin, PluginKind } from '@stryker-mutator/api/plugin';

/** The name of the variable with the path of the list of chosen mutants; Stryker's processes inherit it. */
export const listVariable = 'MUTATION_CHOSEN';

/** Equal in the process that chooses and in the one that tests. */
export const keyOf = ({ fileName, mutatorName, replacement, location: { start, end } }: Mutant, root: string): string =>
  JSON.stringify([relative(root, fileName), mutatorName, replacement, start.line, start.column, end.line, end.column]);

let chosen: ReadonlySet<string> = new Set();

/** Stryker chooses mutants by file and range only, and a range includes all nested mutants: this filter removes the others. */
export const strykerPlugins = [
  declareValuePlugin(PluginKind.Checker, 'chosen', {
    init: async () => {
      chosen = new Set(JSON.parse(readFileSync(process.env[listVariable] ?? '', 'utf8')));
    },
    check: async (mutants) =>
      Object.fromEntries(
        mutants.map((mutant) => [
          mutant.id,
          chosen.has(keyOf(mutant, process.cwd()))
            ? { status: CheckStatus.Passed }
            : { status: CheckStatus.CompileError, reason: 'not chosen' },
        ]),
      ),
    group: async (mutants) => [mutants.map(({ id }) => id)],
  }),
];
