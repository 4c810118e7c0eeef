#!/usr/bin/env node
import { commands } from './commands/all.ts';
import { runCommandLine } from './commands/run-command-line.ts';
import { listenForSignals } from './hosts/signals.ts';
import { outliveClosedPipes, printDefect, processTerminal } from './hosts/terminal.ts';

outliveClosedPipes();
const host = () => ({ env: process.env, terminal: processTerminal, cancellation: listenForSignals() });

// An open connection must not keep a finished run alive.
process.exit(
  await runCommandLine(process.argv.slice(2), commands, host, processTerminal).catch((error: unknown) => {
    printDefect(error);
    return 1;
  }),
);
