import { execFile } from 'node:child_process';
import type { Env } from '../env.ts';
import { systemCode } from '../system-code.ts';
import { withoutUndefined } from '../without-undefined.ts';

/** Of one answer: the messages since a version are the longest. */
export const mostBytes = 64 * 1024 * 1024;

export interface End {
  /** Exit code, or the system's word for a program that did not start. */
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}
export type Git = (...args: readonly string[]) => Promise<End>;

/**
 * The machine's git at `root`: without a shell, without the network, without writing.
 * @param env of the run; git gets the variables that find its configuration, and no credentials
 */
export const gitAt = (root: string, env: Env, signal: AbortSignal): Git => {
  const variables = { ...withoutUndefined(Object.fromEntries(Object.entries(env).filter(isForGit))), ...readOnly };
  return (...args) =>
    new Promise((done, fail) => {
      execFile(
        'git',
        ['--no-pager', ...args],
        { cwd: root, env: variables, signal, maxBuffer: mostBytes, encoding: 'utf8', windowsHide: true },
        (error, stdout, stderr) => {
          if (signal.aborted) fail(error ?? signal.reason);
          else done({ code: error === null ? 0 : codeOf(error), stdout, stderr });
        },
      );
    });
};

const codeOf = (error: Error): number | string => {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'number' ? code : systemCode(error);
};

const isForGit = ([name]: readonly [string, unknown]): boolean =>
  /^(PATH|HOME|USERPROFILE|XDG_CONFIG_HOME|SYSTEMROOT|TEMP|TMP|TMPDIR|GIT_DIR|GIT_WORK_TREE|GIT_CONFIG_.*)$/i.test(
    name,
  );

const readOnly = {
  LC_ALL: 'C',
  GIT_OPTIONAL_LOCKS: '0',
  // Objects that a partial clone left out stay out: git does not go to the network for them.
  GIT_NO_LAZY_FETCH: '1',
  GIT_TERMINAL_PROMPT: '0',
};
