import { type Clock, duration, seconds } from '../../clock.ts';
import type { Env } from '../../env.ts';
import { launch } from '../../hosts/launch.ts';
import { shellWord } from '../../plain-text.ts';
import type { ProgramEnd } from '../../world.ts';
import { NoPredictions } from './no-predictions.ts';
import { isReady } from './own-model.ts';

export interface Serve {
  /** The user's serving process; undefined: it runs already. */
  readonly argv: readonly string[] | undefined;
  /** Answers with 200 as soon as the model can be asked; undefined: it is not asked for. */
  readonly ready: URL | undefined;
  readonly startSeconds: number;
  readonly env: Env;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

const betweenLooks = seconds(0.5);
/** Of the process: it is ended when all rows are answered. */
const longestSeconds = 24 * 3600;

/**
 * Does work with a model that is ready, and ends its process after it, however the work ended.
 * @param work gets a signal that aborts when the run is cancelled or the process has ended
 * @throws {NoPredictions} when the model does not become ready, or its process ends before the work has
 */
export const whileServing = async <Value>(
  serve: Serve,
  work: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> => {
  const { argv, ready, startSeconds, env, clock, signal, say } = serve;
  const stop = new AbortController();
  const gone = new AbortController();
  let end: ProgramEnd | undefined;
  const running =
    argv === undefined
      ? undefined
      : launch(
          { argv, variables: variablesOf(env), timeoutSeconds: longestSeconds },
          AbortSignal.any([signal, stop.signal]),
          { root: process.cwd(), clock, say },
        ).then((ended) => {
          end = ended;
          gone.abort();
        });
  const usable = AbortSignal.any([signal, gone.signal]);
  try {
    const until = clock.now() + seconds(startSeconds);
    while (ready !== undefined && !(await isReady(ready, clock, usable))) {
      usable.throwIfAborted();
      if (clock.now() >= until)
        throw new NoPredictions(
          `${ready} did not answer with 200 within ${duration(seconds(startSeconds))}: the model was not asked`,
        );
      await clock.sleepUntil(clock.now() + betweenLooks, usable);
    }
    usable.throwIfAborted();
    return await work(usable);
  } catch (error) {
    if (!gone.signal.aborted || signal.aborted || end === undefined) throw error;
    throw new NoPredictions(`the serving process ${endOf(argv?.[0] ?? '', end)}`);
  } finally {
    stop.abort();
    await running;
  }
};

/** All of them: the process is the user's, on the user's machine. */
const variablesOf = (env: Env): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));

const endOf = (program: string, { how, lastLine }: ProgramEnd): string => {
  const said = lastLine === undefined ? '' : `; its last line: ${lastLine}`;
  switch (how.is) {
    case 'not-started':
      return how.code === 'ENOENT'
        ? `could not be started: there is no program ${shellWord(program)} on this machine (ENOENT)`
        : `could not be started (${how.code})`;
    case 'exited':
      return `ended with ${how.code} before all rows were answered${said}`;
    case 'killed':
      return `was ended by ${how.by} before all rows were answered${said}`;
    case 'timed-out':
      return `ran for longer than ${duration(seconds(longestSeconds))}`;
  }
};
