#!/usr/bin/env node
import { commands } from './commands/all.ts';
import { runCommandLine } from './commands/run-command-line.ts';
import { isFollowed } from './hosts/followed.ts';
import { listenForSignals } from './hosts/signals.ts';
import { liveTerminal, outliveClosedPipes, printDefect } from './hosts/terminal.ts';

outliveClosedPipes();
const { env } = process;
// Only a command line follows a simulator that is run by hand; the actions do not carry that clock.
const seams = isFollowed(env['MODEL_DELIVERY_CLOCK'])
  ? {
      openClock: async () =>
        (await import('./hosts/following-clock.ts')).openFollowingClock(env['MODEL_DELIVERY_CLOCK'] ?? '', env),
    }
  : undefined;
const terminal = liveTerminal(env);
const host = () => ({
  env,
  terminal,
  cancellation: listenForSignals(),
  ...(seams === undefined ? {} : { seams }),
});

// An open connection must not keep a finished run alive.
process.exit(
  await runCommandLine(process.argv.slice(2), commands, host, terminal).catch((error: unknown) => {
    printDefect(error, terminal);
    return 1;
  }),
);
