import { statSync } from 'node:fs';
import { limitAt, seconds } from '../../clock.ts';
import type { Env } from '../../env.ts';
import { readTextFile } from '../../inputs/read-file.ts';
import { glanceAt } from '../../manifest/glance.ts';
import type { Memory, Operation } from '../../operation.ts';
import { askEarly, type EarlyQuestion } from '../../session/early-question.ts';
import type { Host } from '../operation-run.ts';
import { wallClock } from '../wall-clock.ts';
import { stepState } from './step-state.ts';

export interface Action<Inputs, M extends Memory, Outputs> {
  /** Loaded while AWS answers the first request. */
  operation(): Promise<Operation<Inputs, M, Outputs>>;
  /** Parts of the host that few actions need: an action without one has no part of it in its bundle. */
  machine?(): Promise<Pick<Host, 'launch' | 'commits'>>;
  /** With this input it asks nothing of AWS. */
  readonly nearWith?: string;
  /** The manifest's key of a role that this action takes instead of the environment's. */
  readonly roleOfItsOwn?: string;
}

/** Lets the connection of the first request advance. Between two pauses all that has happened to it is handled, however busy the machine is. */
const pause = (): Promise<void> => wallClock.sleepUntil(wallClock.now() + 1);
const pauses = async (times: number): Promise<void> => {
  for (let left = times; left > 0; left--) await pause();
};

/** Of the program, in pieces, so that the connection never waits for the whole of it. */
const parts = [() => import('../../manifest/load.ts'), () => import('../../aws/sagemaker.ts')];

/**
 * An action's whole `main.ts`. Its first request asks AWS whose the credentials are, and needs little code: it is sent, and the rest is loaded
 * until its answer is there.
 */
export const startAction = async <Inputs, M extends Memory, Outputs>(
  { operation, machine, ...action }: Action<Inputs, M, Outputs>,
  env: Env = process.env,
): Promise<void> => {
  const early = earlyQuestion(env, action);
  if (early !== undefined) {
    await Promise.race([early.sent, pauses(3)]);
    for (const part of parts) {
      await part();
      await pause();
    }
  }
  const { runAction } = await import('./run-action.ts');
  await runAction(await operation(), {}, await machine?.(), early);
};

/** Undefined where the inputs or the manifest may want other credentials than those in the variables. */
const earlyQuestion = (
  env: Env,
  { nearWith, roleOfItsOwn }: { readonly nearWith?: string; readonly roleOfItsOwn?: string },
): EarlyQuestion | undefined => {
  const environment = inputIn(env, 'environment');
  if (nearWith !== undefined && inputIn(env, nearWith)) return undefined;
  if (environment === undefined || inputIn(env, 'role') || env[`STATE_${stepState.started}`]) return undefined;
  try {
    const path = inputIn(env, 'manifest') ?? 'delivery.yml';
    // A pipe gives its text once, to the reader that checks it.
    if (!statSync(path).isFile()) return undefined;
    const seen = glanceAt(readTextFile(path, mostBytes), environment);
    const takesRole = seen?.roles.some((name) => name === 'role' || name === roleOfItsOwn);
    if (seen === undefined || takesRole) return undefined;
    const now = wallClock.now();
    const limit = limitAt(wallClock, now + longestAnswerMs);
    const asked = askEarly(env, new Date(now), limit.signal, seen.region);
    if (asked === undefined) limit.release();
    else void asked.caller.then(limit.release);
    return asked;
  } catch {
    return undefined;
  }
};

const mostBytes = 256 * 1024;
const longestAnswerMs = seconds(5);

/** As the runner passes it (runner Handler.AddInputsToEnvironment). */
const inputIn = (env: Env, name: string): string | undefined => env[`INPUT_${name.toUpperCase()}`]?.trim() || undefined;
