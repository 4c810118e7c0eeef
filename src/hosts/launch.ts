import { type ChildProcess, spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { stripVTControlCharacters } from 'node:util';
import { type Clock, limitAt, seconds } from '../clock.ts';
import { folder } from '../inputs/folder.ts';
import { shellWord } from '../plain-text.ts';
import { InputError } from '../schema.ts';
import type { Launched } from '../session/session.ts';
import { systemCode } from '../system-code.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { ProgramEnd, ProgramReport } from '../world.ts';
import { JunitProblem, junitCases } from './junit-cases.ts';
import type { Machine } from './operation-run.ts';

/** Between the signal that lets a program end and the one that ends it. GitHub gives a cancelled job 7.5 seconds. */
const grace = seconds(2);
const longestLine = 2_000;
/** A log of a job has other readers, and a program may print without end. */
const mostCharacters = 256 * 1024;
/** Of the report that a program writes. */
const mostBytes = 8 * 1024 * 1024;

/** Starts a program in a group of its own, and returns when nothing of the group is left. */
export const launch = async (program: Launched, signal: AbortSignal, machine: Machine): Promise<ProgramEnd> => {
  const { clock, root, say } = machine;
  const { argv, variables, timeoutSeconds, junit } = program;
  const before = junit === undefined ? undefined : await markOf(resolve(root, junit));
  const output = lines(say);
  say(`$ ${argv.map(shellWord).join(' ')}`);
  const limit = limitAt(clock, clock.now() + seconds(timeoutSeconds), signal);
  try {
    const { how, wasEnded } = await toItsEnd(argv, { cwd: root, env: variables, clock, signal: limit.signal, output });
    output.end();
    const isLate = wasEnded && how.is !== 'not-started' && !signal.aborted;
    return {
      how: isLate ? { is: 'timed-out' } : how,
      ...withoutUndefined({
        lastLine: output.last(),
        report: junit === undefined ? undefined : await reportIn(root, junit, before),
      }),
    };
  } finally {
    limit.release();
  }
};

const reportIn = async (root: string, junit: string, before: string | undefined): Promise<ProgramReport> => {
  if ((await markOf(resolve(root, junit))) === before) return { is: 'none', because: `it wrote no ${junit}` };
  try {
    return { is: 'read', cases: junitCases(await folder(root).read(junit, mostBytes)) };
  } catch (error) {
    if (error instanceof JunitProblem) return { is: 'none', because: `${junit} ${error.message}` };
    if (error instanceof InputError) return { is: 'none', because: `its report is unusable: ${error.message}` };
    throw error;
  }
};

/** Differs for every version of a file: each write changes the time of the last change, which no program can set. */
const markOf = async (path: string): Promise<string | undefined> => {
  const found = await stat(path, { bigint: true }).catch((): undefined => undefined);
  return found && [found.ino, found.ctimeNs, found.mtimeNs, found.size].join('/');
};

interface Start {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly output: Lines;
}

interface End {
  readonly how: ProgramEnd['how'];
  /** It had not ended by itself when its time was up, or the run was cancelled. */
  readonly wasEnded: boolean;
}

const toItsEnd = async (argv: readonly string[], start: Start): Promise<End> => {
  const { cwd, env, clock, signal, output } = start;
  const [file = '', ...rest] = argv;
  if (signal.aborted) return { how: { is: 'killed', by: 'SIGTERM' }, wasEnded: true };
  let child: ChildProcess & { readonly stdout: Readable; readonly stderr: Readable };
  try {
    child = spawn(file, rest, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: hasGroups });
  } catch (error) {
    return { how: { is: 'not-started', code: systemCode(error) }, wasEnded: false };
  }
  const closed = new Promise<void>((done) => child.once('close', () => done()));
  const end = new Promise<ProgramEnd['how']>((done) => {
    child.once('error', (error) => done({ is: 'not-started', code: systemCode(error) }));
    child.once('exit', (code, by) => done(code === null ? { is: 'killed', by: by ?? '' } : { is: 'exited', code }));
  });
  output.read(child.stdout);
  output.read(child.stderr);
  const killed = new AbortController();
  const stop = async (): Promise<void> => {
    signalGroup(child, 'SIGTERM');
    await clock.sleepUntil(clock.now() + grace, killed.signal);
    signalGroup(child, 'SIGKILL');
  };
  // The process may have to end before the program has.
  const atExit = (): void => signalGroup(child, 'SIGKILL');
  process.once('exit', atExit);
  signal.addEventListener('abort', stop, { once: true });
  try {
    const how = await end;
    const wasEnded = signal.aborted;
    signal.removeEventListener('abort', stop);
    killed.abort();
    if (how.is === 'not-started') return { how, wasEnded };
    // A server that it left behind would hold its output open, and this run with it.
    signalGroup(child, 'SIGKILL');
    const waited = new AbortController();
    await Promise.race([closed, clock.sleepUntil(clock.now() + grace, waited.signal)]);
    waited.abort();
    return { how, wasEnded };
  } finally {
    process.removeListener('exit', atExit);
    child.stdout.destroy();
    child.stderr.destroy();
  }
};

/** Windows has none: there the program alone is ended. */
const hasGroups = process.platform !== 'win32';

const signalGroup = (child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void => {
  if (child.pid === undefined) return;
  try {
    if (hasGroups) process.kill(-child.pid, signal);
    else child.kill(signal);
  } catch {
    // Nothing of the group is left.
  }
};

interface Lines {
  read(stream: Readable): void;
  /** Gives away what has no end of line. */
  end(): void;
  last(): string | undefined;
}

const lines = (say: (line: string) => void): Lines => {
  let said = 0;
  let last: string | undefined;
  const rests = new Map<Readable, { readonly decoder: StringDecoder; rest: string }>();
  const line = (written: string): void => {
    const text = stripVTControlCharacters(written).slice(0, longestLine);
    if (text.trim() !== '') last = text.trim();
    if (said > mostCharacters) return;
    said += text.length + 1;
    say(said > mostCharacters ? `(what it prints beyond ${mostCharacters / 1024} kB is not shown)` : text);
  };
  return {
    read: (stream) => {
      const state = { decoder: new StringDecoder('utf8'), rest: '' };
      rests.set(stream, state);
      stream.on('data', (chunk: Buffer) => {
        const [rest = '', ...whole] = `${state.rest}${state.decoder.write(chunk)}`.split(/\r\n|\r(?!$)|\n/).reverse();
        for (const text of whole.reverse()) line(text);
        // A line without an end must not fill the memory.
        state.rest = rest.slice(0, longestLine + 1);
      });
      // A stream that breaks has no more lines.
      stream.on('error', () => {});
    },
    end: () => {
      for (const { rest } of rests.values()) if (rest !== '') line(rest);
    },
    last: () => last,
  };
};
