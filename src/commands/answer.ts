import { readArguments } from '../hosts/command-line/arguments.ts';
import type { CommandLine, ExitCode } from '../hosts/command-line/command-line.ts';
import { exitCodeOf } from '../hosts/exit-code.ts';
import { readInputs, type Written } from '../inputs/read-inputs.ts';
import { jsonText } from '../plain-text.ts';
import type { Schema } from '../schema.ts';
import { reportFailure, shownFailure } from './failure-report.ts';

/** The answer of one command: a text, or JSON with `--json`. */
export interface Question<Values> {
  readonly command: string;
  readonly schema: Schema<Values>;
  /** Members of the JSON of a failure, before those of every failure. */
  readonly refused?: object;
  readonly answer: (values: Values) => Promise<string | PartialAnswer>;
}

/** An answer with a part missing: it names the part, and the command ends with 1. */
export interface PartialAnswer {
  readonly text: string;
  readonly isWhole: boolean;
}

/** Reads the arguments, and prints the answer or the failure. A script that reads the answer reads a failure as JSON too. */
export const printAnswer = async <Values extends { readonly json: boolean }>(
  { command, schema, refused = {}, answer }: Question<Values>,
  args: readonly string[],
  host: CommandLine,
): Promise<ExitCode> => {
  const { terminal } = host;
  let written: Written = () => undefined;
  try {
    written = readArguments(schema, args);
    const values = readInputs(schema, written);
    const answered = await answer(values);
    const { text, isWhole } = typeof answered === 'string' ? { text: answered, isWhole: true } : answered;
    terminal.out(text);
    const lost = values.json ? await terminal.outFault?.() : undefined;
    if (lost === undefined) return isWhole ? 0 : 1;
    terminal.err(`${command}: the JSON could not be written to standard output: ${lost.message}`);
    return 1;
  } catch (error) {
    if (!/^true$/i.test(written('json') ?? '')) return reportFailure(command, error, host);
    const failure = shownFailure(error, host);
    terminal.out(jsonText({ ...refused, ...failure }, 2));
    return exitCodeOf(failure);
  }
};
