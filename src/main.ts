#!/usr/bin/env node
import { commands } from './commands/all.ts';
import { runCommandLine } from './commands/run-command-line.ts';
import { listenForSignals } from './hosts/signals.ts';
import { outliveClosedPipes, printDefect, processTerminal } from './hosts/terminal.ts';

outliveClosedPipes();
const host = () => ({ env: process.env, terminal: processTerminal, cancellation: listenForSignals() });

// A connection that is still open must not keep a run alive that has ended.
process.exit(
  await runCommandLine(process.argv.slice(2), commands, host, processTerminal).catch((error: unknown) => {
    printDefect(error);
    return 1;
  }),
);
