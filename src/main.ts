#!/usr/bin/env node
import { commands } from './commands/all.ts';
import { runCommandLine } from './commands/run-command-line.ts';
import { listenForSignals } from './hosts/signals.ts';
import { printDefect, processTerminal as terminal } from './hosts/terminal.ts';

const host = () => ({ env: process.env, terminal, cancellation: listenForSignals() });

// A connection that is still open must not keep a run alive that has ended.
process.exit(
  await runCommandLine(process.argv.slice(2), commands, host, terminal).catch((error: unknown) => {
    printDefect(error);
    return 1;
  }),
);
