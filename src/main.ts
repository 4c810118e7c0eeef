#!/usr/bin/env node
import { type CommandLine, runCommand } from './hosts/command-line.ts';
import { lintManifest, runHistory } from './hosts/inspect.ts';
import { runActionTypes } from './hosts/manage-action-types.ts';
import { listenForSignals } from './hosts/signals.ts';
import { printDefect, processTerminal, type Terminal } from './hosts/terminal.ts';
import { operations } from './operations/all.ts';
import { quoted } from './secrets.ts';
import { version } from './version.ts';

/** `host` is made on demand: once it listens, Ctrl-C no longer ends the process by itself. */
type Command = (args: readonly string[], host: () => CommandLine, terminal: Terminal) => Promise<number>;

const dryRun = { 'dry-run': 'true' };

/** Commands of the AWS side come first; the rehearsal and the simulator are loaded only when they are asked for. */
const commands: Readonly<Record<string, { readonly does: string; readonly run: Command }>> = {
  'register-model': {
    does: operations['register-model'].description,
    run: (args, host) => runCommand('register-model', operations['register-model'], args, host()),
  },
  'approve-gate': {
    does: operations['approve-gate'].description,
    run: (args, host) => runCommand('approve-gate', operations['approve-gate'], args, host()),
  },
  'deploy-endpoint': {
    does: operations['deploy-endpoint'].description,
    run: (args, host) => runCommand('deploy-endpoint', operations['deploy-endpoint'], args, host()),
  },
  'shift-traffic': {
    does: operations['shift-traffic'].description,
    run: (args, host) => runCommand('shift-traffic', operations['shift-traffic'], args, host()),
  },
  rollback: {
    does: operations.rollback.description,
    run: (args, host) => runCommand('rollback', operations.rollback, args, host()),
  },
  plan: {
    does: 'Prints what deploy-endpoint would do, how long it takes and which permissions it needs; writes nothing.',
    run: (args, host) => runCommand('plan', operations['deploy-endpoint'], args, host(), dryRun),
  },
  lint: {
    does: 'Checks the manifest and, with --environment and --version, whether AWS could carry it out.',
    run: (args, host) =>
      args.some((argument) => /^--version(=|$)/.test(argument))
        ? runCommand('lint', operations['deploy-endpoint'], args, host(), dryRun)
        : lintManifest(args, host()),
  },
  history: {
    does: 'Prints what served on an endpoint and how each release ended.',
    run: (args, host) => runHistory(args, host()),
  },
  'action-types': {
    does: 'Lists or creates the CodePipeline action types that the job worker serves.',
    run: (args, host) => runActionTypes(args, host()),
  },
  judge: {
    does: 'Judges recorded buckets of metrics by a policy, one verdict per line; needs no AWS.',
    run: async (args, _, terminal) => (await import('./hosts/judging.ts')).runJudge(args, terminal),
  },
  backtest: {
    does: 'Prints what a policy would have done with recorded metrics, and how long its proofs take.',
    run: async (args, host, terminal) => (await import('./hosts/backtest.ts')).runBacktest(args, terminal, host),
  },
  rehearse: {
    does: 'Plays the real actions against a local AWS on this machine.',
    run: async (args) => (await import('./rehearsal/main.ts')).rehearse(args),
  },
  simulator: {
    does: 'Starts the local AWS and prints the environment that leads to it.',
    run: async (args) => (await import('../simulator/main.ts')).runSimulator(args),
  },
};

const usage = (): string =>
  [
    `model-delivery ${version}`,
    '',
    'model-delivery <command> [--option value …]',
    '',
    ...Object.entries(commands).map(([name, { does }]) => `  ${name.padEnd(16)} ${does}`),
    '',
    'model-delivery <command> --help prints the options.',
    '',
  ].join('\n');

const main = async ([name, ...args]: readonly string[]): Promise<number> => {
  const terminal = processTerminal;
  if (name === undefined || name === '--help' || name === 'help') {
    terminal.out(usage());
    return name === undefined ? 2 : 0;
  }
  if (name === '--version') {
    terminal.out(version);
    return 0;
  }
  const command = commands[name];
  if (command === undefined || !Object.hasOwn(commands, name)) {
    terminal.err(`${quoted(name)} is not a command; there are ${Object.keys(commands).join(', ')}`);
    return 2;
  }
  return command.run(args, () => ({ env: process.env, terminal, cancellation: listenForSignals() }), terminal);
};

// A connection that is still open must not keep a run alive that has ended.
process.exit(
  await main(process.argv.slice(2)).catch((error: unknown) => {
    printDefect(error);
    return 1;
  }),
);
