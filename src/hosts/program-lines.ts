import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { systemCode } from '../system-code.ts';

/** A program that did not start, or ended with an error. */
export class ProgramFailed extends Error {
  override readonly name = 'ProgramFailed';
}

/**
 * The lines that a program prints, as they come. No shell reads its arguments; its error output is this process's own. The program is
 * ended when the reader stops before its end.
 * @param argv the program and its arguments
 * @throws {ProgramFailed}
 */
export async function* programLines(argv: readonly string[]): AsyncGenerator<string> {
  const [file = '', ...rest] = argv;
  const child = spawn(file, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  const end = new Promise<string | undefined>((done) => {
    child.once('error', (error) => done(`${file} did not start (${systemCode(error)})`));
    child.once('close', (code, signal) =>
      done(code === 0 ? undefined : `${file} ended ${code === null ? `by ${signal}` : `with exit code ${code}`}`),
    );
  });
  try {
    yield* createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY });
    const failure = await end;
    if (failure !== undefined) throw new ProgramFailed(failure);
  } finally {
    child.kill();
  }
}
