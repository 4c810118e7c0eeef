import { runCommand } from '../../src/hosts/command-line/command-line.ts';
import { outliveClosedPipes, processTerminal } from '../../src/hosts/terminal.ts';
import { countingOperation } from './fake-operation.ts';
import { fakeSession } from './fake-world.ts';
import { virtualClock } from './virtual-clock.ts';

/** The command line as a process of its own, with a standard output that accepts no data. */
const json = process.argv[2] === 'json';
outliveClosedPipes();
const terminal = processTerminal;
const code = await runCommand(
  'count',
  countingOperation({ count: 0, mutations: [] }),
  ['--subject', 'sheep', ...(json ? ['--json'] : [])],
  {
    env: {},
    terminal,
    cancellation: { signal: new AbortController().signal, outOfTime: new Promise(() => {}) },
    seams: { openSession: fakeSession(), clock: virtualClock() },
  },
);
if (!json) terminal.err('ended succeeded/delivered');
process.exit(code);
