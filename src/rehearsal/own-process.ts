import { Console } from 'node:console';
import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { Writable } from 'node:stream';
import { constants, Script } from 'node:vm';
import { threadId } from 'node:worker_threads';
import { withoutUndefined } from '../without-undefined.ts';
import { type Child, compiledCode, type Exit, linesTo, type NodeOptions } from './process.ts';

/**
 * Runs a script as `startNode` does, but in this process: starting Node and compiling a bundle of megabytes take ten times as long as
 * the steps of a scenario. Each run evaluates the same file anew, so that it begins with nothing of the runs before, and gets as its
 * own all that a process has: environment, arguments, working folder, output, exit. It hears of no signal but the one that ends it, and it
 * ends itself by `process.exit`: whether a script without an exit still waits is not known here.
 */
export const startHere = (script: string, options: NodeOptions): Child => {
  const run = beginRun(script, options);
  // As of a process: the caller has its `Child` before the script's first line runs.
  setImmediate(run.begin);
  return run;
};

/** A CommonJS module as a function of its surroundings: those that differ from run to run hide the global ones. */
type Evaluate = (surroundings: Surroundings) => void;
interface Surroundings {
  readonly exports: unknown;
  readonly module: { exports: unknown };
  readonly require: (name: string) => unknown;
  readonly __filename: string;
  readonly __dirname: string;
  readonly process: object;
  readonly console: Console;
  readonly setTimeout: typeof setTimeout;
  readonly setInterval: typeof setInterval;
}

/** Plain parameters: a module may begin with "use strict". */
const hidden = [
  'exports',
  'module',
  'require',
  '__filename',
  '__dirname',
  'process',
  'console',
  'setTimeout',
  'setInterval',
] as const satisfies readonly (keyof Surroundings)[];

/** Compiled once: V8 keeps the code of each function that has run. */
const evaluated = new Map<string, { readonly evaluate: Evaluate; keep(): void }>();

