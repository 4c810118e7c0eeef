#!/usr/bin/env node
import { commands } from './commands/all.ts';
import { runCommandLine } from './commands/run-command-line.ts';
import { listenForSignals } from './hosts/signals.ts';

const terminal = {
  out: (text: string) => void process.stdout.write(`${text}\n`),
  err: (text: string) => void process.stderr.write(`${text}\n`),
};
// `| head` closes the pipe when it has read enough. Text that cannot be written fails no delivery (DESIGN §7 rule 13).
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

const host = () => ({ env: process.env, terminal, cancellation: listenForSignals() });

// A connection that is still open must not keep a run alive that has ended.
process.exit(await runCommandLine(process.argv.slice(2), commands, host, terminal));
