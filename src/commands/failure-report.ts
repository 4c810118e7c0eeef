import type { CommandLine, ExitCode } from '../hosts/command-line/command-line.ts';
import { exitCodeOf } from '../hosts/exit-code.ts';
import { isPublic } from '../hosts/run.ts';
import { reason } from '../reason-codes.ts';
import { type Failure, failureOf } from '../report/failure.ts';
import { withoutAccount } from '../report/result.ts';

/** Leaves out account ids where others read the output. */
export const shownFailure = (error: unknown, { env }: Pick<CommandLine, 'env'>): Failure => {
  const failure = failureOf(error);
  return isPublic(env) ? { ...failure, because: withoutAccount(failure.because) } : failure;
};

/** Prints a command's final failure and its remedy on standard error. */
export const reportFailure = (
  command: string,
  error: unknown,
  host: Pick<CommandLine, 'env' | 'terminal'>,
): ExitCode => {
  const failure = shownFailure(error, host);
  host.terminal.err(
    `${command}: ${failure.outcome}/${failure.reason}\n  ${failure.because.replaceAll('\n', '\n  ')}\n  what to do: ${reason(failure.reason).remedy}`,
  );
  return exitCodeOf(failure);
};