const compiledOf = (filename: string) => {
  const known = evaluated.get(filename);
  if (known !== undefined) return known;
  const source = `(function (${hidden.join()}) {${readFileSync(filename, 'utf8')}\n})`;
  const kept = join(compiledCode, `here-${createHash('sha256').update(source).digest('hex')}`);
  const cachedData = readIfThere(kept);
  const script = new Script(source, {
    filename,
    ...withoutUndefined({ cachedData }),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  // V8 refuses the code of another version of itself.
  let isKept = script.cachedDataRejected === false;
  const run = script.runInThisContext() as (...surroundings: readonly unknown[]) => void;
  const compiled = {
    evaluate: ((surroundings) => run(...hidden.map((name) => surroundings[name]))) as Evaluate,
    keep: () => {
      if (isKept) return;
      isKept = true;
      keepFile(kept, script.createCachedData());
    },
  };
  evaluated.set(filename, compiled);
  return compiled;
};

const readIfThere = (path: string): Buffer | undefined => {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
};

/** Whole or not at all, since other processes read it. Without it the next rehearsal only takes longer. */
const keepFile = (path: string, content: Buffer): void => {
  const part = `${path}.${process.pid}.${threadId}`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(part, content);
    renameSync(part, path);
  } catch {
    rmSync(part, { force: true });
  }
};

const beginRun = (script: string, { environment, cwd, args = [], line }: NodeOptions) => {
  const opened = new Map<unknown, () => void>();
  const used = new Set<ReturnType<typeof compiledOf>>();
  let exit: Exit | undefined;
  let settle = (_exit: Exit): void => {};
  const closed = new Promise<Exit>((done) => {
    settle = done;
  });
  const streams = [linesTo(line), linesTo(line)] as const;
  /** Nothing of an ended process goes on: its connections close, its timers are gone, and its output is not read any more. */
  const end = (how: Exit): void => {
    if (exit !== undefined) return;
    exit = how;
    for (const close of opened.values()) close();
    // Now they contain the functions that this run has used.
    for (const { keep } of used) keep();
    for (const { end: complete } of streams) complete();
    settle(how);
  };

  const own = new EventEmitter();
  const given = [process.execPath, script, ...args];
  const [stdout, stderr] = streams.map(
    ({ write }) =>
      new Writable({
        decodeStrings: false,
        write: (chunk: string | Buffer, _encoding, done) => {
          if (exit === undefined) write(String(chunk));
          done();
        },
      }),
  ) as [Writable, Writable];
  let exitCode: number | undefined;
  const faked = {
    env: { ...environment },
    argv: given,
    stdout,
    stderr,
    cwd: () => cwd,
    exit: (code?: number) => end({ code: code ?? exitCode ?? 0, signal: undefined }),
    emitWarning: (warning: string | Error) => void stderr.write(`(node) ${warning}\n`),
    ...Object.fromEntries(
      (['on', 'once', 'off', 'emit', 'addListener', 'removeListener', 'listenerCount'] as const).map((name) => [
        name,
        own[name].bind(own),
      ]),
    ),
  };
  const ownProcess = Object.create(process, {
    ...Object.fromEntries(Object.entries(faked).map(([name, value]) => [name, { value, enumerable: true }])),
    exitCode: {
      get: () => exitCode,
      set: (code: number | undefined) => {
        exitCode = code;
      },
    },
  });

  const open: Open = (handle, close) => {
    if (exit !== undefined) close(handle);
    else opened.set(handle, () => close(handle));
    return handle;
  };
  const closes = (handle: unknown): void => void opened.delete(handle);
  const ownConsole = new Console(stdout, stderr);
  const faces: Readonly<Record<string, unknown>> = {
    console: ownConsole,
    process: ownProcess,
    http: connectionsOf(http, open, closes),
    https: connectionsOf(https, open, closes),
  };
  const ownTimers = {
    setTimeout: ((...timer: Parameters<typeof setTimeout>) =>
      open(setTimeout(...timer), clearTimeout)) as typeof setTimeout,
    setInterval: ((...timer: Parameters<typeof setInterval>) =>
      open(setInterval(...timer), clearInterval)) as typeof setInterval,
  };

  const modules = new Map<string, { exports: unknown }>();
  const load = (filename: string): unknown => {
    const loaded = modules.get(filename);
    if (loaded !== undefined) return loaded.exports;
    const module = { exports: {} };
    modules.set(filename, module);
    const builtin = createRequire(filename);
    const compiled = compiledOf(filename);
    used.add(compiled);
    compiled.evaluate({
      exports: module.exports,
      module,
      __filename: filename,
      __dirname: dirname(filename),
      process: ownProcess,
      console: ownConsole,
      ...ownTimers,
      require: (name) => {
        if (name.startsWith('.') || isAbsolute(name)) return load(resolve(dirname(filename), name));
        const plain = name.replace(/^node:/, '');
        if (plain === 'fs' || plain === 'fs/promises') return locatedIn(cwd, builtin(name));
        return faces[plain] ?? builtin(name);
      },
    });
    return module.exports;
  };

  return {
    begin: () => {
      if (exit !== undefined) return;
      try {
        load(script);
      } catch (error) {
        ownConsole.error(error);
        end({ code: 1, signal: undefined });
      }
    },
    closed,
    kill: (signal: NodeJS.Signals): void => end({ code: undefined, signal }),
  };
};

/** What a run has opened, and how that ends when the run ends. */
type Open = <Handle>(handle: Handle, close: (handle: Handle) => void) => Handle;

/** `node:http` or `node:https` whose connections end with the run that opened them. */
const connectionsOf = (module: typeof http | typeof https, open: Open, closes: (handle: unknown) => void): object => {
  const { Agent, request, get } = module as typeof http;
  const own = (outgoing: http.ClientRequest): http.ClientRequest =>
    open(outgoing, silence).once('close', () => closes(outgoing));
  return {
    ...module,
    Agent: class extends Agent {
      constructor(...options: ConstructorParameters<typeof Agent>) {
        super(...options);
        open(this, (agent) => agent.destroy());
      }
    },
    request: (...asked: Parameters<typeof request>) => own(request(...asked)),
    get: (...asked: Parameters<typeof get>) => own(get(...asked)),
  };
};

/** A process that has ended hears of no error. */
const silence = (outgoing: http.ClientRequest): void => {
  outgoing.removeAllListeners();
  outgoing.on('error', () => {});
  outgoing.destroy();
};

/** `node:fs` for relative paths from another working folder. */
const locatedIn = (cwd: string, module: object): object =>
  new Proxy(module, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (name === 'promises') return locatedIn(cwd, value as object);
      if (typeof value !== 'function' || /^[A-Z]/.test(String(name))) return value;
      return (path: unknown, ...rest: unknown[]) =>
        value.call(target, typeof path === 'string' && !isAbsolute(path) ? join(cwd, path) : path, ...rest);
    },
  });
